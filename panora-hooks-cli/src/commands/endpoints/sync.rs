//! `endpoints sync`: brings the endpoint of a receiver to the desired state.

use std::io::{self, IsTerminal};

use panora_hooks::endpoints::{ApiError, Client, Desired, NewEndpoint, Step, SyncError, Synced};
use serde_json::{Value, json};

use super::{Scope, failed, to_json};
use crate::{failure::Failure, input, print, redact, secrets};

/// Makes one endpoint at a URL subscribe to exactly these event types
#[derive(clap::Args)]
#[command(after_help = "\
A new endpoint replaces one that differs. Status 1 means: run it again once
the receiver accepts PANORA_WEBHOOK_SECRET and PANORA_WEBHOOK_SECRET_PREVIOUS.

Example: panora-hooks endpoints sync https://example.com/webhook --dry-run \\
  --scope 'crm.contact.*' --scope connection.created")]
pub(crate) struct Args {
    /// The URL of the receiver
    url: String,
    #[command(flatten)]
    scope: Scope,
    /// Replaces an endpoint: a new secret, or another URL
    #[arg(long, value_name = "ID")]
    replace: Vec<String>,
    /// Shows the steps without doing them
    #[arg(long)]
    dry_run: bool,
    /// Does not ask whether the receiver accepts both secrets
    #[arg(long)]
    yes: bool,
    /// Also shows the secret of a new endpoint
    #[arg(long)]
    show_secrets: bool,
}

pub(crate) async fn run(client: &Client, args: Args, json: bool) -> Result<(), Failure> {
    let Args { url, scope, replace, dry_run, yes, show_secrets } = args;
    let mut desired = Desired::new(NewEndpoint::new(url, scope.names()?));
    if let Some(verifier) = secrets::verifier_if_any()? {
        desired = desired.accepted_by(&verifier);
    }
    for id in replace {
        desired = desired.replacing(id);
    }
    if yes {
        desired = desired.assume_accepted();
    }

    let plan = client.plan(&desired).await.map_err(failed)?;
    super::warn_of(plan.warnings());
    if !json {
        match plan.kept() {
            Some(id) if plan.steps().is_empty() => {
                print::line(format_args!("{} is as it should be", print::foreign(id)))?;
            }
            Some(id) => print::line(format_args!("{} stays", print::foreign(id)))?,
            None => {}
        }
    }
    if dry_run {
        if json {
            return print::json(&json!({
                "kept": plan.kept(),
                "steps": steps(plan.steps()),
                "warnings": super::texts(plan.warnings()),
            }));
        }
        return plan.steps().iter().try_for_each(|step| print::line(format_args!("to do: {step}")));
    }

    let (mut synced, mut failure) = outcome(client.apply(plan).await);
    if !json && let Some(created) = &synced.created {
        super::show_created(created, show_secrets, false)?;
    }
    let may_ask = !json && failure.is_none() && io::stdin().is_terminal() && io::stderr().is_terminal();
    if may_ask && !synced.left.is_empty() {
        synced.left.iter().for_each(|step| print::note(format_args!("to do: {step}")));
        if input::ask("does the receiver accept the secrets of both by now?")? {
            // Resumes exactly the steps that were shown.
            (synced, failure) = outcome(client.resume(synced).await);
        }
    }
    if json {
        print::json(&json!({
            "kept": synced.kept,
            "created": synced.created.as_ref().map(|created| to_json(created, show_secrets)),
            "disabled": synced.disabled,
            "left": steps(&synced.left),
            "warnings": super::texts(&synced.warnings),
        }))?;
    } else {
        for id in &synced.disabled {
            print::line(format_args!("{} disabled", print::foreign(id)))?;
        }
        for step in &synced.left {
            print::line(print::styled(print::DOUBTFUL, format_args!("left to do: {step}")))?;
        }
    }
    match failure {
        Some(cause) => Err(failed(cause)),
        None if synced.left.is_empty() => Ok(()),
        None => Err(Failure::no(
            "not everything is done: once the receiver accepts the new secret as well as the old one, set \
             PANORA_WEBHOOK_SECRET and PANORA_WEBHOOK_SECRET_PREVIOUS here to the same values, and run this again",
        )),
    }
}

/// Splits the result, because completed steps are shown even if a later one fails.
fn outcome(result: Result<Synced, SyncError>) -> (Synced, Option<ApiError>) {
    match result {
        Ok(synced) => (synced, None),
        Err(SyncError { synced, cause, .. }) => (*synced, Some(cause)),
    }
}

fn steps(steps: &[Step]) -> Value {
    let step = |step: &Step| match step {
        Step::Create(endpoint) => {
            json!({ "create": { "url": redact::url(&endpoint.url), "scope": endpoint.scope } })
        }
        Step::Accept { id } => json!({ "accept": id }),
        Step::Disable { id, dropped } => json!({ "disable": id, "dropped": dropped }),
        _ => json!({ "other": step.to_string() }),
    };
    steps.iter().map(step).collect()
}
