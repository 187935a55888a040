//! `endpoints`: manages endpoints through Panora's API.

mod api;
mod sync;

use std::io::{self, IsTerminal};

use clap::Subcommand;
use panora_hooks::endpoints::{Api, ApiError, Client, Endpoint, NewEndpoint, Warning, warnings};
use serde_json::{Value, json};

pub(crate) use self::api::ApiArgs;
use crate::{
    failure::Failure,
    find::{self, ScopeError},
    input, print, redact,
};

/// Manages webhook endpoints on Panora's API
#[derive(clap::Args)]
#[command(after_help = "\
PANORA_API_KEY is a key of the project; PANORA_API_URL sets --api.

Example: panora-hooks endpoints list")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    api: ApiArgs,
    /// Uses the API from before August 2024
    #[arg(long, global = true)]
    older_api: bool,
}

#[derive(Subcommand)]
enum Command {
    List(List),
    Create(Create),
    Enable(Enable),
    Disable(Disable),
    Delete(Delete),
    Sync(sync::Args),
}

/// Lists the endpoints of a project, and warns of problems
#[derive(clap::Args)]
#[command(after_help = "\
Warnings go to the standard error. With --json, each endpoint also contains the
warnings about it.

Example: panora-hooks endpoints list")]
struct List {
    /// Also shows secrets, including those in URLs
    #[arg(long)]
    show_secrets: bool,
}

/// Creates an endpoint that is active at once
#[derive(clap::Args)]
#[command(after_help = "\
Example: panora-hooks endpoints create https://example.com/webhook \\
  --scope 'crm.contact.*' --show-secrets")]
struct Create {
    /// The URL that deliveries are sent to
    url: String,
    #[command(flatten)]
    scope: Scope,
    /// A description for people
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    description: String,
    /// Also shows the secret of the endpoint
    #[arg(long)]
    show_secrets: bool,
}

#[derive(clap::Args)]
struct Scope {
    /// An event type, or a prefix with a final `*`
    #[arg(long, value_name = "PATTERN", required = true)]
    scope: Vec<String>,
    /// Accepts names that no known release sends
    #[arg(long)]
    unlisted: bool,
}

/// Lets an endpoint receive events again
#[derive(clap::Args)]
#[command(after_help = "\
Example: panora-hooks endpoints enable 8c5b5f3e-0f0c-4a2e-9c3b-1a2f4b5c6d7e")]
struct Enable {
    /// The endpoint
    id: String,
}

/// Stops an endpoint from receiving events
#[derive(clap::Args)]
#[command(after_help = "\
Example: panora-hooks endpoints disable 8c5b5f3e-0f0c-4a2e-9c3b-1a2f4b5c6d7e")]
struct Disable {
    /// The endpoint
    id: String,
}

/// Deletes an endpoint that has never received an event
#[derive(clap::Args)]
#[command(after_help = "\
An endpoint that has received one cannot be deleted; `disable` it instead.

Example: panora-hooks endpoints delete 8c5b5f3e-0f0c-4a2e-9c3b-1a2f4b5c6d7e")]
struct Delete {
    /// The endpoint
    id: String,
    /// Does not ask for confirmation
    #[arg(long)]
    yes: bool,
}

pub(crate) async fn run(Args { command, api, older_api }: Args, json: bool) -> Result<(), Failure> {
    let generation = if older_api { Api::Older } else { Api::Current };
    let client = api.client()?.api(generation);
    match command {
        Command::List(args) => list(&client, &args, json).await,
        Command::Create(args) => create(&client, args, json).await,
        Command::Enable(Enable { id }) => {
            client.enable(&id).await.map_err(failed)?;
            done(&id, "enabled", json)?;
            warn(&client).await;
            Ok(())
        }
        Command::Disable(Disable { id }) => {
            client.disable(&id).await.map_err(failed)?;
            done(&id, "disabled", json)
        }
        Command::Delete(args) => delete(&client, &args, json).await,
        Command::Sync(args) => sync::run(&client, args, json).await,
    }
}

pub(crate) fn failed(error: ApiError) -> Failure {
    match error {
        ApiError::UnknownEndpoint { .. } | ApiError::Changed(_) | ApiError::Disabled { .. } => {
            Failure::no(error)
        }
        ApiError::NoUrl => Failure::usage(error),
        _ => Failure::of(error),
    }
}

impl Scope {
    /// Returns the names, each once.
    fn names(&self) -> Result<Vec<String>, Failure> {
        let mut names = Vec::new();
        for pattern in &self.scope {
            match find::scope(pattern) {
                Ok(found) => names.extend(found),
                Err(ScopeError::NeverSent { .. }) if self.unlisted && !pattern.contains('*') => {
                    names.push(pattern.clone());
                }
                Err(error) => return Err(Failure::usage(error)),
            }
        }
        names.sort();
        names.dedup();
        Ok(names)
    }
}

