//! Our stores keep every rule of the published contract, and skip none.

use std::time::Duration;

use panora_hooks::{
    inbox::{Capabilities, Inbox, LeaseRequest},
    testing::inbox_contract::{Harness, Restart},
};

use crate::{
    events::event,
    stores::{Memory, Postgres, Sqlite, Store, on_every_store},
};

/// The harness of one of our stores, which supports everything, so no rule is skipped.
pub struct Ours<S>(pub S);

impl<S: Store> Harness for Ours<S> {
    type Inbox = S::Inbox;

    fn inbox(&self) -> S::Inbox {
        self.0.inbox()
    }

    async fn advance(&self, by: Duration) -> bool {
        self.0.jump(by.as_micros().try_into().unwrap()).await;
        true
    }

    async fn set_back(&self, by: Duration) -> bool {
        self.0.jump(-i64::try_from(by.as_micros()).unwrap()).await;
        true
    }

    async fn restart(&mut self) -> Restart {
        if self.0.restart().await { Restart::LeasesFreed } else { Restart::LeasesKept }
    }
}

mod memory {
    panora_hooks::testing::inbox_contract::tests! {
        #[tokio::test]
        let harness = super::Ours(super::Memory::new());
    }
}

mod sqlite {
    panora_hooks::testing::inbox_contract::tests! {
        #[tokio::test]
        let harness = super::Ours(super::Sqlite::new());
    }
}

mod postgres {
    panora_hooks::testing::inbox_contract::tests! {
        // Two threads: `Postgres::drop` blocks one until the pool has ended its transactions.
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        let harness = match super::Postgres::new().await {
            Some(store) => super::Ours(store),
            None => return,
        };
    }
}

mod beyond {
    use super::{large_events_are_leased_apart, on_every_store, our_stores_have_every_part};

    on_every_store! {
        large_events_are_leased_apart,
        our_stores_have_every_part,
    }
}

/// Without an optional part, its rules are skipped.
async fn our_stores_have_every_part(store: impl Store) {
    assert_eq!(store.inbox().capabilities(), Capabilities::ALL);
}

/// Our stores limit the bytes of a lease, which bounds the memory of a worker.
async fn large_events_are_leased_apart(store: impl Store) {
    let inbox = store.inbox();
    let large = |number: usize| {
        let data = serde_json::json!({ "number": number, "text": "x".repeat(12 << 20) }).to_string();
        event(&number.to_string(), "crm.note.push", &data)
    };
    for number in 0..4 {
        inbox.put(vec![large(number)]).await.unwrap();
    }
    let mut seen = Vec::new();
    while seen.len() < 4 {
        let leased = inbox.lease(LeaseRequest::new(64, Duration::from_secs(60))).await.unwrap();
        assert!(matches!(leased.len(), 1..=3), "{}", leased.len());
        seen.extend(leased.into_iter().map(|leased| leased.id));
    }
    assert_eq!(seen, ["0", "1", "2", "3"]);
}
