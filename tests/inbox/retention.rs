//! Retention: a worker drops data and identities, in virtual time.

use std::{sync::atomic::Ordering, time::Duration};

use panora_hooks::inbox::{EventState, Inbox};
use tokio::time::sleep;

use crate::{
    events::{contact, is_duplicate, is_stored},
    receiver::{App, webhooks},
    virtual_time::{Running, memory, memory_ahead, only, run},
};

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn data_and_identities_are_dropped_after_their_own_retention() {
    run(async {
        let inbox = memory();
        inbox.put(vec![contact("ada")]).await.unwrap();
        let (app, _begun) = App::happy();
        let (_router, worker) =
            webhooks(app, inbox.clone()).retention(2 * HOUR, 10 * HOUR).into_parts::<()>("/webhook");
        let running = Running::start(worker);
        sleep(HOUR).await;
        assert!(only(&inbox, EventState::Done).await.size.is_some());
        sleep(2 * HOUR).await;
        assert!(only(&inbox, EventState::Done).await.size.is_none(), "its data is dropped");
        sleep(5 * HOUR).await;
        assert!(is_duplicate(inbox.put(vec![contact("ada")]).await.unwrap()[0]));
        sleep(3 * HOUR).await;
        assert!(is_stored(inbox.put(vec![contact("ada")]).await.unwrap()[0]), "its identity is dropped");
        running.stop().await;
    });
}

#[test]
fn events_recover_when_a_clock_that_was_ahead_is_set_back() {
    run(async {
        let (inbox, ahead) = memory_ahead();
        ahead.store(365 * 24 * 3_600_000_000, Ordering::SeqCst);
        inbox.put(vec![contact("ada")]).await.unwrap();
        ahead.store(0, Ordering::SeqCst);
        assert_eq!(inbox.depth().await.unwrap().delayed, 1);
        let (app, begun) = App::happy();
        let (_router, worker) = webhooks(app, inbox.clone()).into_parts::<()>("/webhook");
        let running = Running::start(worker);
        sleep(Duration::from_secs(120)).await;
        assert_eq!(begun.try_iter().count(), 1);
        only(&inbox, EventState::Done).await;
        running.stop().await;
    });
}
