//! `inbox`: the events that a receiver has stored.

mod location;
mod postgres_url;
mod selection;
mod show;

use std::time::{Duration, Instant};

use clap::Subcommand;
use panora_hooks::inbox::{
    Capability, EventKey, EventState, Filter, Inbox, InboxError, Query, Select, StoredEvent,
};
use serde_json::json;

pub(crate) use self::location::{Location, Store, within};
use self::selection::{Filters, Selection};
use crate::{failure::Failure, input, moment, print};

/// The number of events changed in one transaction, during which nothing can be stored.
const BATCH: u32 = 100;

/// Shows and manages the stored events of a receiver, while it runs
#[derive(clap::Args)]
#[command(after_help = "\
PANORA_INBOX and PANORA_INBOX_SCHEMA set --inbox and --schema. Use PANORA_INBOX
for a URL with a password, because others on the machine can see arguments.

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
    /// Runs parked, dead, delayed and done events again
    #[command(after_help = "\
The receiver runs them as if they had never been tried.

Example: panora-hooks inbox replay --state dead --type crm.contact.created")]
    Replay(Selection),
    /// Drops the data of events for good, after which they count as done
    #[command(after_help = "\
Without ids and without --state, only parked and dead events are dropped.

Example: panora-hooks inbox drop --state dead --older-than 30d")]
    Drop(Selection),
    Prune(Prune),
    Pause(Pause),
    Resume(Resume),
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
    /// The most events to list
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Only events after this one
    #[arg(long, value_name = "ID", value_parser = selection::key)]
    after: Option<EventKey>,
}

/// Drops the data of done events, before the receiver does
#[derive(clap::Args)]
#[command(after_help = "\
Deliveries of these events are still recognised as duplicates.

Example: panora-hooks inbox prune --older-than 1d")]
struct Prune {
    /// Only events done longer ago than this, such as `7d`
    #[arg(long, value_name = "AGE", value_parser = moment::age)]
    older_than: Duration,
    /// Does not ask for confirmation
    #[arg(long)]
    yes: bool,
}

/// Stops running events of a type, until they are resumed
#[derive(clap::Args)]
#[command(after_help = "\
Events are still stored. Those that run already are not stopped. `inbox depth`
shows the paused events and patterns.

Example: panora-hooks inbox pause 'crm.contact.*'")]
struct Pause {
    /// An event type, or a prefix with `*`
    #[arg(value_name = "PATTERN", value_parser = pattern)]
    pattern: String,
}

/// Runs paused events of a type again
#[derive(clap::Args)]
#[command(after_help = "\
Name the pattern as it was paused.

Example: panora-hooks inbox resume 'crm.contact.*'")]
struct Resume {
    /// The paused event type, or prefix with `*`
    #[arg(value_name = "PATTERN", value_parser = pattern)]
    pattern: String,
}

fn pattern(text: &str) -> Result<String, String> {
    let prefix = text.strip_suffix('*').unwrap_or(text);
    if text.is_empty() || prefix.contains('*') {
        return Err("expected an event type such as crm.contact.created, or a prefix such as crm.*".into());
    }
    Ok(text.to_owned())
}

pub(crate) async fn run(Args { command, location }: Args, json: bool) -> Result<(), Failure> {
    match location.open().await? {
        Store::Sqlite(inbox) => run_on(&inbox, command, json).await,
        Store::Postgres(inbox) => run_on(&inbox, command, json).await,
    }
}

