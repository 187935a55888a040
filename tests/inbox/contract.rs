//! What `Inbox` promises, on every store.

use std::time::{Duration, SystemTime};

use panora_hooks::inbox::{
    Decision, Depth, EventState, Filter, Inbox, LeaseRequest, LeaseToken, Leased, ParkReason, Put, Query,
    Select, Settled, Settlement,
};

use crate::{
    events::{contact, event, is_duplicate, is_stored},
    stores::{Store, on_every_store},
};

const LEASE: Duration = Duration::from_secs(60);
const SECOND: i64 = 1_000_000;

on_every_store! {
    what_is_put_is_leased_as_it_was,
    the_same_event_is_stored_once,
    a_batch_may_hold_the_same_event_twice,
    an_object_under_another_id_or_type_is_parked,
    a_list_under_another_id_is_an_event,
    texts_may_hold_anything,
    a_lease_is_exclusive_until_it_ends,
    a_stale_token_settles_nothing,
    an_extended_lease_lasts_longer,
    a_retry_waits,
    a_released_event_has_not_been_tried,
    a_dead_event_has_its_reason,
    replay_runs_what_is_over,
    a_duplicate_does_not_finish_an_event,
    what_is_done_is_pruned_and_then_forgotten,
    what_is_not_done_is_not_pruned,
    what_is_discarded_is_known_but_gone,
    lists_have_pages_and_filters,
    large_events_are_leased_apart,
    the_depth_is_of_each_state,
    a_restart_keeps_everything,
    an_empty_batch_is_taken,
    copies_at_once_are_stored_once,
    a_lease_that_ran_out_is_an_interruption,
}

async fn put_one(inbox: &impl Inbox, name: &str) -> panora_hooks::inbox::EventKey {
    inbox.put(vec![contact(name)]).await.unwrap()[0].key()
}

async fn lease_one(inbox: &impl Inbox) -> Leased {
    let mut leased = inbox.lease(LeaseRequest::new(2, LEASE)).await.unwrap();
    assert_eq!(leased.len(), 1);
    leased.pop().unwrap()
}

async fn settle_one(inbox: &impl Inbox, token: LeaseToken, decision: Decision) -> Settled {
    inbox.settle(vec![Settlement::new(token, decision)]).await.unwrap()[0]
}

async fn state(inbox: &impl Inbox, key: panora_hooks::inbox::EventKey) -> EventState {
    inbox.get(key).await.unwrap().unwrap().info.state
}

