//! `SqliteInbox`.

mod announce;
mod attempts;
mod audit;
mod batch;
mod checkpoint;
mod condition;
mod content;
mod failure;
mod fences;
mod figures;
mod fingerprint;
mod groups;
mod identity;
mod ids;
mod info;
mod lanes;
mod lease;
mod open;
mod pauses;
#[cfg(test)]
mod plans;
mod put;
mod queue;
mod queues;
mod read;
mod replay;
mod retention;
mod scan;
mod schema;
mod source;
mod span;
mod states;
mod thread;

use std::{
    fmt,
    ops::Range,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use self::{
    audit::PruneAudit,
    batch::{Operation, Rounds, SelectedBatches, Sweep},
    figures::PruneFigures,
    open::Opened,
    queue::Queue,
    read::Reader,
    replay::{Discard, Replay},
    retention::{DropOrphans, Expedite, Forget, LANES, ORPHANS, PromoteHeads, Prune},
    thread::{Caller, Owner},
};
use super::{
    AttemptInfo, AuditEntry, AuditRecord, Capabilities, Count, Depth, ErrorGroup, EventInfo, EventKey,
    Figures, Filter, Inbox, InboxError, LeaseRequest, LeaseToken, Leased, NewEvent, OpenError, Page, Put,
    Query, Select, Settled, Settlement, StatisticsStep, StoredEvent, clock::Clock, share::paused_pattern,
};

/// An inbox in one file, for one receiver on one machine.
///
/// If the file is missing, it is created so that only its owner can read it, because payloads hold
/// credentials. While it is open, files whose names end with `-wal`, `-shm` and `-lock` stand
/// beside it; they belong to it and move with it. The folder must be on a local disk, because
/// network file systems do not lock in the way that SQLite needs.
///
/// While the file is open, do not delete, rename or replace it or the files beside it. On Unix the
/// inbox detects this, and from then on refuses to store, replay and discard events.
///
/// Clones share one connection. When the last clone is dropped, including those of the router and
/// the worker, the file is closed, and another receiver may open it.
#[derive(Clone)]
pub struct SqliteInbox {
    // Dropped first, because the queue holds the lock, and the next receiver to get the lock must
    // have the file alone.
    reader: Arc<Owner<Reader>>,
    queue: Arc<Owner<Queue>>,
    clock: Clock,
}

impl SqliteInbox {
    /// Opens an inbox to receive events and to run them.
    ///
    /// Events whose worker has died are ready at once. This blocks the thread while it opens the
    /// file and, after a crash, reads the log. The first time that a new version of this crate
    /// opens a large inbox, it may add indexes, which takes some seconds for each million events.
    /// The errors of events that an earlier version has buried are [grouped](Inbox::error_groups)
    /// in the background.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be created, read or written, is not an inbox or has a
    /// newer format, or is open in another receiver. The error names the file and the cause.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let inbox = Self::new(open::for_receiver(path.as_ref(), SystemTime::now())?);
        inbox.queue.start_batches(Queue::fill_fingerprints);
        Ok(inbox)
    }

    /// Opens an inbox for a tool that lists, replays and prunes events beside a running receiver.
    ///
    /// # Errors
    ///
    /// As for [`open`](Self::open), except that other processes may have the file open, and that it
    /// must exist.
    pub fn attach(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Ok(Self::new(open::for_tool(path.as_ref())?))
    }

    /// Opens an inbox to receive events, and takes the time from `clock`, so that a test need not
    /// wait for a retry.
    ///
    /// # Errors
    ///
    /// As for [`open`](Self::open).
    #[cfg(feature = "testing")]
    pub fn open_with_clock(
        path: impl AsRef<Path>,
        clock: impl Fn() -> SystemTime + Send + Sync + 'static,
    ) -> Result<Self, OpenError> {
        let opened = open::for_receiver(path.as_ref(), clock())?;
        let inbox = Self { clock: Clock::new(clock), ..Self::new(opened) };
        inbox.queue.start_batches(Queue::fill_fingerprints);
        Ok(inbox)
    }

    fn new(opened: Opened) -> Self {
        let Opened { queue, reader } = opened;
        Self { reader: Arc::new(reader), queue: Arc::new(queue), clock: Clock::default() }
    }

    /// Changes up to `max` of the selected events.
    async fn operate(&self, operation: impl Operation + Send + 'static, max: u32) -> Result<u64, InboxError> {
        let (clock, mut batches) = (self.clock.clone(), SelectedBatches::new(operation, max));
        self.queue.run_in_batches(move |queue| batches.run(queue, clock.now())).await
    }

    /// Changes up to `max` of the events that need it.
    async fn sweep(&self, sweep: impl Sweep + Send + 'static, max: u32) -> Result<u64, InboxError> {
        let (clock, mut rounds) = (self.clock.clone(), Rounds::new(sweep, max));
        self.queue.run_in_batches(move |queue| rounds.run(queue, clock.now())).await
    }
}

impl fmt::Debug for SqliteInbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteInbox").finish_non_exhaustive()
    }
}

impl Inbox for SqliteInbox {
    async fn put(&self, batch: Vec<NewEvent>) -> Result<Vec<Put>, InboxError> {
        let now = self.clock.now();
        self.queue.run(move |queue| queue.put(&batch, now)).await
    }

