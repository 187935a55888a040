//! Notifications of stored events, to and from other processes.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sqlx::{PgPool, postgres::PgListener};
use tokio::{runtime::Handle, sync::Mutex};

use super::session::{Sessions, connect_options, own_options};

/// The pause before a lost connection is opened again.
const PAUSE: Duration = Duration::from_secs(1);

/// A connection on which notifications arrive. It is opened when a worker first waits.
///
/// The connection does not belong to the [sessions](Sessions), because it is in use all the time:
/// it must not be the last one that can store.
pub(super) struct Listener {
    given: PgPool,
    channel: String,
    /// Holds one connection at most.
    own: PgPool,
    subscription: Mutex<Option<Subscription>>,
}

impl Listener {
    pub(super) fn new(given: PgPool, channel: &str) -> Self {
        let options = own_options(&given).max_connections(1);
        let own = options.connect_lazy_with(connect_options(&given));
        Self { given, channel: channel.to_owned(), own, subscription: Mutex::default() }
    }

    /// Resolves when an event was announced, or may have been while the connection was lost.
    pub(super) async fn arrived(&self) {
        loop {
            let mut closed = self.given.close_event();
            match closed.do_until(self.try_listen()).await {
                Ok(Ok(())) => return,
                Ok(Err(error)) => {
                    tracing::debug!("announcements of events cannot be received: {error}");
                    tokio::time::sleep(PAUSE).await;
                }
                Err(_) => {
                    drop(self.subscription.lock().await.take());
                    self.own.close().await;
                    return pending().await;
                }
            }
        }
    }

    async fn try_listen(&self) -> sqlx::Result<()> {
        let mut place = self.subscription.lock().await;
        if place.is_none() {
            self.own.set_connect_options(connect_options(&self.given));
            let listener = PgListener::connect_with(&self.own).await?;
            let mut subscription = Subscription { listener: Some(listener), runtime: Handle::current() };
            subscription.get()?.listen(&self.channel).await?;
            *place = Some(subscription);
        }
        let Some(subscription) = &mut *place else { return Ok(()) };
        let heard = subscription.get()?.try_recv().await;
        if heard.is_err() {
            // A failed connection is not used again.
            *place = None;
        }
        heard.map(drop)
    }
}

/// A listener that may be dropped anywhere. `PgListener` panics if it is dropped outside of a
/// runtime.
struct Subscription {
    listener: Option<PgListener>,
    runtime: Handle,
}

impl Subscription {
    fn get(&mut self) -> sqlx::Result<&mut PgListener> {
        self.listener.as_mut().ok_or(sqlx::Error::PoolClosed)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let _entered = self.runtime.enter();
        drop(self.listener.take());
    }
}

/// Announces events to other processes.
///
/// The announcement is not part of the transaction that stores the events, because notifications
/// make commits wait for each other. One announcement is enough for all batches that were stored
/// before it.
#[derive(Clone, Default)]
pub(super) struct Announcer {
    is_announcing: Arc<AtomicBool>,
}

impl Announcer {
    pub(super) fn announce(&self, sessions: Arc<Sessions>, channel: &str) {
        if self.is_announcing.swap(true, Ordering::AcqRel) {
            return;
        }
        let is_announcing = Arc::clone(&self.is_announcing);
        let notify = sqlx::query("SELECT pg_notify($1, '')").bind(channel.to_owned());
        tokio::spawn(async move {
            is_announcing.store(false, Ordering::Release);
            if let Err(error) = sessions.fetch(notify).await {
                // Other workers poll every second anyway.
                tracing::debug!("other workers are not notified: {}", crate::inbox::error::chain(&error));
            }
        });
    }
}
