//! Hearing of other processes' events.

use std::{future::pending, time::Duration};

use sqlx::postgres::PgListener;

use super::PostgresInbox;

/// How long it is until a connection that was lost is tried again.
const PAUSE: Duration = Duration::from_secs(1);

impl PostgresInbox {
    /// Resolves when somebody has announced an event.
    ///
    /// Never if there is only one connection: that is for what cannot do without.
    pub(super) async fn listen(&self) {
        if self.pool.options().get_max_connections() < 2 {
            return pending().await;
        }
        loop {
            match self.try_listen().await {
                Ok(()) => return,
                Err(error) => {
                    tracing::debug!("announcements of events are not heard: {error}");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    async fn try_listen(&self) -> sqlx::Result<()> {
        let mut place = self.listener.lock().await;
        // Taken out: one that has failed is not used again.
        let mut listener = if let Some(listener) = place.take() {
            listener
        } else {
            let mut listener = PgListener::connect_with(&self.pool).await?;
            listener.listen(self.schema.name()).await?;
            listener
        };
        listener.recv().await?;
        *place = Some(listener);
        Ok(())
    }
}