async fn run_on(inbox: &impl Inbox, command: Command, json: bool) -> Result<(), Failure> {
    match command {
        Command::List(List { filters, .. })
        | Command::Replay(Selection { filters, .. })
        | Command::Drop(Selection { filters, .. })
            if filters.lane.is_some() && !inbox.capabilities().has(Capability::Lanes) =>
        {
            Err(Failure::usage("this inbox has no lanes"))
        }
        Command::Depth(Depth {}) => depth(inbox, json).await,
        Command::List(args) => list(inbox, args, json).await,
        Command::Show(args) => show::run(inbox, &args, json).await,
        Command::Replay(selection) => {
            let (question, yes) = (format!("run {} once more?", selection.describe()), selection.yes);
            let select = selection.select()?;
            // An event that is given by its id needs no confirmation.
            input::confirm(&question, yes || matches!(select, Select::Keys(_)))?;
            let replayed = match select {
                Select::All(filter) => replay_all(inbox, filter).await?,
                Select::Keys(keys) => {
                    require(inbox, &keys, explain_if_not_replayed).await?;
                    within(inbox.replay(Select::Keys(keys), u32::MAX)).await?.map_err(Failure::of)?
                }
                select => within(inbox.replay(select, u32::MAX)).await?.map_err(Failure::of)?,
            };
            changed("replayed", replayed, json)?;
            some(replayed)
        }
        Command::Drop(_) if !inbox.capabilities().has(Capability::Discard) => {
            Err(Failure::usage("this inbox cannot drop events"))
        }
        Command::Drop(selection) => {
            let (what, yes) = (selection.describe(), selection.yes);
            let select = selection.select()?;
            let is_explicit = select.discards(EventState::Ready);
            let question = if is_explicit {
                format!("drop {what} for good?")
            } else {
                format!("drop {what} for good, if parked or dead?")
            };
            input::confirm(&question, yes)?;
            if let Select::Keys(keys) = &select {
                require(inbox, keys, |_| {}).await?;
            }
            let dropped = discard(inbox, select).await?;
            changed("dropped", dropped, json)?;
            some(dropped)
        }
        Command::Pause(_) | Command::Resume(_) if !inbox.capabilities().has(Capability::Pause) => {
            Err(Failure::usage("this inbox cannot pause events"))
        }
        Command::Pause(Pause { pattern }) => {
            let is_new = within(inbox.pause(pattern.clone())).await?.map_err(Failure::of)?;
            // To pause twice is a success, so that a script can make sure.
            let note = if is_new { "paused" } else { "was paused already" };
            if json {
                return print::json(&json!({ "pattern": pattern, "paused": true }));
            }
            print::line(format_args!("{} {note}", print::foreign(&pattern)))
        }
        Command::Resume(Resume { pattern }) => {
            let was_paused = within(inbox.resume(pattern.clone())).await?.map_err(Failure::of)?;
            let note = if was_paused { "resumed" } else { "was not paused" };
            if json {
                print::json(&json!({ "pattern": pattern, "resumed": was_paused }))?;
            } else {
                print::line(format_args!("{} {note}", print::foreign(&pattern)))?;
            }
            some(was_paused.into())
        }
        Command::Prune(Prune { older_than, yes }) => {
            input::confirm(
                &format!("drop the data of all events done before {}?", print::time(moment::ago(older_than))),
                yes,
            )?;
            // Nothing to prune is a success, because the command may run every night.
            let pruned = repeat(async || inbox.prune(older_than, BATCH).await).await?;
            changed("pruned", pruned, json)
        }
    }
}

/// Fails if the inbox lacks one of these events, so that a mistyped number changes nothing. Passes
/// the events on one at a time, because their data can be large.
async fn require(
    inbox: &impl Inbox,
    keys: &[EventKey],
    pass_on: impl Fn(&StoredEvent),
) -> Result<(), Failure> {
    for key in keys {
        let event = within(inbox.get(*key)).await?.map_err(Failure::of)?;
        pass_on(&event.ok_or_else(|| show::unknown(*key))?);
    }
    Ok(())
}

/// Says why an event is not replayed.
fn explain_if_not_replayed(StoredEvent { info, data, .. }: &StoredEvent) {
    let key = info.key;
    match info.state {
        EventState::Ready | EventState::Waiting | EventState::Leased => {
            print::note(format_args!("event {key} is {}: it runs without a replay", info.state));
        }
        _ if data.is_none() => {
            print::note(format_args!("event {key} cannot run again: its data was pruned"));
        }
        _ => {}
    }
}

async fn discard(inbox: &impl Inbox, select: Select) -> Result<u64, Failure> {
    match select {
        // One call, because a second one would drop the events that the first one has made heads
        // of their lanes. It has no time limit, since the store answers only after all batches.
        Select::All(Filter {
            state: Some(EventState::Ready | EventState::Delayed | EventState::Leased),
            ..
        }) => {
            let _progress = print::Progress::waiting("dropping events");
            inbox.discard(select, u32::MAX).await.map_err(Failure::of)
        }
        _ => repeat(async || inbox.discard(select.clone(), BATCH).await).await,
    }
}

