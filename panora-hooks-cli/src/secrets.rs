//! The secrets in the environment. They are no arguments: those are seen by everybody on the machine.

use std::env;

use panora_hooks::{SecretError, Verifier};

use crate::{explain::KnownSecret, failure::Failure};

pub(crate) const SECRET: &str = "PANORA_WEBHOOK_SECRET";
const PREVIOUS: &str = "PANORA_WEBHOOK_SECRET_PREVIOUS";

/// A verifier for `PANORA_WEBHOOK_SECRET`, which also accepts `PANORA_WEBHOOK_SECRET_PREVIOUS` if that is set.
pub(crate) fn verifier() -> Result<Verifier, Failure> {
    let verifier = Verifier::from_env(SECRET).map_err(wrong)?;
    if env::var_os(PREVIOUS).is_none() {
        return Ok(verifier);
    }
    verifier.also_accept_env(PREVIOUS).map_err(wrong)
}

/// The same, if there is a secret at all.
pub(crate) fn verifier_if_any() -> Result<Option<Verifier>, Failure> {
    if env::var_os(SECRET).is_some() { verifier().map(Some) } else { Ok(None) }
}

/// Every secret whose variable begins with `PANORA_WEBHOOK_SECRET`, as it is; first that of the receiver, which also
/// accepts the previous one.
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
