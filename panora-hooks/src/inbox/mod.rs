#![doc = include_str!("../docs/inbox.md")]

#[cfg(doc)]
#[doc = include_str!("../docs/capacity.md")]
pub mod capacity {}
pub(crate) mod attempt;
mod audit;
mod capability;
mod clock;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod column;
pub(crate) mod counters;
mod dead;
mod depth;
mod erased;
mod error;
mod error_group;
mod event;
mod figures;
pub(crate) mod handover;
mod key;
mod lane;
mod lease;
mod memory;
mod patience;
pub(crate) mod policy;
#[cfg(feature = "postgres")]
mod postgres;
mod query;
mod readiness;
mod share;
#[cfg(feature = "sqlite")]
mod sqlite;
mod time;
pub(crate) mod worker;
pub(crate) mod writer;

use std::{
    future::{self, Future},
    ops::Range,
    sync::Arc,
    time::{Duration, SystemTime},
};

pub(crate) use self::erased::ErasedInbox;
#[cfg(feature = "postgres")]
pub use self::postgres::PostgresInbox;
#[cfg(feature = "sqlite")]
pub use self::sqlite::SqliteInbox;
pub use self::{
    attempt::{AttemptInfo, AttemptOutcome, AttemptReport},
    audit::{AuditEntry, AuditRecord},
    capability::{Capabilities, Capability},
    dead::DeadEvent,
    depth::{Count, Depth},
    error::{InboxError, OpenError},
    error_group::{ErrorGroup, Fingerprint},
    event::{EventInfo, EventState, NewEvent, ParkReason, Put, StoredEvent},
    figures::{Figures, Histogram, StatisticsStep},
    key::EventKey,
    lane::{Lane, ParseLaneError},
    lease::{Decision, LeaseRequest, LeaseToken, Leased, Settled, Settlement},
    memory::MemoryInbox,
    query::{Filter, Page, Query, Select},
    readiness::readiness,
    share::QueueGroup,
    worker::Worker,
};

