#![doc = include_str!("../docs/inbox.md")]

#[cfg(doc)]
#[doc = include_str!("../docs/capacity.md")]
pub mod capacity {}
mod clock;
mod erased;
mod error;
mod event;
mod lease;
mod memory;
pub(crate) mod policy;
#[cfg(feature = "postgres")]
mod postgres;
mod query;
mod readiness;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod time;
pub(crate) mod worker;
pub(crate) mod writer;

use std::{
    future::{self, Future},
    sync::Arc,
    time::{Duration, SystemTime},
};

pub(crate) use self::erased::ErasedInbox;
#[cfg(feature = "postgres")]
pub use self::postgres::PostgresInbox;
#[cfg(feature = "sqlite")]
pub use self::sqlite::SqliteInbox;
pub use self::{
    error::{InboxError, OpenError},
    event::{Depth, EventInfo, EventKey, EventState, NewEvent, ParkReason, Put, StoredEvent},
    lease::{LeaseToken, Leased, Settle, Settled},
    memory::MemoryInbox,
    query::{Filter, Page, Query, Select},
    readiness::readiness,
    worker::Worker,
};

/// A store of events, durable and shared by what receives and what runs them.
///
/// The stores of this crate are handles that are cheap to clone. What stands above the trait is the same for all of them:
/// batches of what arrives at once, the worker, what happens when the store fails.
///
/// A program of your own that looks after an inbox, beside the receiver:
///
/// ```no_run
/// # #[cfg(feature = "sqlite")] mod example {
/// use panora_hooks::inbox::{EventState, Filter, Inbox, Query, Select, SqliteInbox};
///
/// # pub
/// async fn replay_dead() -> anyhow::Result<()> {
///     let inbox = SqliteInbox::attach("panora-inbox.db")?;
///     let filter = Filter::state(EventState::Dead);
///     let mut query = Query { filter: filter.clone(), ..Query::default() };
///     loop {
///         let page = inbox.list(query.clone()).await?;
///         for event in &page.items {
///             println!("{} {:?}: {:?}", event.key, event.event_type(), event.reason);
///         }
///         match page.next {
///             Some(last) => query.after = Some(last),
///             None => break,
///         }
///     }
///     let replayed = inbox.replay(Select::All(filter)).await?;
///     println!("{replayed} events run once more");
///     Ok(())
/// }
/// # }
/// ```
///
/// # Errors
///
/// An error that is [transient](InboxError::is_transient) makes the router try again for the
/// [`store_timeout`](crate::WebhooksWithInbox::store_timeout), and then run the hook before the answer; any other is a 503 at
/// once. A worker logs either, and goes on. So a store of your own says [`Unavailable`](InboxError::Unavailable) only of what
/// may be back by itself.
pub trait Inbox: Send + Sync + 'static {
    /// Stores a batch at once. It is on stable storage when this returns; the results are in the order of the
    /// batch. If it fails, some of it may be stored all the same: putting it again is safe.
    ///
    /// An event whose [identity](NewEvent::identity) is there is a duplicate: nothing is stored, and the event that is
    /// there stays in its state. One that is [unique](NewEvent::is_unique) and whose [content](NewEvent::content) is
    /// there is parked as [replayed](ParkReason::Replayed). An empty batch asks whether the store takes
    /// writes, and writes something to find out.
    ///
    /// An event keeps the body that it came in, which counts as memory
    /// ([`max_buffered_bytes`](crate::Webhooks::max_buffered_bytes)) until it is dropped: a store in memory copies what it
    /// keeps.
    fn put(&self, batch: Vec<NewEvent>) -> impl Future<Output = Result<Vec<Put>, InboxError>> + Send;

    /// Takes up to `max` events that are ready, those first that have been ready longest, and counts an
    /// attempt of each. Nobody else gets them until they are settled, or `lease_for` is over.
    fn lease(
        &self,
        max: u32,
        lease_for: Duration,
    ) -> impl Future<Output = Result<Vec<Leased>, InboxError>> + Send;

    /// Settles leases, in one transaction; the results are in the order of the items. A stale token
    /// settles nothing.
    fn settle(
        &self,
        items: Vec<(LeaseToken, Settle)>,
    ) -> impl Future<Output = Result<Vec<Settled>, InboxError>> + Send;

    /// A page of what is stored, oldest first.
    fn list(&self, query: Query) -> impl Future<Output = Result<Page<EventInfo>, InboxError>> + Send;

    /// One event with its data.
    fn get(&self, id: EventKey) -> impl Future<Output = Result<Option<StoredEvent>, InboxError>> + Send;

    /// Makes parked, dead, delayed and done events ready, with no attempts counted, and says how many there were. Events
    /// that are ready or leased stay as they are, and so do events whose data is pruned.
    fn replay(&self, which: Select) -> impl Future<Output = Result<u64, InboxError>> + Send;

    /// How many events there are in each state that is not done.
    fn depth(&self) -> impl Future<Output = Result<Depth, InboxError>> + Send;

    /// Drops the data of some events, up to `max` of those that were done before this, and says how many there were. Their identities are
    /// kept, so that duplicates are still known.
    fn prune(
        &self,
        done_before: SystemTime,
        max: u32,
    ) -> impl Future<Output = Result<u64, InboxError>> + Send;

    /// Drops the data of some events for good, up to `max` of those selected that are parked or dead, and says how many
    /// there were. They are done then, and pruned: a delivery of theirs is a duplicate until they are
    /// [forgotten](Self::forget). Events in other states stay as they are.
    ///
    /// A store that does not implement this has an error for it.
    fn discard(&self, which: Select, max: u32) -> impl Future<Output = Result<u64, InboxError>> + Send {
        let _ = (which, max);
        future::ready(Err(InboxError::Other("this store cannot discard events".into())))
    }

    /// Drops what is left of up to `max` [pruned](Self::prune) events that were done before this, and says
    /// how many there were. A delivery of theirs would be a new event.
    ///
    /// A store that does not implement this keeps identities for ever.
    fn forget(
        &self,
        done_before: SystemTime,
        max: u32,
    ) -> impl Future<Output = Result<u64, InboxError>> + Send {
        let _ = (done_before, max);
        future::ready(Ok(0))
    }

    /// Resolves when another process may have made an event ready.
    ///
    /// A worker also looks every second, which is all that a store gets that does not implement this.
    fn arrived(&self) -> impl Future<Output = ()> + Send {
        future::pending()
    }
}

