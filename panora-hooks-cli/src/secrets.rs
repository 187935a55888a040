//! Secrets from the environment. They are not arguments, because every user of the machine can see
//! those.

use std::env;

use panora_hooks::{SecretError, Verifier};

use crate::{explain::KnownSecret, failure::Failure};

pub(crate) const SECRET: &str = "PANORA_WEBHOOK_SECRET";
const PREVIOUS: &str = "PANORA_WEBHOOK_SECRET_PREVIOUS";

/// Returns a verifier for `PANORA_WEBHOOK_SECRET` that also accepts
/// `PANORA_WEBHOOK_SECRET_PREVIOUS`, if that is set.
pub(crate) fn verifier() -> Result<Verifier, Failure> {
    let verifier = Verifier::from_env(SECRET).map_err(wrong)?;
    if env::var_os(PREVIOUS).is_none() {
        return Ok(verifier);
    }
    verifier.also_accept_env(PREVIOUS).map_err(wrong)
}

/// Returns the same verifier, or `None` if no secret is set.
pub(crate) fn verifier_if_any() -> Result<Option<Verifier>, Failure> {
    if env::var_os(SECRET).is_some() { verifier().map(Some) } else { Ok(None) }
}

/// Returns every secret whose variable begins with `PANORA_WEBHOOK_SECRET`, unchanged. The
/// receiver's secret comes first, and the previous one is also accepted.
pub(crate) fn known() -> Result<Vec<KnownSecret>, Failure> {
    let mut known: Vec<(String, String)> = env::vars_os()
        .filter_map(|(name, secret)| Some((name.into_string().ok()?, secret.into_string().ok()?)))
        .filter(|(name, secret)| name.starts_with(SECRET) && !secret.trim().is_empty())
        .collect();
    if !known.iter().any(|(name, _)| name == SECRET) {
        return Err(wrong(SecretError::Unset(SECRET.to_owned())));
    }
    known.sort();
    let known = known.into_iter().map(|(name, secret)| {
        let is_previous = name == PREVIOUS;
        let known = KnownSecret::new(name, secret);
        if is_previous { known.also_accepted() } else { known }
    });
    Ok(known.collect())
}

fn wrong(error: SecretError) -> Failure {
    Failure::usage(error)
}