/// A durable store of events, shared by the router that stores them and the workers that run them.
///
/// The stores of this crate are handles that are cheap to clone. Group commit, the worker and the
/// behaviour while a store fails are implemented above this trait, and are the same for every
/// store.
///
/// A program of your own can manage an inbox beside the receiver:
///
/// ```no_run
/// # #[cfg(feature = "sqlite")] mod example {
/// use panora_hooks::inbox::{EventState, Filter, Inbox, Query, Select, SqliteInbox};
///
/// # pub
/// async fn replay_dead() -> anyhow::Result<()> {
///     let inbox = SqliteInbox::attach("panora-inbox.db")?;
///     let mut query = Query::new(Filter::new().state(EventState::Dead));
///     let mut replayed = 0;
///     loop {
///         let page = inbox.list(query.clone()).await?;
///         for event in &page.items {
///             println!("{} {:?}: {:?}", event.key, event.event_type(), event.reason);
///         }
///         let keys = page.items.iter().map(|event| event.key).collect();
///         replayed += inbox.replay(Select::Keys(keys), u32::MAX).await?;
///         let Some(last) = page.next else { break };
///         query = query.after(last);
///     }
///     println!("{replayed} events run again");
///     Ok(())
/// }
/// # }
/// ```
///
/// # Implementing a store
///
/// The methods without a default are the core. The others are optional parts, which
/// [`capabilities`](Self::capabilities) names. Every time is by the store's own clock, so requests
/// carry durations, never times. [`guide::stores`](crate::guide::stores) shows how to write a
/// store, and `testing::inbox_contract` (feature `testing`) checks it against every rule.
///
/// Any of the futures may be dropped before it is ready. The operation may then have happened or
/// not, but no later call may be affected.
///
/// # Errors
///
/// After a [transient](InboxError::is_transient) error the router retries for the
/// [`store_timeout`](crate::WebhooksWithInbox::store_timeout), and then runs the hook before it
/// answers. After any other error it answers 503 at once. A worker logs the error and continues. A
/// store therefore returns [`Unavailable`](InboxError::Unavailable) only for conditions that may
/// end by themselves.
pub trait Inbox: Send + Sync + 'static {
    /// Stores a batch. When this returns `Ok`, every event of the batch is on stable storage; the
    /// results are in the order of the batch. After an error some events may be stored, and putting
    /// them again is safe.
    ///
    /// An event whose [identity](NewEvent::identity) is stored already is a duplicate: nothing is
    /// stored, and the stored event keeps its state. An event that is [unique](NewEvent::is_unique)
    /// and whose [content](NewEvent::content) is stored already is parked as
    /// [replayed](ParkReason::Replayed). A store may limit the replays of one content, and report a
    /// further one as a duplicate. An empty batch asks whether the store accepts writes; the
    /// store writes something to find out.
    ///
    /// An event of a [lane](NewEvent::lane) that has events to run [waits](EventState::Waiting)
    /// behind them, in the order of the batch. Optional: [`Capability::Lanes`].
    ///
    /// An event holds the body that it came in, which counts as memory
    /// ([`max_buffered_bytes`](crate::Webhooks::max_buffered_bytes)) until the event is dropped. A
    /// store in memory therefore copies the data that it keeps.
    fn put(&self, batch: Vec<NewEvent>) -> impl Future<Output = Result<Vec<Put>, InboxError>> + Send;

    /// Leases ready events, starting with those that have been ready longest, and counts an attempt
    /// of each. No other worker gets them until they are settled or the lease expires.
    ///
    /// A store without [`Capability::Queues`] ignores the [groups](LeaseRequest::groups) of the
    /// request. A store with [`Capability::Lanes`] leases only the head of each lane.
    ///
    /// The store may return fewer events than requested, for example because they are large.
    fn lease(&self, request: LeaseRequest) -> impl Future<Output = Result<Vec<Leased>, InboxError>> + Send;

    /// Applies decisions about leased events, in one transaction; the results are in the order of
    /// `settlements`. A stale token changes nothing.
    ///
    /// The transaction that completes or buries the head of a lane also makes the next event of
    /// the lane ready. Any other decision leaves the head in its place, so the lane waits for it.
    fn settle(
        &self,
        settlements: Vec<Settlement>,
    ) -> impl Future<Output = Result<Vec<Settled>, InboxError>> + Send;

    /// Returns a page of events, in the order in which they were stored or in reverse
    /// ([`Query::newest_first`]).
    fn list(&self, query: Query) -> impl Future<Output = Result<Page<EventInfo>, InboxError>> + Send;

    /// Returns an event with its data.
    fn get(&self, key: EventKey) -> impl Future<Output = Result<Option<StoredEvent>, InboxError>> + Send;

    /// Makes up to `max` of the selected parked, dead, delayed and done events ready, oldest first,
    /// with no attempts counted. Returns the number of these events.
    ///
    /// An event that was dead or done begins a new [run](EventInfo::run). Its recorded attempts are
    /// kept.
    ///
    /// An event that was parked, dead or done enters its lane at the end. A delayed one is still
    /// the head of its lane.
    ///
    /// Ready, waiting and leased events, and those whose data is pruned, stay as they are and do
    /// not count.
    /// Each event is visited once, even if it is selected again as soon as its hook has run. To
    /// replay a large number of events, go through the pages of a [list](Self::list).
    ///
    /// A store works in small batches, between which other events can be stored. If the future is
    /// dropped, or fails halfway, some events are replayed and others are not.
    fn replay(&self, which: Select, max: u32) -> impl Future<Output = Result<u64, InboxError>> + Send;

    /// Counts the events in each state that is not done, up to a limit that the store sets.
    fn depth(&self) -> impl Future<Output = Result<Depth, InboxError>> + Send;

    /// Checks that the store accepts writes, and returns how long the oldest ready event has been
    /// ready. [Paused](Self::pause) events do not count.
    ///
    /// [`readiness`] calls this for each probe, so it should be cheap. Defaults to an empty
    /// [`put`](Self::put) and [`depth`](Self::depth).
    fn probe(&self) -> impl Future<Output = Result<Option<Duration>, InboxError>> + Send {
        async {
            self.put(Vec::new()).await?;
            Ok(self.depth().await?.oldest_ready)
        }
    }

    /// Drops the data of up to `max` events that have been done for longer than `older_than`.
    /// Returns the number of these events. Their identities are kept, so that duplicates are still
    /// recognised.
    fn prune(&self, older_than: Duration, max: u32) -> impl Future<Output = Result<u64, InboxError>> + Send;

    /// Returns the optional parts that this store implements. Defaults to none.
    ///
    /// Tools do not offer the parts that a store lacks.
    fn capabilities(&self) -> Capabilities {
        Capabilities::CORE
    }

    /// Drops the data of up to `max` of the selected events for good, oldest first. Returns the
    /// number of these events. They are then done and pruned, and a delivery of such an event is a
    /// duplicate until the event is [forgotten](Self::forget).
    ///
    /// A selection by keys, or by a filter that names a state, drops events in any state but done.
    /// Another filter drops parked and dead events only ([`Select::discards`]). The lease of a
    /// dropped event ends. Its hook may still run, but its outcome is not recorded. If the event
    /// was the head of a lane, the next one becomes ready, and is not dropped by the same filter.
    ///
    /// Optional: [`Capability::Discard`]. Defaults to [`InboxError::Unsupported`].
    fn discard(&self, which: Select, max: u32) -> impl Future<Output = Result<u64, InboxError>> + Send {
        let _ = (which, max);
        future::ready(Err(InboxError::Unsupported("discard")))
    }

    /// Removes up to `max` [pruned](Self::prune) events that have been done for longer than
    /// `older_than`. Returns the number of these events. A later delivery of such an event is a new
    /// event.
    ///
    /// Optional: [`Capability::Forget`]. Without it identities are kept forever.
    fn forget(&self, older_than: Duration, max: u32) -> impl Future<Output = Result<u64, InboxError>> + Send {
        let _ = (older_than, max);
        future::ready(Err(InboxError::Unsupported("forget")))
    }

    /// Repairs up to `max` events that are due later than `longest_delay` from now. Returns the
    /// number of these events. Such events exist only if the store's clock was ahead and has been
    /// set back, because no event is leased for longer, or delayed without its hook asking for it.
    ///
    /// A delayed event becomes ready, unless it waits no longer than its last
    /// [`RetryAfter`](Decision::RetryAfter) said. A lease ends `longest_delay` from now, since its
    /// hook may still run.
    ///
    /// Optional: [`Capability::Expedite`]. Without it such events wait until the clock reaches
    /// their time again.
    fn expedite(
        &self,
        longest_delay: Duration,
        max: u32,
    ) -> impl Future<Output = Result<u64, InboxError>> + Send {
        let _ = (longest_delay, max);
        future::ready(Err(InboxError::Unsupported("expedite")))
    }

    /// Returns the time until the next event becomes ready: until its delay is over, or its lease
    /// ends. Events that are ready already do not count. Returns `None` if no event waits.
    ///
    /// A worker without events to run asks this each second, so it should be cheap.
    ///
    /// Optional: [`Capability::NextDue`]. Without it an event may run a second after its delay is
    /// over.
    fn next_due(&self) -> impl Future<Output = Result<Option<Duration>, InboxError>> + Send {
        future::ready(Err(InboxError::Unsupported("next_due")))
    }

    /// Claims up to `max` dead events whose death has to be [announced](Settlement::announce),
    /// those that have waited longest first. No other worker gets them until the claim expires.
    /// Returns the claims, which only [`announced`](Self::announced) takes.
    ///
    /// Optional: [`Capability::Announce`]. Defaults to [`InboxError::Unsupported`].
    fn claim_dead(
        &self,
        max: u32,
        claim_for: Duration,
    ) -> impl Future<Output = Result<Vec<LeaseToken>, InboxError>> + Send {
        let _ = (max, claim_for);
        future::ready(Err(InboxError::Unsupported("claim_dead")))
    }

    /// Notes that dead events were announced. A claim that has expired and was made again, or whose
    /// event is not dead any more, changes nothing. Returns the number of claims that were valid.
    ///
    /// Optional: [`Capability::Announce`]. Defaults to [`InboxError::Unsupported`].
    fn announced(&self, claims: Vec<LeaseToken>) -> impl Future<Output = Result<u64, InboxError>> + Send {
        let _ = claims;
        future::ready(Err(InboxError::Unsupported("announced")))
    }

    /// Counts the events that a filter accepts, up to 10,000.
    ///
    /// Defaults to counting the pages of a [`list`](Self::list).
    fn count(&self, filter: Filter) -> impl Future<Output = Result<Count, InboxError>> + Send {
        count_pages(self, filter)
    }

    /// Returns, for each of these ids (`id_event`), whether an event with it is stored, in any
    /// state.
    ///
    /// An event that arrived before `received_from` may be taken for one that is not stored, within
    /// the limits of [`Filter::received_from`].
    ///
    /// Defaults to a [`list`](Self::list) for each id.
    fn contains_ids(
        &self,
        ids: Vec<String>,
        received_from: Option<SystemTime>,
    ) -> impl Future<Output = Result<Vec<bool>, InboxError>> + Send {
        list_ids(self, ids, received_from)
    }

    /// Returns the recorded attempts of an event, in order. Returns none for an event that is
    /// unknown or [pruned](Self::prune).
    ///
    /// An attempt that fails, and a success that follows a failed attempt, is recorded by the
    /// [settlement](Settlement::attempt) that ends it. An interrupted attempt is recorded by the
    /// next lease of the event. The first 20 and the last 20 attempts of an event are kept.
    ///
    /// Optional: [`Capability::Attempts`]. Defaults to [`InboxError::Unsupported`].
    fn attempts(&self, key: EventKey) -> impl Future<Output = Result<Vec<AttemptInfo>, InboxError>> + Send {
        let _ = key;
        future::ready(Err(InboxError::Unsupported("attempts")))
    }

    /// Returns up to `limit` groups of dead events that have the same error and type, largest
    /// first. A store may stop counting at a limit of its own.
    ///
    /// Optional: [`Capability::ErrorGroups`]. Defaults to [`InboxError::Unsupported`].
    fn error_groups(&self, limit: u32) -> impl Future<Output = Result<Vec<ErrorGroup>, InboxError>> + Send {
        let _ = limit;
        future::ready(Err(InboxError::Unsupported("error_groups")))
    }

    /// Adds figures of event types to those of the current minute and hour, by the clock of the
    /// store.
    ///
    /// Every process that stores or runs events calls this about every ten seconds. A crash loses
    /// the figures that were not added yet, but never an event.
    ///
    /// Optional: [`Capability::Statistics`]. Defaults to [`InboxError::Unsupported`].
    fn add_figures(
        &self,
        figures: Vec<(String, Figures)>,
    ) -> impl Future<Output = Result<(), InboxError>> + Send {
        let _ = figures;
        future::ready(Err(InboxError::Unsupported("add_figures")))
    }

    /// Returns the figures of the steps that begin in a range of time, sorted by time and then by
    /// event type. Steps without figures are left out.
    ///
    /// `step` is rounded up to whole minutes. Whole hours are kept for longer, a year by default;
    /// shorter steps for 30 days ([`keep_figures`](crate::WebhooksWithInbox::keep_figures)).
    ///
    /// Optional: [`Capability::Statistics`]. Defaults to [`InboxError::Unsupported`].
    fn statistics(
        &self,
        range: Range<SystemTime>,
        step: Duration,
    ) -> impl Future<Output = Result<Vec<StatisticsStep>, InboxError>> + Send {
        let _ = (range, step);
        future::ready(Err(InboxError::Unsupported("statistics")))
    }

    /// Removes up to `max` figures: those of steps below an hour that are older than
    /// `keep_minutes`, and those of steps of an hour that are older than `keep_hours`. Returns the
    /// number of figures that were removed.
    ///
    /// Optional: [`Capability::Statistics`]. Defaults to [`InboxError::Unsupported`].
    fn prune_figures(
        &self,
        keep_minutes: Duration,
        keep_hours: Duration,
        max: u32,
    ) -> impl Future<Output = Result<u64, InboxError>> + Send {
        let _ = (keep_minutes, keep_hours, max);
        future::ready(Err(InboxError::Unsupported("prune_figures")))
    }

    /// Records an action of an operator.
    ///
    /// Optional: [`Capability::Audit`]. Defaults to [`InboxError::Unsupported`].
    fn add_audit(&self, record: AuditRecord) -> impl Future<Output = Result<(), InboxError>> + Send {
        let _ = record;
        future::ready(Err(InboxError::Unsupported("add_audit")))
    }

    /// Returns up to `limit` recorded actions, newest first, from those with a smaller number than
    /// `before`.
    ///
    /// Optional: [`Capability::Audit`]. Defaults to [`InboxError::Unsupported`].
    fn audit(
        &self,
        before: Option<u64>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<AuditEntry>, InboxError>> + Send {
        let _ = (before, limit);
        future::ready(Err(InboxError::Unsupported("audit")))
    }

    /// Removes up to `max` recorded actions that are older than `older_than`. Returns the number of
    /// actions that were removed.
    ///
    /// Optional: [`Capability::Audit`]. Defaults to [`InboxError::Unsupported`].
    fn prune_audit(
        &self,
        older_than: Duration,
        max: u32,
    ) -> impl Future<Output = Result<u64, InboxError>> + Send {
        let _ = (older_than, max);
        future::ready(Err(InboxError::Unsupported("prune_audit")))
    }

    /// Pauses the events of a pattern: an event type or a prefix that ends with `*`, as in
    /// [`#[on(..)]`](crate::on). Returns whether it was not paused before.
    ///
    /// Paused events are ready, but no worker leases them until the pattern is
    /// [resumed](Self::resume). The pause is stored in the inbox, also for events that arrive
    /// later, and every worker follows it within two seconds. Events that are leased already run.
    ///
    /// A wire type stands for its event type. The pattern is compared with the
    /// [queues](NewEvent::queue) of events. So an event whose type the
    /// [catalogue](crate::catalogue) does not hold is paused with the pattern of its hook, and an
    /// event that a version without queues has stored only with `*`.
    ///
    /// Optional: [`Capability::Pause`]. Defaults to [`InboxError::Unsupported`].
    fn pause(&self, pattern: String) -> impl Future<Output = Result<bool, InboxError>> + Send {
        let _ = pattern;
        future::ready(Err(InboxError::Unsupported("pause")))
    }

    /// Ends the [pause](Self::pause) of a pattern. Returns whether it was paused. Events that
    /// another paused pattern matches stay paused.
    ///
    /// Optional: [`Capability::Pause`]. Defaults to [`InboxError::Unsupported`].
    fn resume(&self, pattern: String) -> impl Future<Output = Result<bool, InboxError>> + Send {
        let _ = pattern;
        future::ready(Err(InboxError::Unsupported("resume")))
    }

    /// Returns the [paused](Self::pause) patterns, sorted.
    ///
    /// Optional: [`Capability::Pause`]. Defaults to [`InboxError::Unsupported`].
    fn paused(&self) -> impl Future<Output = Result<Vec<String>, InboxError>> + Send {
        future::ready(Err(InboxError::Unsupported("paused")))
    }

    /// Resolves when another process may have made an event ready.
    ///
    /// A worker also polls every second. A store without this method is only polled.
    fn arrived(&self) -> impl Future<Output = ()> + Send {
        future::pending()
    }
}