impl<I: Inbox> Inbox for Arc<I> {
    fn put(&self, batch: Vec<NewEvent>) -> impl Future<Output = Result<Vec<Put>, InboxError>> + Send {
        (**self).put(batch)
    }

    fn lease(
        &self,
        max: u32,
        lease_for: Duration,
    ) -> impl Future<Output = Result<Vec<Leased>, InboxError>> + Send {
        (**self).lease(max, lease_for)
    }

    fn settle(
        &self,
        items: Vec<(LeaseToken, Settle)>,
    ) -> impl Future<Output = Result<Vec<Settled>, InboxError>> + Send {
        (**self).settle(items)
    }

    fn list(&self, query: Query) -> impl Future<Output = Result<Page<EventInfo>, InboxError>> + Send {
        (**self).list(query)
    }

    fn get(&self, id: EventKey) -> impl Future<Output = Result<Option<StoredEvent>, InboxError>> + Send {
        (**self).get(id)
    }

    fn replay(&self, which: Select) -> impl Future<Output = Result<u64, InboxError>> + Send {
        (**self).replay(which)
    }

    fn depth(&self) -> impl Future<Output = Result<Depth, InboxError>> + Send {
        (**self).depth()
    }

    fn prune(
        &self,
        done_before: SystemTime,
        max: u32,
    ) -> impl Future<Output = Result<u64, InboxError>> + Send {
        (**self).prune(done_before, max)
    }

    fn discard(&self, which: Select, max: u32) -> impl Future<Output = Result<u64, InboxError>> + Send {
        (**self).discard(which, max)
    }

    fn forget(
        &self,
        done_before: SystemTime,
        max: u32,
    ) -> impl Future<Output = Result<u64, InboxError>> + Send {
        (**self).forget(done_before, max)
    }

    fn arrived(&self) -> impl Future<Output = ()> + Send {
        (**self).arrived()
    }
}
