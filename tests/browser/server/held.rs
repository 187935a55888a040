//! An inbox whose replays and drops can be held, so that a test sees an action while it runs.

use std::{
    ops::Range,
    time::{Duration, SystemTime},
};

use panora_hooks::inbox::{
    AttemptInfo, AuditEntry, AuditRecord, Capabilities, Count, Depth, ErrorGroup, EventInfo, EventKey,
    Figures, Filter, Inbox, InboxError, LeaseRequest, Leased, MemoryInbox, NewEvent, Page, Put, Query,
    Select, Settled, Settlement, StatisticsStep, StoredEvent,
};
use tokio::sync::watch;

#[derive(Clone)]
pub(crate) struct Held {
    inbox: MemoryInbox,
    is_held: watch::Receiver<bool>,
}

impl Held {
    pub(crate) fn new(inbox: MemoryInbox, is_held: watch::Receiver<bool>) -> Self {
        Self { inbox, is_held }
    }

    async fn released(&self) {
        // An error means that the program ends.
        let _ = self.is_held.clone().wait_for(|is_held| !is_held).await;
    }
}

impl Inbox for Held {
    async fn replay(&self, which: Select, max: u32) -> Result<u64, InboxError> {
        self.released().await;
        self.inbox.replay(which, max).await
    }

    async fn discard(&self, which: Select, max: u32) -> Result<u64, InboxError> {
        self.released().await;
        self.inbox.discard(which, max).await
    }

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
        self.inbox.list(query).await
    }

    async fn get(&self, key: EventKey) -> Result<Option<StoredEvent>, InboxError> {
        self.inbox.get(key).await
    }

    async fn depth(&self) -> Result<Depth, InboxError> {
        self.inbox.depth().await
    }

    async fn prune(&self, older_than: Duration, max: u32) -> Result<u64, InboxError> {
        self.inbox.prune(older_than, max).await
    }

    fn capabilities(&self) -> Capabilities {
        self.inbox.capabilities()
    }

    async fn count(&self, filter: Filter) -> Result<Count, InboxError> {
        self.inbox.count(filter).await
    }

    async fn attempts(&self, key: EventKey) -> Result<Vec<AttemptInfo>, InboxError> {
        self.inbox.attempts(key).await
    }

    async fn error_groups(&self, limit: u32) -> Result<Vec<ErrorGroup>, InboxError> {
        self.inbox.error_groups(limit).await
    }

    async fn add_figures(&self, figures: Vec<(String, Figures)>) -> Result<(), InboxError> {
        self.inbox.add_figures(figures).await
    }

    async fn statistics(
        &self,
        range: Range<SystemTime>,
        step: Duration,
    ) -> Result<Vec<StatisticsStep>, InboxError> {
        self.inbox.statistics(range, step).await
    }

    async fn add_audit(&self, record: AuditRecord) -> Result<(), InboxError> {
        self.inbox.add_audit(record).await
    }

    async fn pause(&self, pattern: String) -> Result<bool, InboxError> {
        self.inbox.pause(pattern).await
    }

    async fn resume(&self, pattern: String) -> Result<bool, InboxError> {
        self.inbox.resume(pattern).await
    }

    async fn paused(&self) -> Result<Vec<String>, InboxError> {
        self.inbox.paused().await
    }

    async fn audit(&self, before: Option<u64>, limit: u32) -> Result<Vec<AuditEntry>, InboxError> {
        self.inbox.audit(before, limit).await
    }
}