    async fn lease(&self, request: LeaseRequest) -> Result<Vec<Leased>, InboxError> {
        let now = self.clock.now();
        self.queue.run(move |queue| queue.lease(&request, now)).await
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Result<Vec<Settled>, InboxError> {
        let now = self.clock.now();
        self.queue.run(move |queue| queue.settle(&settlements, now)).await
    }

    async fn list(&self, query: Query) -> Result<Page<EventInfo>, InboxError> {
        let now = self.clock.now();
        self.reader.run_in_steps(move |reader, caller| reader.list(&query, now, caller)).await
    }

    async fn get(&self, key: EventKey) -> Result<Option<StoredEvent>, InboxError> {
        let now = self.clock.now();
        self.reader.run(move |reader| reader.get(key, now)).await
    }

    async fn replay(&self, which: Select, max: u32) -> Result<u64, InboxError> {
        self.operate(Replay(which), max).await
    }

    async fn depth(&self) -> Result<Depth, InboxError> {
        let now = self.clock.now();
        self.reader.run(move |reader| reader.depth(now)).await
    }

    async fn probe(&self) -> Result<Option<Duration>, InboxError> {
        let now = self.clock.now();
        self.queue.run(move |queue| queue.probe(now)).await
    }

    async fn prune(&self, older_than: Duration, max: u32) -> Result<u64, InboxError> {
        let Some(done_before) = self.clock.now().checked_sub(older_than) else { return Ok(0) };
        self.sweep(Prune { done_before }, max).await
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ALL
    }

    async fn discard(&self, which: Select, max: u32) -> Result<u64, InboxError> {
        self.operate(Discard::new(which), max).await
    }

    async fn forget(&self, older_than: Duration, max: u32) -> Result<u64, InboxError> {
        let Some(done_before) = self.clock.now().checked_sub(older_than) else { return Ok(0) };
        self.sweep(DropOrphans, ORPHANS).await?;
        self.sweep(PromoteHeads, LANES).await?;
        self.sweep(Forget { done_before }, max).await
    }

    async fn expedite(&self, longest_delay: Duration, max: u32) -> Result<u64, InboxError> {
        self.sweep(Expedite { longest_delay }, max).await
    }

    async fn next_due(&self) -> Result<Option<Duration>, InboxError> {
        let now = self.clock.now();
        self.queue.run(move |queue| queue.next_due(now)).await
    }

    async fn claim_dead(&self, max: u32, claim_for: Duration) -> Result<Vec<LeaseToken>, InboxError> {
        let now = self.clock.now();
        self.queue.run(move |queue| queue.claim_dead(max, claim_for, now)).await
    }

    async fn announced(&self, claims: Vec<LeaseToken>) -> Result<u64, InboxError> {
        self.queue.run(move |queue| queue.announced(&claims)).await
    }

    async fn count(&self, filter: Filter) -> Result<Count, InboxError> {
        let now = self.clock.now();
        self.reader.run_in_steps(move |reader, caller| reader.count(&filter, now, caller)).await
    }

    async fn contains_ids(
        &self,
        ids: Vec<String>,
        received_from: Option<SystemTime>,
    ) -> Result<Vec<bool>, InboxError> {
        let now = self.clock.now();
        let find = move |reader: &mut Reader, caller: Caller<'_>| {
            reader.contains_ids(&ids, received_from, now, caller)
        };
        self.reader.run_in_steps(find).await
    }

    async fn attempts(&self, key: EventKey) -> Result<Vec<AttemptInfo>, InboxError> {
        self.reader.run(move |reader| reader.attempts(key)).await
    }

    async fn error_groups(&self, limit: u32) -> Result<Vec<ErrorGroup>, InboxError> {
        self.reader.run_in_steps(move |reader, caller| reader.error_groups(limit, caller)).await
    }

    async fn add_figures(&self, figures: Vec<(String, Figures)>) -> Result<(), InboxError> {
        let now = self.clock.now();
        self.queue.run(move |queue| queue.add_figures(&figures, now)).await
    }

    async fn statistics(
        &self,
        range: Range<SystemTime>,
        step: Duration,
    ) -> Result<Vec<StatisticsStep>, InboxError> {
        self.reader.run_in_steps(move |reader, caller| reader.statistics(&range, step, caller)).await
    }

    async fn prune_figures(&self, minutes: Duration, hours: Duration, max: u32) -> Result<u64, InboxError> {
        let mut prune = PruneFigures::new(minutes, hours, max, self.clock.now());
        self.queue.run_in_batches(move |queue| prune.run(queue)).await
    }

    async fn add_audit(&self, record: AuditRecord) -> Result<(), InboxError> {
        let now = self.clock.now();
        self.queue.run(move |queue| queue.add_audit(&record, now)).await
    }

    async fn prune_audit(&self, older_than: Duration, max: u32) -> Result<u64, InboxError> {
        let mut prune = PruneAudit::new(older_than, max, self.clock.now());
        self.queue.run_in_batches(move |queue| prune.run(queue)).await
    }

    async fn audit(&self, before: Option<u64>, limit: u32) -> Result<Vec<AuditEntry>, InboxError> {
        self.reader.run(move |reader| reader.audit(before, limit)).await
    }

    async fn pause(&self, pattern: String) -> Result<bool, InboxError> {
        self.queue.run(move |queue| queue.set_paused(&paused_pattern(pattern), true)).await
    }

    async fn resume(&self, pattern: String) -> Result<bool, InboxError> {
        self.queue.run(move |queue| queue.set_paused(&paused_pattern(pattern), false)).await
    }

    async fn paused(&self) -> Result<Vec<String>, InboxError> {
        self.reader.run(|reader| pauses::paused(reader.connection())).await
    }
}
