//! Ranges of time while the clock of a receiver was wrong.

use std::time::{Duration, SystemTime};

use panora_hooks::inbox::{EventKey, EventState, Filter, Inbox, ParkReason, Put, Query, Select};
use rusqlite::Connection;

use crate::{
    events::contact,
    stores::{Postgres, Sqlite, Store},
};

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;

/// The events of a receiver whose clock is wrong, in the middle of 100.
const WRONG: std::ops::Range<usize> = 30..70;

async fn keys(inbox: &impl Inbox, query: Query) -> Vec<EventKey> {
    let page = inbox.list(query.limit(1000)).await.unwrap();
    page.items.into_iter().map(|info| info.key).collect()
}

fn time(micros: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(micros.unsigned_abs())
}

/// Checks a store with 100 events. One arrived each minute until now, and the clock of a receiver
/// was wrong by `error`. `set` sets the time at which an event arrived.
async fn check(inbox: &impl Inbox, error: i64, set: impl AsyncFn(EventKey, i64)) {
    let events = (0..100).map(|number| contact(number).parked(ParkReason::Unhandled)).collect();
    let mut stored: Vec<_> = inbox.put(events).await.unwrap().into_iter().map(Put::key).collect();
    // A store may give the keys of a batch in any order.
    stored.sort_unstable();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_micros();
    let now = i64::try_from(now).unwrap();
    let received: Vec<_> = (0..100_i64)
        .zip(0..)
        .map(|(minute, number)| {
            now - (100 - minute) * MINUTE + if WRONG.contains(&number) { error } else { 0 }
        })
        .collect();
    for (key, at) in stored.iter().zip(&received) {
        set(*key, *at).await;
    }
    let selected = |is_selected: &dyn Fn(i64) -> bool| {
        let all = stored.iter().zip(&received);
        all.filter(|(_, at)| is_selected(**at)).map(|(key, _)| *key).collect::<Vec<_>>()
    };

    let before_now = Filter::new().received_before(time(now));
    let mut expected = selected(&|at| at < now);
    assert_eq!(keys(inbox, Query::new(before_now.clone())).await, expected);
    assert_eq!(inbox.count(before_now.clone()).await.unwrap(), expected.len() as u64);
    expected.reverse();
    assert_eq!(keys(inbox, Query::new(before_now).newest_first()).await, expected);

    // Operations are exact for any range.
    let in_state = |state| Query::new(Filter::new().state(state));
    let (from, before) = (now - 90 * MINUTE, now - 10 * MINUTE);
    let which = Select::All(Filter::new().received_from(time(from)).received_before(time(before)));
    let expected = selected(&|at| (from..before).contains(&at));
    assert_eq!(inbox.replay(which, 1000).await.unwrap(), expected.len() as u64);
    assert_eq!(keys(inbox, in_state(EventState::Ready)).await, expected);
    let (from, before) = (now + error - 71 * MINUTE, now + error - 29 * MINUTE);
    let which = Select::All(Filter::new().received_from(time(from)).received_before(time(before)));
    let mut parked = keys(inbox, in_state(EventState::Parked)).await;
    let of_range = selected(&|at| (from..before).contains(&at));
    let expected: Vec<_> = parked.extract_if(.., |key| of_range.contains(key)).collect();
    assert_eq!(expected.len(), WRONG.len());
    assert_eq!(inbox.discard(which, 1000).await.unwrap(), expected.len() as u64);
    assert_eq!(keys(inbox, in_state(EventState::Parked)).await, parked);
}

/// Errors of clocks that are ahead and behind.
const ERRORS: [i64; 4] = [3 * HOUR, 25 * HOUR, -3 * HOUR, -25 * HOUR];

#[tokio::test]
async fn events_with_a_wrong_time_hide_no_others_in_sqlite() {
    for error in ERRORS {
        let store = Sqlite::new();
        let connection = Connection::open(store.path()).unwrap();
        let set = async |key: EventKey, at: i64| {
            let seq = i64::try_from(key.number()).unwrap();
            connection.execute("UPDATE event SET received = ?2 WHERE seq = ?1", [seq, at]).unwrap();
        };
        check(&store.inbox(), error, set).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_with_a_wrong_time_hide_no_others_in_postgres() {
    for error in ERRORS {
        let Some(store) = Postgres::new().await else { return };
        let set = async |key: EventKey, at: i64| {
            store.execute(&format!("UPDATE @event SET received = {at} WHERE seq = {key}")).await;
        };
        check(&store.inbox(), error, set).await;
    }
}
