//! Sessions whose transactions are isolated more strictly than by default.

use std::sync::Arc;

use panora_hooks::{inbox::EventState, testing::sample, transactions::PostgresTransactions};
use sqlx::postgres::PgPoolOptions;
use tokio::sync::{Semaphore, mpsc};
use tower::ServiceExt;

use crate::{
    application::{App, Database, effect, verifier, webhooks},
    receiver::Receiver,
};

/// The attempt that waits for the marker fails with a conflict, although it was the last one. The
/// next attempt finds the marker.
#[tokio::test]
async fn concurrent_attempts_have_one_effect_in_each_isolation() {
    for isolation in ["read committed", "repeatable read", "serializable"] {
        let Some(database) = Database::new().await else { return };
        let options = database.options().options([("default_transaction_isolation", isolation)]);
        let transactions = || {
            let pool = PgPoolOptions::new().max_connections(2).connect_lazy_with(options.clone());
            PostgresTransactions::new(pool).schema(&database.schema)
        };
        let (enter, mut entered) = mpsc::unbounded_channel();
        let gate = Arc::new(Semaphore::new(0));
        let wait = Arc::clone(&gate);
        let app = App::new(move |meta, mut tx| {
            let (enter, wait) = (enter.clone(), Arc::clone(&wait));
            async move {
                effect(&meta, &mut tx).await?;
                enter.send(())?;
                wait.acquire().await?.forget();
                Ok(())
            }
        });
        let sample = sample("crm.contact.created");
        let router = webhooks(app, transactions()).into_router::<()>("/webhook");
        let first = tokio::spawn(router.oneshot(sample.request(&verifier(), "/webhook")));
        entered.recv().await.unwrap();
        let receiver =
            Receiver::start(webhooks(App::happy(), transactions()), |webhooks| webhooks.max_attempts(1));
        receiver.deliver(&sample).await;
        database.session("wait_event_type = 'Lock'").await;
        gate.add_permits(1);
        assert_eq!(first.await.unwrap().unwrap().status(), 200);
        receiver.idle().await;
        let event = receiver.event().await;
        assert_eq!(event.state, EventState::Done, "{isolation}: {event:?}");
        assert_eq!((database.effects().await, database.markers().await), (1, 1), "{isolation}");
    }
}