impl<I: Inbox> Inbox for Arc<I> {
    fn put(&self, batch: Vec<NewEvent>) -> impl Future<Output = Result<Vec<Put>, InboxError>> + Send {
        (**self).put(batch)
    }

    fn lease(&self, request: LeaseRequest) -> impl Future<Output = Result<Vec<Leased>, InboxError>> + Send {
        (**self).lease(request)
    }

    fn settle(
        &self,
        settlements: Vec<Settlement>,
    ) -> impl Future<Output = Result<Vec<Settled>, InboxError>> + Send {
        (**self).settle(settlements)
    }

    fn list(&self, query: Query) -> impl Future<Output = Result<Page<EventInfo>, InboxError>> + Send {
        (**self).list(query)
    }

    fn get(&self, key: EventKey) -> impl Future<Output = Result<Option<StoredEvent>, InboxError>> + Send {
        (**self).get(key)
    }

    fn replay(&self, which: Select, max: u32) -> impl Future<Output = Result<u64, InboxError>> + Send {
        (**self).replay(which, max)
    }

    fn depth(&self) -> impl Future<Output = Result<Depth, InboxError>> + Send {
        (**self).depth()
    }

    fn probe(&self) -> impl Future<Output = Result<Option<Duration>, InboxError>> + Send {
        (**self).probe()
    }