pub async fn what_is_put_is_leased_as_it_was(store: impl Store) {
    let inbox = store.inbox();
    let before = SystemTime::now();
    let new = event("7197465d", "crm.company.push", r#""{\"name\":\"Akmé\"}""#);
    let put = inbox.put(vec![new.clone()]).await.unwrap();
    assert!(is_stored(put[0]));

    let leased = lease_one(&inbox).await;
    assert_eq!(leased.token.key(), put[0].key());
    assert_eq!(leased.id, "7197465d");
    assert_eq!(leased.wire_type, "crm.company.push");
    assert_eq!(leased.data, new.data());
    assert_eq!(&leased.content, new.content());
    assert_eq!((leased.attempt, leased.is_interrupted), (1, false));
    assert!(leased.received_at.duration_since(before).unwrap() < Duration::from_secs(60));

    assert_eq!(settle_one(&inbox, leased.token, Decision::Complete).await, Settled::Applied);
    assert!(inbox.lease(LeaseRequest::new(1, LEASE)).await.unwrap().is_empty());
    let stored = inbox.get(put[0].key()).await.unwrap().unwrap();
    assert_eq!(stored.info.state, EventState::Done);
    assert_eq!(stored.info.attempts, 1);
    assert_eq!(stored.info.event_type(), "crm.company.created");
    assert_eq!(stored.data.as_deref(), Some(new.data()));
}

async fn the_same_event_is_stored_once(store: impl Store) {
    let inbox = store.inbox();
    let first = inbox.put(vec![contact("ada")]).await.unwrap()[0];
    let second = inbox.put(vec![contact("ada")]).await.unwrap()[0];
    assert!(is_stored(first) && is_duplicate(second));
    assert_eq!(first.key(), second.key());
    let leased = lease_one(&inbox).await;
    settle_one(&inbox, leased.token, Decision::Complete).await;
    assert!(is_duplicate(inbox.put(vec![contact("ada")]).await.unwrap()[0]));
    assert!(inbox.lease(LeaseRequest::new(1, LEASE)).await.unwrap().is_empty());
}

async fn a_batch_may_hold_the_same_event_twice(store: impl Store) {
    let inbox = store.inbox();
    let replay = event("other", "crm.contact.created", contact("ada").data());
    let batch = vec![contact("ada"), contact("grace"), contact("ada"), replay.clone(), replay];
    let puts = inbox.put(batch).await.unwrap();
    assert!(is_stored(puts[0]) && is_stored(puts[1]) && is_duplicate(puts[2]), "{puts:?}");
    assert!(matches!(puts[3], Put::Parked(_, ParkReason::Replayed)), "{puts:?}");
    assert!(is_duplicate(puts[4]), "{puts:?}");
    assert_eq!(puts[0].key(), puts[2].key());
    assert_eq!(puts[3].key(), puts[4].key());
    assert_eq!(inbox.depth().await.unwrap().ready, 2);
}

pub async fn an_object_under_another_id_or_type_is_parked(store: impl Store) {
    let inbox = store.inbox();
    for data in [r#"{"a":1}"#, r#""{\"a\":1}""#, r#"" \n{\"b\":1}""#] {
        assert!(is_stored(inbox.put(vec![event("1", "x", data)]).await.unwrap()[0]), "{data}");
        for (id, wire_type) in [("2", "x"), ("1", "y"), ("2", "y")] {
            let replay = || vec![event(id, wire_type, data)];
            let put = inbox.put(replay()).await.unwrap()[0];
            assert!(matches!(put, Put::Parked(_, ParkReason::Replayed)), "{data} {put:?}");
            assert!(is_duplicate(inbox.put(replay()).await.unwrap()[0]), "{data}");
            let info = inbox.get(put.key()).await.unwrap().unwrap().info;
            assert_eq!((info.state, info.reason.as_deref()), (EventState::Parked, Some("replayed")));
        }
    }
    // Concatenated, they are the same.
    assert!(is_stored(inbox.put(vec![event("ab", "c", r#"{"c":1}"#)]).await.unwrap()[0]));
    let put = inbox.put(vec![event("a", "bc", r#"{"c":1}"#)]).await.unwrap()[0];
    assert!(matches!(put, Put::Parked(_, ParkReason::Replayed)));
}

async fn a_list_under_another_id_is_an_event(store: impl Store) {
    let inbox = store.inbox();
    for data in ["[]", r#""[]""#, r#"" [{\"a\":1}]""#, "null", r#""null""#] {
        for (id, wire_type) in [("1", "x"), ("2", "x"), ("3", "y")] {
            let put = inbox.put(vec![event(id, wire_type, data)]).await.unwrap()[0];
            assert!(is_stored(put), "{data} {id}");
            let put = inbox.put(vec![event(id, wire_type, data)]).await.unwrap()[0];
            assert!(is_duplicate(put), "{data} {id}");
        }
    }
}

async fn texts_may_hold_anything(store: impl Store) {
    let inbox = store.inbox();
    let long = "x".repeat(100_000);
    let texts = ["\0", "a\0b", "\u{1F980}", "'; DROP TABLE event; --", "$1", &long];
    for (number, text) in texts.into_iter().enumerate() {
        let data = serde_json::json!({ "number": number, "text": text }).to_string();
        let put = inbox.put(vec![event(text, text, &data)]).await.unwrap()[0];
        assert!(is_stored(put), "{text:?}");
        let stored = inbox.get(put.key()).await.unwrap().unwrap();
        assert_eq!((&*stored.info.id, &*stored.info.wire_type), (text, text));
        let leased = lease_one(&inbox).await;
        assert_eq!((&*leased.id, &*leased.wire_type, &*leased.data), (text, text, &*data));
        let reason = format!("because of {text}");
        settle_one(&inbox, leased.token, Decision::Bury(reason.clone())).await;
        assert_eq!(inbox.get(put.key()).await.unwrap().unwrap().info.reason, Some(reason));
    }
}

pub async fn a_lease_is_exclusive_until_it_ends(store: impl Store) {
    let inbox = store.inbox();
    put_one(&inbox, "ada").await;
    let first = lease_one(&inbox).await;
    assert!(inbox.lease(LeaseRequest::new(1, LEASE)).await.unwrap().is_empty());
    assert_eq!(inbox.depth().await.unwrap().leased, 1);
    store.jump(59 * SECOND).await;
    assert!(inbox.lease(LeaseRequest::new(1, LEASE)).await.unwrap().is_empty());
    store.jump(2 * SECOND).await;
    let second = lease_one(&inbox).await;
    assert_eq!((second.attempt, second.is_interrupted), (2, true));
    assert_eq!(first.token.key(), second.token.key());
    assert_ne!(first.token, second.token);
}

pub async fn a_stale_token_settles_nothing(store: impl Store) {
    let inbox = store.inbox();
    let key = put_one(&inbox, "ada").await;
    let stale = lease_one(&inbox).await.token;
    store.jump(61 * SECOND).await;
    let token = lease_one(&inbox).await.token;
    for settle in [
        Decision::Complete,
        Decision::RetryAfter(Duration::ZERO),
        Decision::Bury("late".to_owned()),
        Decision::Extend(Duration::from_secs(3600)),
        Decision::Release,
    ] {
        assert_eq!(settle_one(&inbox, stale, settle.clone()).await, Settled::Stale, "{settle:?}");
        assert_eq!(state(&inbox, key).await, EventState::Leased, "{settle:?}");
    }
    // Among others, and twice at once.
    let settled = inbox
        .settle(vec![
            Settlement::new(stale, Decision::Complete),
            Settlement::new(token, Decision::Complete),
            Settlement::new(token, Decision::Release),
        ])
        .await
        .unwrap();
    assert_eq!(settled, [Settled::Stale, Settled::Applied, Settled::Stale]);
    assert_eq!(state(&inbox, key).await, EventState::Done);
    assert_eq!(settle_one(&inbox, token, Decision::Complete).await, Settled::Stale);
}

pub async fn an_extended_lease_lasts_longer(store: impl Store) {
    let inbox = store.inbox();
    put_one(&inbox, "ada").await;
    let token = lease_one(&inbox).await.token;
    for _ in 0..2 {
        store.jump(45 * SECOND).await;
        assert_eq!(settle_one(&inbox, token, Decision::Extend(LEASE)).await, Settled::Applied);
    }
    store.jump(45 * SECOND).await;
    assert!(inbox.lease(LeaseRequest::new(1, LEASE)).await.unwrap().is_empty());
    assert_eq!(settle_one(&inbox, token, Decision::Complete).await, Settled::Applied);
}

pub async fn a_retry_waits(store: impl Store) {
    let inbox = store.inbox();
    let key = put_one(&inbox, "ada").await;
    let token = lease_one(&inbox).await.token;
    settle_one(&inbox, token, Decision::RetryAfter(Duration::from_secs(100))).await;
    let info = inbox.get(key).await.unwrap().unwrap().info;
    assert_eq!((info.state, info.attempts), (EventState::Delayed, 1));
    assert!(info.until.is_some());
    assert!(inbox.lease(LeaseRequest::new(1, LEASE)).await.unwrap().is_empty());
    store.jump(101 * SECOND).await;
    let leased = lease_one(&inbox).await;
    assert_eq!((leased.attempt, leased.is_interrupted), (2, false));
}

async fn a_released_event_has_not_been_tried(store: impl Store) {
    let inbox = store.inbox();
    put_one(&inbox, "ada").await;
    for _ in 0..3 {
        let leased = lease_one(&inbox).await;
        assert_eq!((leased.attempt, leased.is_interrupted), (1, false));
        assert_eq!(settle_one(&inbox, leased.token, Decision::Release).await, Settled::Applied);
    }
}

pub async fn a_dead_event_has_its_reason(store: impl Store) {
    let inbox = store.inbox();
    let key = put_one(&inbox, "ada").await;
    let token = lease_one(&inbox).await.token;
    settle_one(&inbox, token, Decision::Bury("no such mailbox".to_owned())).await;
    let stored = inbox.get(key).await.unwrap().unwrap();
    assert_eq!(stored.info.state, EventState::Dead);
    assert_eq!(stored.info.reason.as_deref(), Some("no such mailbox"));
    assert_eq!(stored.info.attempts, 1);
    assert_eq!(stored.data.as_deref(), Some(contact("ada").data()));
    store.jump(365 * 24 * 3600 * SECOND).await;
    assert!(inbox.lease(LeaseRequest::new(1, LEASE)).await.unwrap().is_empty());
}

pub async fn replay_runs_what_is_over(store: impl Store) {
    let inbox = store.inbox();
    let put = inbox.put(vec![contact("parked").parked(ParkReason::Unhandled)]).await.unwrap()[0];
    assert!(matches!(put, Put::Parked(_, ParkReason::Unhandled)));
    let mut keys = vec![put.key()];
    for settle in [
        Decision::Bury("dead".to_owned()),
        Decision::Complete,
        Decision::RetryAfter(Duration::from_secs(100)),
    ] {
        keys.push(put_one(&inbox, &format!("{settle:?}").replace('"', "")).await);
        let token = lease_one(&inbox).await.token;
        settle_one(&inbox, token, settle).await;
    }
    let leased = {
        keys.push(put_one(&inbox, "leased").await);
        lease_one(&inbox).await
    };
    keys.push(put_one(&inbox, "ready").await);
    assert_eq!(inbox.replay(Select::Keys(keys.clone()), 1000).await.unwrap(), 4);
    assert_eq!(inbox.depth().await.unwrap().ready, 5);
    assert_eq!(settle_one(&inbox, leased.token, Decision::Complete).await, Settled::Applied);
    for leased in inbox.lease(LeaseRequest::new(10, LEASE)).await.unwrap() {
        assert_eq!((leased.attempt, leased.is_interrupted), (1, false));
        settle_one(&inbox, leased.token, Decision::Bury("again".to_owned())).await;
    }
    // By state and type.
    let filter = Filter::new().state(EventState::Dead).event_type("crm.contact.created");
    let other = filter.clone().event_type("crm.deal.created");
    assert_eq!(inbox.replay(Select::All(other), 1000).await.unwrap(), 0);
    assert_eq!(inbox.replay(Select::All(filter), 1000).await.unwrap(), 5);
    assert_eq!(inbox.replay(Select::Keys(vec![]), 1000).await.unwrap(), 0);
    assert_eq!(inbox.depth().await.unwrap().ready, 5);
}

pub async fn a_duplicate_does_not_finish_an_event(store: impl Store) {
    let inbox = store.inbox();
    let key = put_one(&inbox, "ada").await;
    let token = lease_one(&inbox).await.token;
    assert!(is_duplicate(inbox.put(vec![contact("ada")]).await.unwrap()[0]));
    settle_one(&inbox, token, Decision::RetryAfter(Duration::from_secs(10))).await;
    assert!(is_duplicate(inbox.put(vec![contact("ada")]).await.unwrap()[0]));
    assert_eq!(state(&inbox, key).await, EventState::Delayed);
    store.jump(11 * SECOND).await;
    assert_eq!(lease_one(&inbox).await.attempt, 2);
}

async fn what_is_done_is_pruned_and_then_forgotten(store: impl Store) {
    let inbox = store.inbox();
    let key = put_one(&inbox, "ada").await;
    let token = lease_one(&inbox).await.token;
    settle_one(&inbox, token, Decision::Complete).await;
    let hour = Duration::from_secs(3600);
    store.jump(SECOND).await;
    assert_eq!(inbox.prune(hour, 10).await.unwrap(), 0);
    assert_eq!(inbox.forget(Duration::ZERO, 10).await.unwrap(), 0, "not pruned yet");
    assert_eq!(inbox.prune(Duration::ZERO, 10).await.unwrap(), 1);
    assert_eq!(inbox.prune(Duration::ZERO, 10).await.unwrap(), 0);
    let stored = inbox.get(key).await.unwrap().unwrap();
    assert_eq!((stored.info.state, stored.info.size, stored.data), (EventState::Done, None, None));
    assert!(is_duplicate(inbox.put(vec![contact("ada")]).await.unwrap()[0]));
    assert_eq!(inbox.replay(Select::Keys(vec![key]), 1000).await.unwrap(), 0);
    // So that it is not the last: stores need not forget that.
    put_one(&inbox, "grace").await;
    assert_eq!(inbox.forget(hour, 10).await.unwrap(), 0);
    assert_eq!(inbox.forget(Duration::ZERO, 10).await.unwrap(), 1);
    assert_eq!(inbox.get(key).await.unwrap(), None);
    assert!(is_stored(inbox.put(vec![contact("ada")]).await.unwrap()[0]));
}

pub async fn what_is_not_done_is_not_pruned(store: impl Store) {
    let inbox = store.inbox();
    inbox.put(vec![contact("parked").parked(ParkReason::Unhandled)]).await.unwrap();
    for settle in [Decision::Bury("dead".to_owned()), Decision::RetryAfter(Duration::from_secs(3600))] {
        put_one(&inbox, &format!("{settle:?}").replace('"', "")).await;
        let token = lease_one(&inbox).await.token;
        settle_one(&inbox, token, settle).await;
    }
    put_one(&inbox, "leased").await;
    lease_one(&inbox).await;
    put_one(&inbox, "ready").await;
    store.jump(SECOND).await;
    assert_eq!(inbox.prune(Duration::ZERO, 10).await.unwrap(), 0);
    assert_eq!(inbox.forget(Duration::ZERO, 10).await.unwrap(), 0);
    let page = inbox.list(Query::default()).await.unwrap();
    assert_eq!(page.items.len(), 5);
    assert!(page.items.iter().all(|info| info.size.is_some()));
}

pub async fn what_is_discarded_is_known_but_gone(store: impl Store) {
    let inbox = store.inbox();
    let mut keys = Vec::new();
    for number in 0..3 {
        let parked = contact(format!("parked {number}")).parked(ParkReason::Unhandled);
        keys.push(inbox.put(vec![parked]).await.unwrap()[0].key());
    }
    for settle in [Decision::Bury("dead".to_owned()), Decision::RetryAfter(Duration::from_secs(3600))] {
        keys.push(put_one(&inbox, &format!("{settle:?}").replace('"', "")).await);
        let token = lease_one(&inbox).await.token;
        settle_one(&inbox, token, settle).await;
    }
    keys.push(put_one(&inbox, "leased").await);
    let leased = lease_one(&inbox).await;
    keys.push(put_one(&inbox, "ready").await);
    let discard = async |which: Select, max| inbox.discard(which, max).await.unwrap();

    // What is to run is not discarded, nor what was not meant.
    assert_eq!(discard(Select::Keys(keys[4..].to_vec()), 10).await, 0);
    assert_eq!(discard(Select::All(Filter::new().state(EventState::Delayed)), 10).await, 0);
    let other = Filter::new().event_type("crm.deal.created");
    assert_eq!(discard(Select::All(other), 10).await, 0);

    // The limit is for those that are discarded, and each is once.
    let first = [&keys[4..], &[keys[0]], &keys[..1]].concat();
    assert_eq!(discard(Select::Keys(first), 1).await, 1);
    assert_eq!(discard(Select::Keys(vec![keys[0]]), 10).await, 0);
    assert_eq!(discard(Select::All(Filter::new().state(EventState::Parked)), 1).await, 1);
    assert_eq!(discard(Select::All(Filter::default()), 10).await, 2);
    assert_eq!(discard(Select::All(Filter::default()), 10).await, 0);

    let stored = inbox.get(keys[3]).await.unwrap().unwrap();
    assert_eq!((stored.info.state, stored.info.size, stored.data), (EventState::Done, None, None));
    assert_eq!((stored.info.attempts, stored.info.reason), (1, None));
    assert_eq!(inbox.replay(Select::Keys(keys[..4].to_vec()), 1000).await.unwrap(), 0);
    assert!(is_duplicate(inbox.put(vec![contact("parked 0")]).await.unwrap()[0]));
    let depth = inbox.depth().await.unwrap();
    assert_eq!([depth.ready, depth.delayed, depth.leased, depth.parked, depth.dead], [1, 1, 1, 0, 0]);
    assert_eq!(settle_one(&inbox, leased.token, Decision::Complete).await, Settled::Applied);

    let hour = Duration::from_secs(3600);
    assert_eq!(inbox.forget(hour, 10).await.unwrap(), 0);
    store.jump(SECOND).await;
    assert_eq!(inbox.forget(Duration::ZERO, 10).await.unwrap(), 4);
    assert!(is_stored(inbox.put(vec![contact("parked 0")]).await.unwrap()[0]));
}

async fn lists_have_pages_and_filters(store: impl Store) {
    let inbox = store.inbox();
    for number in 0..5 {
        put_one(&inbox, &format!("number {number}")).await;
    }
    inbox.put(vec![event("company", "crm.company.push", r#"{"a":1}"#)]).await.unwrap();
    let mut query = Query::default().limit(4);
    let first = inbox.list(query.clone()).await.unwrap();
    assert_eq!(first.items.len(), 4);
    assert!(first.items.is_sorted_by_key(|info| info.key));
    query.after = first.next;
    let second = inbox.list(query).await.unwrap();
    assert_eq!((second.items.len(), second.next), (2, None));
    assert!(second.items[0].key > first.items[3].key);

    let of_type = |text: &str| Query::new(Filter::new().event_type(text));
    for text in ["crm.company.created", "crm.company.push"] {
        let found = inbox.list(of_type(text)).await.unwrap().items;
        assert_eq!(found.iter().map(|info| &*info.id).collect::<Vec<_>>(), ["company"], "{text}");
    }
    assert_eq!(inbox.list(of_type("crm.contact.created")).await.unwrap().items.len(), 5);
    assert!(inbox.list(of_type("crm.deal.created")).await.unwrap().items.is_empty());

    let received = |received_before| Query::new(Filter::new().received_before(received_before));
    let hour = Duration::from_secs(3600);
    assert!(inbox.list(received(SystemTime::now() - hour)).await.unwrap().items.is_empty());
    assert_eq!(inbox.list(received(SystemTime::now() + hour)).await.unwrap().items.len(), 6);
}

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
        let leased = inbox.lease(LeaseRequest::new(64, LEASE)).await.unwrap();
        assert!(matches!(leased.len(), 1..=3), "{}", leased.len());
        seen.extend(leased.into_iter().map(|leased| leased.id));
    }
    assert_eq!(seen, ["0", "1", "2", "3"]);
}

async fn the_depth_is_of_each_state(store: impl Store) {
    let inbox = store.inbox();
    assert_eq!(inbox.depth().await.unwrap(), Depth::default());
    inbox.put(vec![contact("parked").parked(ParkReason::Unhandled)]).await.unwrap();
    for settle in [
        Decision::Bury("dead".to_owned()),
        Decision::RetryAfter(Duration::from_secs(3600)),
        Decision::Complete,
    ] {
        put_one(&inbox, &format!("{settle:?}").replace('"', "")).await;
        let token = lease_one(&inbox).await.token;
        settle_one(&inbox, token, settle).await;
    }
    put_one(&inbox, "leased").await;
    lease_one(&inbox).await;
    put_one(&inbox, "old").await;
    store.jump(30 * SECOND).await;
    put_one(&inbox, "new").await;
    let depth = inbox.depth().await.unwrap();
    assert_eq!([depth.ready, depth.delayed, depth.leased], [2, 1, 1]);
    assert_eq!([depth.parked, depth.dead], [1, 1]);
    let oldest = depth.oldest_ready.unwrap();
    assert!((30..40).contains(&oldest.as_secs()), "{oldest:?}");
    for (state, count) in [
        (EventState::Ready, 2),
        (EventState::Delayed, 1),
        (EventState::Leased, 1),
        (EventState::Parked, 1),
        (EventState::Dead, 1),
        (EventState::Done, 1),
    ] {
        let query = Query::new(Filter::new().state(state));
        let found = inbox.list(query).await.unwrap().items;
        assert_eq!(found.len(), count, "{state}");
        assert!(found.iter().all(|info| info.state == state), "{state}");
    }
}

pub async fn a_restart_keeps_everything(mut store: impl Store) {
    let inbox = store.inbox();
    let dead = put_one(&inbox, "dead").await;
    let token = lease_one(&inbox).await.token;
    settle_one(&inbox, token, Decision::Bury("gone".to_owned())).await;
    put_one(&inbox, "ada").await;
    let leased = lease_one(&inbox).await;
    let last = event("last", "crm.deal.push", r#"{"last":1}"#);
    inbox.put(vec![last.clone().parked(ParkReason::Unhandled)]).await.unwrap();
    drop(inbox);
    let are_leases_free = store.restart().await;
    let inbox = store.inbox();
    assert_eq!(inbox.get(dead).await.unwrap().unwrap().info.reason.as_deref(), Some("gone"));
    assert!(is_duplicate(inbox.put(vec![contact("ada")]).await.unwrap()[0]));
    assert!(is_duplicate(inbox.put(vec![last]).await.unwrap()[0]));
    if !are_leases_free {
        assert!(inbox.lease(LeaseRequest::new(1, LEASE)).await.unwrap().is_empty());
        store.jump(61 * SECOND).await;
    }
    let again = lease_one(&inbox).await;
    assert_eq!((again.attempt, again.is_interrupted), (2, true));
    assert_eq!(settle_one(&inbox, leased.token, Decision::Complete).await, Settled::Stale);
    assert_eq!(settle_one(&inbox, again.token, Decision::Complete).await, Settled::Applied);
}

async fn an_empty_batch_is_taken(store: impl Store) {
    let inbox = store.inbox();
    assert!(inbox.put(vec![]).await.unwrap().is_empty());
    assert!(inbox.settle(vec![]).await.unwrap().is_empty());
    assert!(inbox.lease(LeaseRequest::new(0, LEASE)).await.unwrap().is_empty());
}

pub async fn copies_at_once_are_stored_once(store: impl Store) {
    let inbox = store.inbox();
    let lists = || (0..10).map(|id| event(&format!("list-{id}"), "crm.contact.pulled", "[]")).collect();
    let puts = (0..64).map(|_| inbox.put(lists()));
    let stored: Vec<_> = futures_util::future::join_all(puts).await;
    let stored = stored.into_iter().flat_map(Result::unwrap).filter(|put| is_stored(*put));
    assert_eq!(stored.count(), 10);
    assert_eq!(inbox.depth().await.unwrap().ready, 10);
}

pub async fn a_lease_that_ran_out_is_an_interruption(store: impl Store) {
    let inbox = store.inbox();
    put_one(&inbox, "ada").await;
    lease_one(&inbox).await;
    store.jump(61 * SECOND).await;
    let leased = lease_one(&inbox).await;
    assert!(leased.is_interrupted);
    settle_one(&inbox, leased.token, Decision::RetryAfter(Duration::ZERO)).await;
    assert!(!lease_one(&inbox).await.is_interrupted);
}
