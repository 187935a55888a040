//! The task of a job.

use std::{
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use panora_hooks::inbox::{AuditRecord, Capability, EventKey, Filter, InboxError, Query, Select};
use tokio::time::{error::Elapsed, sleep, timeout};

use super::{Action, End, Job, Target};
use crate::{problem::sentence, store::Store};

/// The number of events that are changed at once. Nothing can be stored in the meantime.
const BATCH: u32 = 500;

/// The most time that a batch may take. A store that works needs far less.
const BATCH_TIME: Duration = Duration::from_secs(60);

/// The number of times that a batch is tried while the store is busy or unreachable.
const MAX_TRIES: u32 = 10;

/// Runs a job on a task of its own, so that it goes on without a browser.
pub(super) fn spawn(store: Arc<dyn Store>, job: Arc<Job>) {
    tokio::spawn(async move {
        let end = {
            let job = Arc::clone(&job);
            // A task inside the task, so that a job whose store panics ends too.
            tokio::spawn(async move { run(&*store, &job).await }).await
        };
        let end = end.unwrap_or_else(|_| End::Failed("The store panicked.".to_owned()));
        job.progress.send_modify(|progress| progress.end = Some(end));
    });
}

async fn run(store: &dyn Store, job: &Job) -> End {
    let mut what = job.target.to_string();
    // The number of events is known only at the end, which a job of several batches may not reach.
    if matches!(job.target, Target::Filter(_)) {
        let action = format!("{} started", job.action.as_str());
        if let Err(error) = record(store, job, action, what.clone(), 0).await {
            return End::Failed(sentence(&error));
        }
    }
    let end = match change(store, job).await {
        Ok(()) if job.is_stopped() => End::Stopped,
        Ok(()) => End::Completed,
        Err(error) => End::Failed(sentence(&error)),
    };
    match &end {
        End::Completed => {}
        End::Stopped => what.push_str(" (stopped)"),
        End::Failed(_) => what.push_str(" (failed)"),
    }
    let changed = job.progress().changed;
    match record(store, job, job.action.as_str().to_owned(), what, changed).await {
        Ok(()) => end,
        Err(error) => End::Failed(format!("The audit could not be written: {}", sentence(&error))),
    }
}

async fn record(
    store: &dyn Store,
    job: &Job,
    action: String,
    what: String,
    events: u64,
) -> Result<(), InboxError> {
    tracing::info!(who = job.who, action, what, events, "an operator changed stored events");
    if !store.capabilities().has(Capability::Audit) {
        return Ok(());
    }
    let record = AuditRecord::new(job.who.clone(), action, what, events);
    patiently(|| store.add_audit(record.clone())).await
}

async fn change(store: &dyn Store, job: &Job) -> Result<(), InboxError> {
    match (&job.target, job.action) {
        (Target::Event(key), action) => {
            let which = Select::Keys(vec![*key]);
            // Only once: after an error the event may have been replayed, and may even be done.
            let changed = match action {
                Action::Replay => within(store.replay(which, 1)).await?,
                Action::Drop => within(store.discard(which, 1)).await?,
            };
            job.progress.send_modify(|progress| progress.changed = changed);
            Ok(())
        }
        (Target::Filter(filter), action) => {
            // Events that arrive while the job runs are not selected.
            let mut filter = filter.filter.clone();
            let now = SystemTime::now();
            filter.received_before = Some(filter.received_before.map_or(now, |before| before.min(now)));
            match action {
                Action::Replay => replay_pages(store, job, filter).await,
                Action::Drop => drop_batches(store, job, filter).await,
            }
        }
    }
}

/// Replays one page at a time, so that each event is replayed once, even if it fails again.
async fn replay_pages(store: &dyn Store, job: &Job, filter: Filter) -> Result<(), InboxError> {
    let mut after = None;
    while !job.is_stopped() {
        let start = Instant::now();
        let query = Query::new(filter.clone()).after(after).limit(BATCH);
        let (next, changed) = patiently(|| Box::pin(replay_page(store, query.clone()))).await?;
        job.progress.send_modify(|progress| progress.changed += changed);
        after = next;
        if after.is_none() {
            break;
        }
        give_way(start).await;
    }
    Ok(())
}

/// Replays the events of a page. After an error the page is read again, because a replay without an
/// answer may have happened, and its events may be done by now.
async fn replay_page(store: &dyn Store, query: Query) -> Result<(Option<EventKey>, u64), InboxError> {
    let page = store.list(query).await?;
    let keys = page.items.iter().map(|event| event.key).collect();
    Ok((page.next, store.replay(Select::Keys(keys), BATCH).await?))
}

/// Drops one batch at a time. The store checks the state of each event in the transaction that
/// drops it, so an event that was replayed in the meantime is kept.
async fn drop_batches(store: &dyn Store, job: &Job, filter: Filter) -> Result<(), InboxError> {
    while !job.is_stopped() {
        let start = Instant::now();
        let changed = patiently(|| store.discard(Select::All(filter.clone()), BATCH)).await?;
        job.progress.send_modify(|progress| progress.changed += changed);
        if changed == 0 {
            break;
        }
        give_way(start).await;
    }
    Ok(())
}

/// Runs an operation, again and again while the store is busy or unreachable.
async fn patiently<'s, T>(
    operation: impl Fn() -> Pin<Box<dyn Future<Output = Result<T, InboxError>> + Send + 's>>,
) -> Result<T, InboxError> {
    let mut tries = 1;
    loop {
        match within(operation()).await {
            Err(error) if error.is_transient() && tries < MAX_TRIES => {
                sleep(Duration::from_millis(100) * tries).await;
                tries += 1;
            }
            result => return result,
        }
    }
}

/// Ends an operation of a store that does not answer.
async fn within<T>(operation: impl Future<Output = Result<T, InboxError>>) -> Result<T, InboxError> {
    let elapsed = |elapsed: Elapsed| Err(InboxError::Unavailable(elapsed.into()));
    timeout(BATCH_TIME, operation).await.unwrap_or_else(elapsed)
}

/// Pauses for as long as the batch took, so that other events can be stored and run.
async fn give_way(start: Instant) {
    sleep(start.elapsed().max(Duration::from_millis(1))).await;
}