    fn prune(&self, older_than: Duration, max: u32) -> impl Future<Output = Result<u64, InboxError>> + Send {
        (**self).prune(older_than, max)
    }

    fn capabilities(&self) -> Capabilities {
        (**self).capabilities()
    }

    fn discard(&self, which: Select, max: u32) -> impl Future<Output = Result<u64, InboxError>> + Send {
        (**self).discard(which, max)
    }

    fn forget(&self, older_than: Duration, max: u32) -> impl Future<Output = Result<u64, InboxError>> + Send {
        (**self).forget(older_than, max)
    }

    fn expedite(
        &self,
        longest_delay: Duration,
        max: u32,
    ) -> impl Future<Output = Result<u64, InboxError>> + Send {
        (**self).expedite(longest_delay, max)
    }

    fn next_due(&self) -> impl Future<Output = Result<Option<Duration>, InboxError>> + Send {
        (**self).next_due()
    }

    fn claim_dead(
        &self,
        max: u32,
        claim_for: Duration,
    ) -> impl Future<Output = Result<Vec<LeaseToken>, InboxError>> + Send {
        (**self).claim_dead(max, claim_for)
    }

    fn announced(&self, claims: Vec<LeaseToken>) -> impl Future<Output = Result<u64, InboxError>> + Send {
        (**self).announced(claims)
    }

