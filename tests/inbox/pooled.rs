//! A store with a single connection, which waiting operations get in order, in virtual time.

use std::{sync::Arc, time::Duration};

use panora_hooks::inbox::{
    Depth, EventInfo, EventKey, Inbox, InboxError, LeaseRequest, Leased, MemoryInbox, NewEvent, Page, Put,
    Query, Select, Settled, Settlement, StoredEvent,
};
use tokio::{
    sync::Semaphore,
    time::{Instant, sleep},
};

use crate::{
    events::contact,
    receiver::{App, webhooks},
    virtual_time::{Running, memory, run},
};

/// A store in which every operation takes the connection for a millisecond.
#[derive(Clone)]
struct Pooled {
    inner: MemoryInbox,
    connection: Arc<Semaphore>,
}

impl Pooled {
    async fn with_connection<T>(&self, work: impl Future<Output = T>) -> T {
        let _connection = self.connection.acquire().await.unwrap();
        sleep(Duration::from_millis(1)).await;
        work.await
    }
}

impl Inbox for Pooled {
    async fn put(&self, batch: Vec<NewEvent>) -> Result<Vec<Put>, InboxError> {
        self.with_connection(self.inner.put(batch)).await
    }

    async fn lease(&self, request: LeaseRequest) -> Result<Vec<Leased>, InboxError> {
        self.with_connection(self.inner.lease(request)).await
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Result<Vec<Settled>, InboxError> {
        self.with_connection(self.inner.settle(settlements)).await
    }

    async fn list(&self, query: Query) -> Result<Page<EventInfo>, InboxError> {
        self.with_connection(self.inner.list(query)).await
    }

    async fn get(&self, key: EventKey) -> Result<Option<StoredEvent>, InboxError> {
        self.with_connection(self.inner.get(key)).await
    }

    async fn replay(&self, which: Select, max: u32) -> Result<u64, InboxError> {
        self.with_connection(self.inner.replay(which, max)).await
    }

    async fn depth(&self) -> Result<Depth, InboxError> {
        self.with_connection(self.inner.depth()).await
    }

    async fn prune(&self, older_than: Duration, max: u32) -> Result<u64, InboxError> {
        self.with_connection(self.inner.prune(older_than, max)).await
    }
}

#[test]
fn a_request_that_waits_for_a_connection_does_not_hold_up_another() {
    run(async {
        let inbox = Pooled { inner: memory(), connection: Arc::new(Semaphore::new(1)) };
        inbox.inner.put((0..500).map(contact).collect()).await.unwrap();
        // Other tasks use the connection, too.
        for _ in 0..2 {
            let inbox = inbox.clone();
            tokio::spawn(async move {
                loop {
                    inbox.depth().await.unwrap();
                }
            });
        }
        let (app, begun) = App::new(async |meta: panora_hooks::Metadata| {
            sleep(Duration::from_millis(meta.id.len() as u64)).await;
            Ok(())
        });
        let started = Instant::now();
        let (_router, worker) = webhooks(app, inbox.clone()).concurrency(8).into_parts::<()>("/webhook");
        let running = Running::start(worker);
        while !inbox.inner.depth().await.unwrap().is_idle() {
            sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(begun.try_iter().count(), 500);
        // A request is given up after 5 seconds.
        assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
        running.stop().await;
    });
}
