//! `inbox`: what a receiver has stored.

mod location;
mod selection;
mod show;

use clap::Subcommand;
use panora_hooks::inbox::{EventKey, Inbox, InboxError, Query, Select};
use serde_json::json;

pub(crate) use self::location::{Location, Store};
use self::selection::{Filters, Selection};
use crate::{failure::Failure, input, print};

/// So many events are dropped in one transaction, during which nothing can be stored.
const BATCH: u32 = 500;

/// Shows and mends what a receiver has stored, while it runs
#[derive(clap::Args)]
#[command(after_help = "\
PANORA_INBOX and PANORA_INBOX_SCHEMA set --inbox and --schema: a URL with a
password is better not an argument.

Example: panora-hooks inbox depth")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    location: Location,
}

#[derive(Subcommand)]
enum Command {
    Depth(Depth),
    List(List),
    Show(show::Args),
    Replay(Replay),
    Drop(Drop),
    Prune(Prune),
}

/// Counts events that are not done, by state
#[derive(clap::Args)]
#[command(after_help = "Example: panora-hooks inbox depth")]
struct Depth {}

/// Lists events, oldest first
#[derive(clap::Args)]
#[command(after_help = "Example: panora-hooks inbox list --state dead --older-than 1d")]
struct List {
    #[command(flatten)]
    filters: Filters,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Those after this one
    #[arg(long, value_name = "ID")]
    after: Option<EventKey>,
}

/// Runs parked, dead, delayed and done events once more
#[derive(clap::Args)]
#[command(after_help = "\
The receiver runs them as if they had never been tried.

Example: panora-hooks inbox replay --state dead --type crm.contact.created")]
struct Replay {
    #[command(flatten)]
    selection: Selection,
    /// Does not ask
    #[arg(long)]
    yes: bool,
}

/// Drops the data of parked and dead events for good
#[derive(clap::Args)]
#[command(after_help = "\
They count as done then: deliveries of them are still known as duplicates.

Example: panora-hooks inbox drop --state dead --older-than 30d")]
struct Drop {
    #[command(flatten)]
    selection: Selection,
    /// Does not ask
    #[arg(long)]
    yes: bool,
}

/// Drops the data of done events, before the receiver does
#[derive(clap::Args)]
#[command(after_help = "\
Deliveries of them are still known as duplicates.

Example: panora-hooks inbox prune --older-than 1d")]
struct Prune {
    /// Those done before, such as `7d`
    #[arg(long, value_name = "AGE", value_parser = selection::age)]
    older_than: std::time::Duration,
    /// Does not ask
    #[arg(long)]
    yes: bool,
}

pub(crate) async fn run(Args { command, location }: Args, json: bool) -> Result<(), Failure> {
    match location.open().await? {
        Store::Sqlite(inbox) => run_on(&inbox, command, json).await,
        Store::Postgres(inbox) => run_on(&inbox, command, json).await,
    }
}

async fn run_on(inbox: &impl Inbox, command: Command, json: bool) -> Result<(), Failure> {
    match command {
        Command::Depth(Depth {}) => depth(inbox, json).await,
        Command::List(args) => list(inbox, args, json).await,
        Command::Show(args) => show::run(inbox, &args, json).await,
        Command::Replay(Replay { selection, yes }) => {
            let question = format!("run {} once more?", selection.describe());
            let select = selection.select()?;
            // Single ones were meant.
            input::confirm(&question, yes || matches!(select, Select::Keys(_)))?;
            let replayed = inbox.replay(select).await.map_err(Failure::of)?;
            changed("replayed", replayed, json)
        }
        Command::Drop(Drop { selection, yes }) => {
            let question = format!("drop {} for good, if parked or dead?", selection.describe());
            let select = selection.select()?;
            input::confirm(&question, yes)?;
            let dropped = repeat(async || inbox.discard(select.clone(), BATCH).await).await?;
            changed("dropped", dropped, json)
        }
        Command::Prune(Prune { older_than, yes }) => {
            let before = selection::ago(older_than);
            input::confirm(
                &format!("drop the data of all events done before {}?", print::time(before)),
                yes,
            )?;
            let pruned = repeat(async || inbox.prune(before, BATCH).await).await?;
            changed("pruned", pruned, json)
        }
    }
}

/// Does a part at a time until nothing is left, so that the receiver gets its turn.
async fn repeat(mut part: impl AsyncFnMut() -> Result<u64, InboxError>) -> Result<u64, Failure> {
    let progress = print::Progress::counting("events");
    let mut all = 0;
    loop {
        match part().await.map_err(Failure::of)? {
            0 => return Ok(all),
            some => all += some,
        }
        progress.set(all);
    }
}

/// Says how many there were; none is a no.
fn changed(what: &str, count: u64, json: bool) -> Result<(), Failure> {
    if json {
        print::json(&json!({ what: count }))?;
    } else {
        print::line(format_args!("{count} {} {what}", if count == 1 { "event" } else { "events" }))?;
    }
    if count > 0 { Ok(()) } else { Err(Failure::No(None)) }
}

async fn depth(inbox: &impl Inbox, json: bool) -> Result<(), Failure> {
    let depth = inbox.depth().await.map_err(Failure::of)?;
    if json {
        return print::json(&json!({
            "ready": depth.ready,
            "delayed": depth.delayed,
            "leased": depth.leased,
            "parked": depth.parked,
            "dead": depth.dead,
            "oldest_ready_seconds": depth.oldest_ready.map(|age| age.as_secs_f64()),
        }));
    }
    let waiting = depth.oldest_ready.map(|age| format!("the oldest for {}", print::duration(age)));
    let rows = [
        ("ready", depth.ready, waiting.unwrap_or_default()),
        ("delayed", depth.delayed, String::new()),
        ("leased", depth.leased, String::new()),
        ("parked", depth.parked, String::new()),
        ("dead", depth.dead, String::new()),
    ];
    print::table(
        &["state", "events", ""],
        rows.map(|(state, count, note)| vec![state.to_owned(), count.to_string(), note]),
    )
}

async fn list(inbox: &impl Inbox, List { filters, limit, after }: List, json: bool) -> Result<(), Failure> {
    let page = inbox.list(Query { filter: filters.into(), after, limit }).await.map_err(Failure::of)?;
    if json {
        let events: Vec<_> = page.items.iter().map(show::to_json).collect();
        return print::json(&json!({ "events": events, "next": page.next.map(EventKey::number) }));
    }
    if page.items.is_empty() {
        return print::line("no events");
    }
    print::table(
        &["id", "state", "type", "received", "tried", "size", "why"],
        page.items.iter().map(show::row),
    )?;
    if let Some(next) = page.next {
        anstream::eprintln!("there are more: --after {next}");
    }
    Ok(())
}
