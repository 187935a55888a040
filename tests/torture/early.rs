//! A negative example: an inbox that acknowledges events before it stores them.

use std::{path::Path, time::Duration};

use panora_hooks::inbox::{
    Depth, EventInfo, EventKey, Inbox, InboxError, LeaseRequest, Leased, NewEvent, OpenError, Page, Put,
    Query, Select, Settled, Settlement, SqliteInbox, StoredEvent,
};

/// A `SqliteInbox` that stores events in a task of its own.
#[derive(Clone)]
pub(crate) struct Early(SqliteInbox);

impl Early {
    pub(crate) fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        SqliteInbox::open(path).map(Self)
    }
}

impl Inbox for Early {
    async fn put(&self, batch: Vec<NewEvent>) -> Result<Vec<Put>, InboxError> {
        let puts = batch.iter().map(|_| Put::Stored(EventKey::new(1))).collect();
        let inbox = self.0.clone();
        tokio::spawn(async move { inbox.put(batch).await });
        Ok(puts)
    }

    async fn lease(&self, request: LeaseRequest) -> Result<Vec<Leased>, InboxError> {
        self.0.lease(request).await
    }

    async fn settle(&self, items: Vec<Settlement>) -> Result<Vec<Settled>, InboxError> {
        self.0.settle(items).await
    }

    async fn list(&self, query: Query) -> Result<Page<EventInfo>, InboxError> {
        self.0.list(query).await
    }

    async fn get(&self, key: EventKey) -> Result<Option<StoredEvent>, InboxError> {
        self.0.get(key).await
    }

    async fn replay(&self, which: Select, max: u32) -> Result<u64, InboxError> {
        self.0.replay(which, max).await
    }

    async fn depth(&self) -> Result<Depth, InboxError> {
        self.0.depth().await
    }

    async fn prune(&self, older_than: Duration, max: u32) -> Result<u64, InboxError> {
        self.0.prune(older_than, max).await
    }
}
