//! A lease is exclusive, and ends.

use std::collections::BTreeSet;

use crate::{
    inbox::{Decision, EventState, Inbox, LeaseRequest},
    testing::inbox_contract::{
        Harness,
        check::{Checked, holds, same, succeeds},
        drive::all,
        events::contact,
        subject::{LEASE, SECOND, Subject},
    },
};

pub(crate) async fn a_lease_is_exclusive_until_it_ends<H: Harness>(store: Subject<H>) -> Checked {
    let key = store.store_contact("ada").await?;
    let first = store.lease_one("an event is stored").await?;
    let when = "an event is leased for 60 s";
    store.lease_none(when).await?;
    store.counts(when, [0, 0, 1, 0, 0]).await?;
    store.advance(50 * SECOND).await?;
    let when = "an event was leased for 60 s, 50 s ago";
    store.lease_none(when).await?;
    store.is_in(when, key, EventState::Leased).await?;
    store.advance(11 * SECOND).await?;
    let when = "an event was leased for 60 s, 61 s ago";
    store.is_in(when, key, EventState::Ready).await?;
    let second = store.lease_one(when).await?;
    same(when, (key, 2), (second.token.key(), second.attempt))?;
    holds(when, first.token != second.token, "the new lease has another token", second.token)
}

pub(crate) async fn an_expired_lease_is_an_interruption<H: Harness>(store: Subject<H>) -> Checked {
    store.store_contact("ada").await?;
    store.lease_one("an event is stored").await?;
    store.advance(LEASE + SECOND).await?;
    let when = "a lease has expired without a settlement";
    let leased = store.lease_one(when).await?;
    same(when, (2, true), (leased.attempt, leased.is_interrupted))?;
    store.apply(leased.token, Decision::RetryAfter(SECOND)).await?;
    store.advance(2 * SECOND).await?;
    let when = "the previous lease was settled, and the one before had expired";
    let leased = store.lease_one(when).await?;
    same(when, (3, false), (leased.attempt, leased.is_interrupted))
}

pub(crate) async fn the_event_that_is_ready_longest_is_leased_first<H: Harness>(
    store: Subject<H>,
) -> Checked {
    let retried = store.store_contact("stored first, retried after 10 s").await?;
    let leased = store.lease_one("an event is stored").await?;
    store.apply(leased.token, Decision::RetryAfter(10 * SECOND)).await?;
    let mut expected = Vec::new();
    for name in ["a", "b", "c"] {
        store.advance(SECOND).await?;
        expected.push(store.store_contact(name).await?);
    }
    store.advance(60 * SECOND).await?;
    expected.push(retried);
    let mut found = Vec::new();
    for _ in &expected {
        let leased = store.lease(1).await?;
        found.extend(leased.into_iter().map(|leased| leased.token.key()));
    }
    same(
        "an event is due 10 s after it failed, and three that were stored meanwhile at once",
        expected,
        found,
    )
}

pub(crate) async fn a_lease_returns_no_more_than_was_asked_for<H: Harness>(store: Subject<H>) -> Checked {
    let mut left = BTreeSet::new();
    for number in 0..7 {
        left.insert(store.store_contact(&format!("number {number}")).await?);
    }
    while !left.is_empty() {
        let when = format!("{} events are ready", left.len());
        let leased = store.lease(3).await?;
        holds(&when, !leased.is_empty(), "`lease` returns at least one", &leased)?;
        for leased in leased {
            let is_new = left.remove(&leased.token.key());
            holds(&when, is_new, "an event that is ready and not leased", leased)?;
        }
    }
    store.lease_none("every event is leased").await
}

pub(crate) async fn concurrent_leases_share_no_event<H: Harness>(store: Subject<H>) -> Checked {
    store.put((0..40).map(|number| contact(format!("number {number}"))).collect()).await?;
    let leases = all((0..16).map(|_| store.inbox.lease(LeaseRequest::new(10, LEASE)))).await;
    let (mut keys, mut count) = (BTreeSet::new(), 0);
    for leased in leases {
        for leased in succeeds("lease, many times at once", leased)? {
            keys.insert(leased.token.key());
            count += 1;
        }
    }
    same("16 workers lease 40 events at once: each event is leased once", keys.len(), count)?;
    for leased in store.lease_all().await? {
        keys.insert(leased.token.key());
        count += 1;
    }
    let when = "16 workers lease 40 events at once";
    same(when, 40, keys.len())?;
    same(when, 40, count)
}