    fn count(&self, filter: Filter) -> impl Future<Output = Result<Count, InboxError>> + Send {
        (**self).count(filter)
    }

    fn contains_ids(
        &self,
        ids: Vec<String>,
        received_from: Option<SystemTime>,
    ) -> impl Future<Output = Result<Vec<bool>, InboxError>> + Send {
        (**self).contains_ids(ids, received_from)
    }

    fn attempts(&self, key: EventKey) -> impl Future<Output = Result<Vec<AttemptInfo>, InboxError>> + Send {
        (**self).attempts(key)
    }

    fn error_groups(&self, limit: u32) -> impl Future<Output = Result<Vec<ErrorGroup>, InboxError>> + Send {
        (**self).error_groups(limit)
    }

    fn add_figures(
        &self,
        figures: Vec<(String, Figures)>,
    ) -> impl Future<Output = Result<(), InboxError>> + Send {
        (**self).add_figures(figures)
    }

    fn statistics(
        &self,
        range: Range<SystemTime>,
        step: Duration,
    ) -> impl Future<Output = Result<Vec<StatisticsStep>, InboxError>> + Send {
        (**self).statistics(range, step)
    }

    fn prune_figures(
        &self,
        keep_minutes: Duration,
        keep_hours: Duration,
        max: u32,
    ) -> impl Future<Output = Result<u64, InboxError>> + Send {
        (**self).prune_figures(keep_minutes, keep_hours, max)
    }

