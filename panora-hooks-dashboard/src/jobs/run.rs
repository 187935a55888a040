//! The task of a job.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use panora_hooks::inbox::{AuditRecord, Capability, EventInfo, EventKey, InboxError, Lane, Query, Select};
use tokio::time::{sleep, timeout};

use super::{Action, Confirmed, End, Job};
use crate::{
    format::sentence,
    store::{Boxed, Store},
};

/// The number of events that are listed and changed at once. A stop takes effect between batches.
const BATCH: u32 = 500;

/// The most time that a batch may take. A store that works needs far less.
const BATCH_TIME: Duration = Duration::from_secs(60);

/// The number of times that a batch is tried while the store is busy or unreachable.
const MAX_TRIES: u32 = 10;

/// Runs a job on a task of its own, so that it goes on without a browser.
pub(super) fn spawn(store: Arc<dyn Store>, job: Arc<Job>) {
    tokio::spawn(async move {
        let end = run(&store, &job).await;
        job.progress.send_modify(|progress| progress.end = Some(end));
    });
}

async fn run(store: &Arc<dyn Store>, job: &Arc<Job>) -> End {
    // This entry precedes every change, since the process may die before the job has ended.
    let (action, what) = (format!("{} started", job.action.as_str()), job.target.to_string());
    if let Err(reason) = record(store, job, action, what, 0).await {
        return End::Failed(reason);
    }
    let change = {
        let (store, job) = (Arc::clone(store), Arc::clone(job));
        async move { change(&*store, &job).await }
    };
    let end = caught(change).await.unwrap_or_else(End::Failed);
    let (progress, mut what) = (job.progress(), job.target.to_string());
    match &end {
        End::Completed => {}
        End::Stopped => what.push_str(" (stopped)"),
        End::Failed(_) => what.push_str(" (failed)"),
    }
    if progress.may_be_more {
        what.push_str(" (at least)");
    }
    match record(store, job, job.action.as_str().to_owned(), what, progress.changed).await {
        Ok(()) => end,
        Err(reason) => End::Failed(format!("The audit could not be written: {reason}")),
    }
}

/// Runs a part of a job on a task of its own, so that a store that panics ends only this part.
/// Returns the reason of a failure as a sentence.
async fn caught<T: Send + 'static>(
    part: impl Future<Output = Result<T, InboxError>> + Send + 'static,
) -> Result<T, String> {
    match tokio::spawn(part).await {
        Ok(result) => result.map_err(|error| sentence(&error)),
        Err(_) => Err("The store panicked.".to_owned()),
    }
}

/// Writes an entry of the audit, if the store has one.
async fn record(
    store: &Arc<dyn Store>,
    job: &Job,
    action: String,
    what: String,
    events: u64,
) -> Result<(), String> {
    tracing::info!(who = job.who, action, what, events, "an operator changes stored events");
    if !store.capabilities().has(Capability::Audit) {
        return Ok(());
    }
    let (store, record) = (Arc::clone(store), AuditRecord::new(job.who.clone(), action, what, events));
    caught(async move { patiently(|| false, || store.add_audit(record.clone())).await }).await?;
    Ok(())
}

async fn change(store: &dyn Store, job: &Job) -> Result<End, InboxError> {
    match &job.confirmed {
        Confirmed::Event { key, .. } => {
            let change = || -> Boxed<'_, End> { Box::pin(change_event(store, job, *key)) };
            Ok(patiently(|| job.is_stopped(), change).await?.unwrap_or(End::Stopped))
        }
        Confirmed::Filter { filter, newest } => {
            let (mut after, mut lanes) = (None, HashSet::new());
            while !job.is_stopped() {
                let start = Instant::now();
                let query = Query::new(filter.filter.clone()).after(after).limit(BATCH);
                let first = OnceLock::new();
                let change =
                    || -> Boxed<'_, _> { Box::pin(change_page(store, job, &query, *newest, &lanes, &first)) };
                match patiently(|| job.is_stopped(), change).await? {
                    None => break,
                    Some(None) => return Ok(End::Completed),
                    Some(last) => after = last,
                }
                lanes.extend(first.into_inner().into_iter().flat_map(|page| page.lanes));
                give_way(start).await;
            }
            Ok(End::Stopped)
        }
    }
}

