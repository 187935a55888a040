//! A store with only the core of the trait, or whose operations wait or fail.

use std::{
    collections::VecDeque,
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use panora_hooks::inbox::{
    AttemptOutcome, AuditEntry, AuditRecord, Capabilities, Count, Decision, Depth, EventInfo, EventKey,
    Filter, Inbox, InboxError, LeaseRequest, Leased, MemoryInbox, NewEvent, Page, Put, Query, Select,
    Settled, Settlement, StoredEvent,
};
use tokio::sync::Semaphore;

use crate::support::settle;

/// The fault of a replay or a drop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing happens.
    Unavailable,
    /// The events are changed and handled, but the store does not say so.
    Unanswered,
    Panic,
}

#[derive(Clone)]
pub(crate) struct Wrapped {
    pub(crate) inbox: MemoryInbox,
    pub(crate) capabilities: Capabilities,
    /// The number of reads and writes of events that may go on.
    pub(crate) permits: Arc<Semaphore>,
    /// Whether writing to the audit fails.
    pub(crate) refuses_audit: bool,
    /// Whether counts, and lists of one event, take forever.
    pub(crate) is_slow: bool,
    /// The faults of the next replays and drops.
    pub(crate) faults: Arc<Mutex<VecDeque<Fault>>>,
}

impl Wrapped {
    pub(crate) fn new(inbox: MemoryInbox) -> Self {
        let permits = Arc::new(Semaphore::new(Semaphore::MAX_PERMITS));
        let (capabilities, faults) = (Capabilities::CORE, Arc::default());
        Self { inbox, capabilities, permits, refuses_audit: false, is_slow: false, faults }
    }

    /// Lets reads and writes of events wait for permits.
    pub(crate) fn waiting(self) -> Self {
        Self { permits: Arc::new(Semaphore::new(0)), ..self }
    }

    pub(crate) fn failing(self, faults: impl IntoIterator<Item = Fault>) -> Self {
        Self { faults: Arc::new(Mutex::new(faults.into_iter().collect())), ..self }
    }

    async fn permit(&self) {
        self.permits.acquire().await.unwrap().forget();
    }

    /// Runs an operation with the next fault.
    async fn faulty(
        &self,
        operation: impl Future<Output = Result<u64, InboxError>>,
    ) -> Result<u64, InboxError> {
        let fault = self.faults.lock().unwrap().pop_front();
        match fault {
            None => return operation.await,
            Some(Fault::Unavailable) => {}
            Some(Fault::Unanswered) => {
                operation.await?;
                settle(&self.inbox, Decision::Complete, AttemptOutcome::Handled, None).await;
            }
            Some(Fault::Panic) => panic!("a fault of the test"),
        }
        Err(InboxError::Unavailable("a fault of the test".into()))
    }
}

impl Inbox for Wrapped {
    async fn put(&self, batch: Vec<NewEvent>) -> Result<Vec<Put>, InboxError> {
        self.inbox.put(batch).await
    }

    async fn lease(&self, request: LeaseRequest) -> Result<Vec<Leased>, InboxError> {
        self.inbox.lease(request).await
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Result<Vec<Settled>, InboxError> {
        self.inbox.settle(settlements).await
    }

    async fn list(&self, query: Query) -> Result<Page<EventInfo>, InboxError> {
        self.permit().await;
        if self.is_slow && query.limit == 1 {
            pending::<()>().await;
        }
        self.inbox.list(query).await
    }

    async fn count(&self, filter: Filter) -> Result<Count, InboxError> {
        self.permit().await;
        if self.is_slow {
            pending::<()>().await;
        }
        self.inbox.count(filter).await
    }

    async fn get(&self, key: EventKey) -> Result<Option<StoredEvent>, InboxError> {
        self.permit().await;
        self.inbox.get(key).await
    }

    async fn replay(&self, which: Select, max: u32) -> Result<u64, InboxError> {
        self.permit().await;
        self.faulty(self.inbox.replay(which, max)).await
    }

    async fn discard(&self, which: Select, max: u32) -> Result<u64, InboxError> {
        self.permit().await;
        self.faulty(self.inbox.discard(which, max)).await
    }

    async fn depth(&self) -> Result<Depth, InboxError> {
        self.permit().await;
        self.inbox.depth().await
    }

    async fn prune(&self, older_than: Duration, max: u32) -> Result<u64, InboxError> {
        self.inbox.prune(older_than, max).await
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    async fn add_audit(&self, record: AuditRecord) -> Result<(), InboxError> {
        if self.refuses_audit {
            return Err(InboxError::Full("no room".into()));
        }
        self.inbox.add_audit(record).await
    }

    async fn audit(&self, before: Option<u64>, limit: u32) -> Result<Vec<AuditEntry>, InboxError> {
        self.inbox.audit(before, limit).await
    }
}