    fn add_audit(&self, record: AuditRecord) -> impl Future<Output = Result<(), InboxError>> + Send {
        (**self).add_audit(record)
    }

    fn audit(
        &self,
        before: Option<u64>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<AuditEntry>, InboxError>> + Send {
        (**self).audit(before, limit)
    }

    fn prune_audit(
        &self,
        older_than: Duration,
        max: u32,
    ) -> impl Future<Output = Result<u64, InboxError>> + Send {
        (**self).prune_audit(older_than, max)
    }

    fn pause(&self, pattern: String) -> impl Future<Output = Result<bool, InboxError>> + Send {
        (**self).pause(pattern)
    }

    fn resume(&self, pattern: String) -> impl Future<Output = Result<bool, InboxError>> + Send {
        (**self).resume(pattern)
    }

    fn paused(&self) -> impl Future<Output = Result<Vec<String>, InboxError>> + Send {
        (**self).paused()
    }

    fn arrived(&self) -> impl Future<Output = ()> + Send {
        (**self).arrived()
    }
}

/// The number at which [`Inbox::count`] stops by default.
const MAX_COUNT: u64 = 10_000;

async fn count_pages<I: Inbox + ?Sized>(inbox: &I, filter: Filter) -> Result<Count, InboxError> {
    let mut query = Query::new(filter).limit(1000);
    let mut counted = 0;
    loop {
        let page = inbox.list(query.clone()).await?;
        counted += page.items.len() as u64;
        match page.next {
            Some(last) if counted <= MAX_COUNT => query = query.after(last),
            _ => return Ok(Count::up_to(MAX_COUNT, counted)),
        }
    }
}

async fn list_ids<I: Inbox + ?Sized>(
    inbox: &I,
    ids: Vec<String>,
    received_from: Option<SystemTime>,
) -> Result<Vec<bool>, InboxError> {
    let mut are_stored = Vec::with_capacity(ids.len());
    for id in ids {
        let filter = Filter { received_from, ..Filter::new().id(id) };
        let page = inbox.list(Query::new(filter).limit(1)).await?;
        are_stored.push(!page.items.is_empty());
    }
    Ok(are_stored)
}
