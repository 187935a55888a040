//! Acknowledged events survive a restart.

use std::collections::BTreeSet;

use super::lanes::{fill, lane, lease_head, run_in_order, wait};
use crate::{
    inbox::{Capability, Decision, EventState, Filter, ParkReason, Select, Settled},
    testing::inbox_contract::{
        Harness, Restart,
        check::{Checked, same},
        events::{contact, event},
        subject::{ALL, HOUR, LEASE, SECOND, Subject},
    },
};

pub(crate) async fn a_restart_keeps_everything<H: Harness>(store: Subject<H>) -> Checked {
    let dead = store.settled("dead", Decision::Bury("no such mailbox".to_owned())).await?;
    let done = store.settled("done", Decision::Complete).await?;
    let delayed = store.settled("delayed", Decision::RetryAfter(HOUR)).await?;
    let key = store.store_contact("ada").await?;
    let leased = store.lease_one("one event is ready").await?;
    let last = event("last", "crm.deal.push", r#"{"last":1}"#);
    let parked = store.put_one(last.clone().parked(ParkReason::Unhandled)).await?.key();
    let before = BTreeSet::from([dead, done, delayed, key, parked]);

    let (store, restart) = store.restart().await?;
    let when = "a store with an event in each state is restarted";
    let after: BTreeSet<_> = store.keys(Filter::new()).await?.into_iter().collect();
    same(when, before, after)?;
    for (key, state) in [
        (dead, EventState::Dead),
        (done, EventState::Done),
        (delayed, EventState::Delayed),
        (parked, EventState::Parked),
    ] {
        store.is_in(&format!("{when}: this one was {state}"), key, state).await?;
    }
    let info = store.info(when, dead).await?;
    same(when, (Some("no such mailbox"), 1), (info.reason.as_deref(), info.attempts))?;
    let stored = store.stored(when, key).await?;
    same(when, (Some(contact("ada").data()), 1), (stored.data.as_deref(), stored.info.attempts))?;
    store.put_again("an event is put again after a restart", contact("ada"), key).await?;
    store.put_again("the last event is put again after a restart", last, parked).await?;

    if restart == Restart::LeasesKept {
        store.lease_none("a store that keeps leases over a restart has one").await?;
        store.advance(LEASE + SECOND).await?;
    }
    let when = "a lease was interrupted by a restart";
    let again = store.lease_one(when).await?;
    same(when, (key, 2, true), (again.token.key(), again.attempt, again.is_interrupted))?;
    let stale = store.settle_one(leased.token, Decision::Complete).await?;
    same("a token from before a restart settles an event that is leased again", Settled::Stale, stale)?;
    store.apply(again.token, Decision::Complete).await
}

pub(crate) async fn a_restart_keeps_the_order_of_lanes<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Lanes)?;
    let [dead, leased, next] = fill(&store, lane(1), "number").await?;
    let head = lease_head(&store, "three events of a lane are stored", dead).await?;
    store.apply(head.token, Decision::Bury("no use".to_owned())).await?;
    lease_head(&store, "the head of a lane is dead", leased).await?;
    same("a dead event is replayed", 1, store.replay(Select::Keys(vec![dead]), ALL).await?)?;
    let [delayed, last] = fill(&store, lane(2), "other").await?;
    let head = lease_head(&store, "two events of another lane are stored", delayed).await?;
    store.apply(head.token, Decision::RetryAfter(HOUR)).await?;

    let (store, restart) = store.restart().await?;
    let when = "a store with a leased and a delayed head is restarted";
    wait(&store, when, &[next, dead, last]).await?;
    let info = store.info(when, dead).await?;
    same(when, Some(lane(1)), info.lane)?;
    if restart == Restart::LeasesKept {
        store.lease_none(when).await?;
        store.advance(LEASE + SECOND).await?;
    }
    let [new] = fill(&store, lane(1), "new").await?;
    run_in_order(&store, when, &[leased, next, dead, new]).await?;
    store.advance(HOUR).await?;
    run_in_order(&store, when, &[delayed, last]).await
}