async fn list(client: &Client, List { show_secrets }: &List, json: bool) -> Result<(), Failure> {
    let mut endpoints = client.list().await.map_err(failed)?;
    endpoints.sort_by(|a, b| {
        let key = |endpoint: &Endpoint| endpoint.created_at.as_ref().map(ToString::to_string);
        (key(a), &a.id).cmp(&(key(b), &b.id))
    });
    let found = warnings(&endpoints);
    if json {
        let listed = endpoints.iter().map(|endpoint| {
            let mut value = to_json(endpoint, *show_secrets);
            value["warnings"] = texts(&about(endpoint, &found));
            value
        });
        print::json(&listed.collect())?;
    } else if endpoints.is_empty() {
        print::line("the project has no endpoints")?;
    } else {
        let rows = endpoints.iter().map(|endpoint| {
            let state =
                if endpoint.is_active { print::styled(print::GOOD, "active") } else { "inactive".to_owned() };
            let mut row = vec![print::foreign(&endpoint.id), state, endpoint.scope.len().to_string()];
            if *show_secrets {
                row.push(print::foreign(&endpoint.secret));
            }
            row.push(print::foreign(&url(endpoint, *show_secrets)));
            row
        });
        let header: &[&str] = if *show_secrets {
            &["endpoint", "state", "types", "secret", "url"]
        } else {
            &["endpoint", "state", "types", "url"]
        };
        print::table(header, rows)?;
    }
    warn_of(&found);
    Ok(())
}

/// Returns the warnings about an endpoint: those about it alone, and the overlaps that it is
/// part of.
fn about(endpoint: &Endpoint, all: &[Warning]) -> Vec<Warning> {
    let is_part = |warning: &&Warning| matches!(warning, Warning::Overlap { endpoints, .. } if endpoints.contains(&endpoint.id));
    let mut about = warnings(std::slice::from_ref(endpoint));
    about.extend(all.iter().filter(is_part).cloned());
    about
}

fn texts(warnings: &[Warning]) -> Value {
    warnings.iter().map(ToString::to_string).collect()
}

/// Prints the first warnings and the number of the others to the standard error, even with
/// `--json`.
fn warn_of(warnings: &[Warning]) {
    const MAX: usize = 20;
    warnings.iter().take(MAX).for_each(print::warning);
    if let Some(more @ 1..) = warnings.len().checked_sub(MAX) {
        print::warning(format_args!("{more} more warnings are not shown: fix these first"));
    }
}

async fn create(client: &Client, args: Create, json: bool) -> Result<(), Failure> {
    let Create { url, scope, description, show_secrets } = args;
    let endpoint = NewEndpoint::new(url, scope.names()?).description(description);
    let created = client.create(&endpoint).await.map_err(failed)?;
    show_created(&created, show_secrets, json)?;
    warn(client).await;
    Ok(())
}

/// Warns of problems with the current endpoints. The change itself has succeeded, so a failure to
/// list the endpoints is only a warning, too.
async fn warn(client: &Client) {
    match client.list().await {
        Ok(endpoints) => warn_of(&warnings(&endpoints)),
        Err(error) => print::warning(format_args!("the endpoints could not be checked: {error}")),
    }
}

fn show_created(created: &Endpoint, show_secrets: bool, json: bool) -> Result<(), Failure> {
    if json {
        return print::json(&to_json(created, show_secrets));
    }
    let id = print::foreign(&created.id);
    if show_secrets {
        print::line(format_args!("{id} created, with the secret {}", print::foreign(&created.secret)))
    } else {
        print::line(format_args!(
            "{id} created; `panora-hooks endpoints list --show-secrets` shows its secret"
        ))
    }
}

fn done(id: &str, what: &str, json: bool) -> Result<(), Failure> {
    if json {
        print::json(&json!({ "id": id, what: true }))
    } else {
        print::line(format_args!("{id} {what}"))
    }
}

async fn delete(client: &Client, Delete { id, yes }: &Delete, json: bool) -> Result<(), Failure> {
    input::confirm(&format!("delete endpoint `{}` for good?", print::foreign(id)), *yes)?;
    match client.delete(id).await {
        Ok(()) => done(id, "deleted", json),
        Err(error @ ApiError::InUse { .. }) => {
            if !*yes && io::stdin().is_terminal() && input::ask(&format!("{error} instead?"))? {
                client.disable(id).await.map_err(failed)?;
                return done(id, "disabled", json);
            }
            Err(Failure::no(format_args!("{error}: panora-hooks endpoints disable {id}")))
        }
        Err(error) => Err(failed(error)),
    }
}

/// Returns the URL of an endpoint, with its credentials only if secrets are to be shown.
fn url(endpoint: &Endpoint, show_secrets: bool) -> String {
    if show_secrets { endpoint.url.clone() } else { redact::url(&endpoint.url) }
}

fn to_json(endpoint: &Endpoint, show_secrets: bool) -> Value {
    let mut value = json!({
        "id": endpoint.id,
        "url": url(endpoint, show_secrets),
        "is_active": endpoint.is_active,
        "scope": endpoint.scope,
        "description": endpoint.description,
        "project_id": endpoint.project_id,
        "created_at": endpoint.created_at,
    });
    if show_secrets {
        value["secret"] = endpoint.secret.as_str().into();
    }
    value
}