/// Changes one event, unless it is not as it was at the confirmation.
async fn change_event(store: &dyn Store, job: &Job, key: EventKey) -> Result<End, InboxError> {
    let event = store.get(key).await?;
    if event.is_some_and(|event| job.confirmed.is_still(&event.info)) {
        change_keys(store, job, vec![key]).await?;
    } else if !job.progress().may_be_more {
        return Ok(End::Failed("The event has changed since the confirmation.".to_owned()));
    }
    Ok(End::Completed)
}

/// A page at the first try.
struct FirstTry {
    /// The events to change, each with its run.
    runs: HashMap<EventKey, u32>,
    /// The lanes whose heads are among these events.
    lanes: HashSet<Lane>,
    /// The last event of the page if there are more pages.
    next: Option<EventKey>,
}

/// Tries to change one page of a filter. Returns the last event of the page if there are more
/// pages.
///
/// Pages follow each other, so each event is changed once, even if it soon matches again. An event
/// that replaces the head of a lane did not match at the confirmation. The present heads of
/// `lanes`, whose heads were changed on earlier pages, are therefore left out. The trait has no
/// selection by a filter and a range of keys, so an event that stops matching after it was listed
/// is changed nevertheless.
async fn change_page(
    store: &dyn Store,
    job: &Job,
    query: &Query,
    newest: EventKey,
    lanes: &HashSet<Lane>,
    first: &OnceLock<FirstTry>,
) -> Result<Option<EventKey>, InboxError> {
    let page = store.list(query.clone()).await?;
    let FirstTry { runs, next, .. } = first.get_or_init(|| {
        let head_of = |event: &EventInfo| event.lane.filter(|_| event.is_head());
        let is_new_head = |event: &EventInfo| head_of(event).is_some_and(|lane| lanes.contains(&lane));
        let items = page.items.iter().filter(|event| !is_new_head(event));
        FirstTry {
            runs: items.clone().map(|event| (event.key, event.run)).collect(),
            lanes: items.filter_map(head_of).collect(),
            next: page.next.filter(|last| *last < newest),
        }
    });
    // An earlier try may have changed events without an answer. Those that match again have another
    // run.
    let same = page.items.iter().filter(|event| runs.get(&event.key) == Some(&event.run));
    let keys: Vec<_> = same.map(|event| event.key).filter(|key| *key <= newest).collect();
    if !keys.is_empty() {
        change_keys(store, job, keys).await?;
    }
    Ok(*next)
}

async fn change_keys(store: &dyn Store, job: &Job, keys: Vec<EventKey>) -> Result<(), InboxError> {
    // An operation without an answer may have changed events.
    let may_be_more = job.progress().may_be_more;
    job.progress.send_modify(|progress| progress.may_be_more = true);
    let changed = match job.action {
        Action::Replay => store.replay(Select::Keys(keys), BATCH).await?,
        Action::Drop => store.discard(Select::Keys(keys), BATCH).await?,
    };
    job.progress.send_modify(|progress| {
        progress.changed += changed;
        progress.may_be_more = may_be_more;
    });
    Ok(())
}

/// Runs an operation, again and again while the store is busy or unreachable. Returns `None` if it
/// gives up before another try.
async fn patiently<'s, T>(
    gives_up: impl Fn() -> bool,
    operation: impl Fn() -> Boxed<'s, T>,
) -> Result<Option<T>, InboxError> {
    let mut tries = 1;
    loop {
        let error = match timeout(BATCH_TIME, operation()).await {
            Ok(Err(error)) if error.is_transient() => error,
            Ok(result) => return result.map(Some),
            Err(elapsed) => InboxError::Unavailable(elapsed.into()),
        };
        if tries == MAX_TRIES {
            return Err(error);
        }
        sleep(Duration::from_millis(100) * tries).await;
        if gives_up() {
            return Ok(None);
        }
        tries += 1;
    }
}

/// Pauses for as long as the batch took, so that other events can be stored and run in the
/// meantime.
async fn give_way(start: Instant) {
    sleep(start.elapsed().max(Duration::from_millis(1))).await;
}