/// Runs an operation on one batch at a time until nothing is left.
async fn repeat(mut part: impl AsyncFnMut() -> Result<u64, InboxError>) -> Result<u64, Failure> {
    let progress = print::Progress::counting("events");
    let mut all = 0;
    loop {
        let start = Instant::now();
        match within(part()).await?.map_err(Failure::of)? {
            0 => return Ok(all),
            some => all += some,
        }
        progress.set(all);
        give_way(start).await;
    }
}

/// Replays one page at a time, each event once, regardless of its state in the meantime.
async fn replay_all(inbox: &impl Inbox, filter: Filter) -> Result<u64, Failure> {
    let progress = print::Progress::counting("events");
    let (mut all, mut after) = (0, None);
    loop {
        let start = Instant::now();
        let query = Query::new(filter.clone()).after(after).limit(BATCH);
        let page = within(inbox.list(query)).await?.map_err(Failure::of)?;
        let keys = page.items.iter().map(|info| info.key).collect();
        all += within(inbox.replay(Select::Keys(keys), BATCH)).await?.map_err(Failure::of)?;
        progress.set(all);
        after = page.next;
        if after.is_none() {
            return Ok(all);
        }
        give_way(start).await;
    }
}

/// Pauses for as long as the batch took, so that the receiver can store events in the meantime:
/// SQLite does not queue the processes that wait for its lock.
async fn give_way(start: Instant) {
    tokio::time::sleep(start.elapsed().max(Duration::from_millis(1))).await;
}

/// Returns [`Failure::No`] if no event was affected.
fn some(count: u64) -> Result<(), Failure> {
    if count > 0 { Ok(()) } else { Err(Failure::No(None)) }
}

/// Prints the number of events.
fn changed(what: &str, count: u64, json: bool) -> Result<(), Failure> {
    if json {
        print::json(&json!({ what: count }))
    } else {
        print::line(format_args!("{count} {} {what}", if count == 1 { "event" } else { "events" }))
    }
}

/// Returns the states whose number is a lower bound.
fn at_least(depth: &panora_hooks::inbox::Depth) -> Vec<&'static str> {
    let counts = [
        (EventState::Ready.as_str(), depth.ready),
        ("paused", depth.paused),
        (EventState::Waiting.as_str(), depth.waiting),
        (EventState::Delayed.as_str(), depth.delayed),
        (EventState::Leased.as_str(), depth.leased),
        (EventState::Parked.as_str(), depth.parked),
        (EventState::Dead.as_str(), depth.dead),
    ];
    counts.into_iter().filter(|(_, count)| !count.is_exact()).map(|(state, _)| state).collect()
}

async fn depth(inbox: &impl Inbox, json: bool) -> Result<(), Failure> {
    let depth = within(inbox.depth()).await?.map_err(Failure::of)?;
    let paused = if inbox.capabilities().has(Capability::Pause) {
        within(inbox.paused()).await?.map_err(Failure::of)?
    } else {
        Vec::new()
    };
    if json {
        let mut counts = json!({
            "ready": depth.ready.number(),
            "paused": depth.paused.number(),
            "waiting": depth.waiting.number(),
            "delayed": depth.delayed.number(),
            "leased": depth.leased.number(),
            "parked": depth.parked.number(),
            "dead": depth.dead.number(),
            "oldest_ready_seconds": depth.oldest_ready.map(|age| age.as_secs_f64()),
            "paused_patterns": paused,
        });
        let at_least = at_least(&depth);
        if !at_least.is_empty() {
            counts["at_least"] = json!(at_least);
        }
        return print::json(&counts);
    }
    let oldest = depth.oldest_ready.map(|age| format!("the oldest for {}", print::duration(age)));
    let rows = [
        ("ready", depth.ready, oldest.unwrap_or_default()),
        (
            "paused",
            depth.paused,
            paused.iter().map(|pattern| print::foreign(pattern)).collect::<Vec<_>>().join(" "),
        ),
        ("waiting", depth.waiting, String::new()),
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
    let query = Query::new(filters.into()).after(after).limit(limit);
    let page = within(inbox.list(query)).await?.map_err(Failure::of)?;
    if json {
        let events: Vec<_> = page.items.iter().map(show::to_json).collect();
        return print::json(&json!({ "events": events, "next": page.next.map(show::number) }));
    }
    if page.items.is_empty() {
        return print::line("no events");
    }
    print::table(
        &["id", "state", "type", "received", "tried", "size", "why"],
        page.items.iter().map(show::row),
    )?;
    if let Some(next) = page.next {
        print::note(format_args!("there are more: --after {next}"));
    }
    Ok(())
}
