//! The task of a job.

use std::{
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use panora_hooks::inbox::{AuditRecord, Capability, EventKey, Filter, InboxError, Query, Select};
use tokio::time::{sleep, timeout};

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
            let changed = change_keys(store, action, vec![*key]).await?;
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
        let page = patiently(|| store.list(query.clone())).await?;
        let keys: Vec<_> = page.items.iter().map(|event| event.key).collect();
        let changed = change_keys(store, Action::Replay, keys).await?;
        job.progress.send_modify(|progress| progress.changed += changed);
        after = page.next;
        if after.is_none() {
            break;
        }
        give_way(start).await;
    }
    Ok(())
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

async fn change_keys(store: &dyn Store, action: Action, keys: Vec<EventKey>) -> Result<u64, InboxError> {
    let select = Select::Keys(keys);
    patiently(|| match action {
        Action::Replay => store.replay(select.clone(), BATCH),
        Action::Drop => store.discard(select.clone(), BATCH),
    })
    .await
}

/// Runs an operation, again and again while the store is busy or unreachable.
async fn patiently<'s, T>(
    operation: impl Fn() -> Pin<Box<dyn Future<Output = Result<T, InboxError>> + Send + 's>>,
) -> Result<T, InboxError> {
    let mut tries = 1;
    loop {
        let error = match timeout(BATCH_TIME, operation()).await {
            Ok(Err(error)) if error.is_transient() => error,
            Ok(result) => return result,
            Err(elapsed) => InboxError::Unavailable(elapsed.into()),
        };
        if tries == MAX_TRIES {
            return Err(error);
        }
        sleep(Duration::from_millis(100) * tries).await;
        tries += 1;
    }
}

/// Pauses for as long as the batch took, so that other events can be stored and run.
async fn give_way(start: Instant) {
    sleep(start.elapsed().max(Duration::from_millis(1))).await;
}
