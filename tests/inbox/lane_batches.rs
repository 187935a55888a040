//! Operations on the events of many lanes, in several batches.

use panora_hooks::inbox::{EventState, Filter, Inbox, Lane, NewEvent, Select};

use crate::{
    events::contact,
    stores::{Memory, Postgres, Sqlite, Store},
};

/// Puts two events into each lane. The second ones come last.
async fn fill(inbox: &impl Inbox, lanes: u32) {
    let event = |name: &str, lane: u32| -> NewEvent {
        let bytes = u128::from(lane).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes();
        contact(format!("{name} {lane}")).in_lane(Lane::from_bytes(bytes))
    };
    for name in ["first", "second"] {
        for first in (0..lanes).step_by(500) {
            let batch = (first..lanes.min(first + 500)).map(|lane| event(name, lane));
            inbox.put(batch.collect()).await.unwrap();
        }
    }
}

/// Drops all heads, more of them than a batch has.
async fn a_discard_of_heads_leaves_their_successors(inbox: impl Inbox, lanes: u32) {
    fill(&inbox, lanes).await;
    let ready = || Select::All(Filter::new().state(EventState::Ready));
    for _ in 0..2 {
        assert_eq!(inbox.discard(ready(), u32::MAX).await.unwrap(), u64::from(lanes));
        assert_eq!(inbox.depth().await.unwrap().waiting, 0);
    }
    assert!(inbox.depth().await.unwrap().is_idle());
}

#[tokio::test]
async fn a_discard_of_many_heads_leaves_their_successors_in_memory() {
    a_discard_of_heads_leaves_their_successors(Memory::new().inbox(), 450).await;
}

#[tokio::test]
async fn a_discard_of_many_heads_leaves_their_successors_in_sqlite() {
    // Of more than 10,000 ready events, each batch looks for the next ones.
    for lanes in [450, 10_100] {
        a_discard_of_heads_leaves_their_successors(Sqlite::new().inbox(), lanes).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_discard_of_many_heads_leaves_their_successors_in_postgres() {
    let Some(store) = Postgres::new().await else { return };
    a_discard_of_heads_leaves_their_successors(store.inbox(), 450).await;
}
