//! A negative example: an inbox that acknowledges events that are not on the disk yet.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use panora_hooks::inbox::{
    Depth, EventInfo, EventKey, Inbox, InboxError, LeaseRequest, Leased, NewEvent, Page, Put, Query, Select,
    Settled, Settlement, SqliteInbox, StoredEvent,
};
use rusqlite::{Connection, params};

/// A `SqliteInbox` whose events are stored with `synchronous=NORMAL`.
#[derive(Clone)]
pub(crate) struct Careless {
    inbox: SqliteInbox,
    connection: Arc<Mutex<Connection>>,
}

impl Careless {
    pub(crate) fn open(path: impl AsRef<Path>) -> anyhow::Result<Self> {
        let inbox = SqliteInbox::open(&path)?;
        let connection = Connection::open(path)?;
        connection.execute_batch("PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=0")?;
        connection.busy_timeout(Duration::from_secs(5))?;
        Ok(Self { inbox, connection: Arc::new(Mutex::new(connection)) })
    }
}

fn put(connection: &mut Connection, batch: &[NewEvent]) -> rusqlite::Result<Vec<Put>> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = i64::try_from(now.as_micros()).unwrap_or(i64::MAX);
    let transaction = connection.transaction()?;
    let mut puts = Vec::new();
    for event in batch {
        transaction
            .prepare_cached(
                "INSERT INTO event(key, id_event, type, received, data) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![event.identity(), event.id(), event.wire_type(), now, event.data()])?;
        let seq = transaction.last_insert_rowid();
        transaction
            .prepare_cached("INSERT INTO due(seq, due, attempts) VALUES (?1, ?2, 0)")?
            .execute([seq, now])?;
        puts.push(Put::Stored(EventKey::new(seq.unsigned_abs().into())));
    }
    transaction.commit()?;
    Ok(puts)
}

impl Inbox for Careless {
    async fn put(&self, batch: Vec<NewEvent>) -> Result<Vec<Put>, InboxError> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        put(&mut connection, &batch).map_err(|error| InboxError::Other(error.into()))
    }

    async fn lease(&self, request: LeaseRequest) -> Result<Vec<Leased>, InboxError> {
        self.inbox.lease(request).await
    }

    async fn settle(&self, items: Vec<Settlement>) -> Result<Vec<Settled>, InboxError> {
        self.inbox.settle(items).await
    }

    async fn list(&self, query: Query) -> Result<Page<EventInfo>, InboxError> {
        self.inbox.list(query).await
    }

    async fn get(&self, id: EventKey) -> Result<Option<StoredEvent>, InboxError> {
        self.inbox.get(id).await
    }

    async fn replay(&self, which: Select, max: u32) -> Result<u64, InboxError> {
        self.inbox.replay(which, max).await
    }

    async fn depth(&self) -> Result<Depth, InboxError> {
        self.inbox.depth().await
    }

    async fn prune(&self, older_than: Duration, max: u32) -> Result<u64, InboxError> {
        self.inbox.prune(older_than, max).await
    }
}
