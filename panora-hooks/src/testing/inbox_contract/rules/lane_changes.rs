//! Replays and discards change the order of a lane.

use std::time::SystemTime;

use super::lanes::{fill, lane, lease_head, run_in_order, wait};
use crate::{
    inbox::{Capability, Decision, EventState, Filter, ParkReason, Select, Settled},
    testing::inbox_contract::{
        Harness,
        check::{Checked, same},
        events::contact,
        subject::{ALL, HOUR, LEASE, Subject},
    },
};

pub(crate) async fn a_replayed_event_enters_its_lane_at_the_end<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Lanes)?;
    let parked = contact("parked").in_lane(lane(1)).parked(ParkReason::Unhandled);
    let parked = store.put_one(parked).await?.key();
    // The keys of a batch are in any order.
    let [dead] = fill(&store, lane(1), "dead").await?;
    let [done] = fill(&store, lane(1), "done").await?;
    let [head, last] = fill(&store, lane(1), "number").await?;
    let leased = lease_head(&store, "a parked event and four others of a lane are stored", dead).await?;
    store.apply(leased.token, Decision::Bury("no use".to_owned())).await?;
    let leased = lease_head(&store, "the head of a lane is dead", done).await?;
    store.apply(leased.token, Decision::Complete).await?;

    let when = "a done, a parked and a dead event of a lane are replayed behind a head";
    same(when, 3, store.replay(Select::Keys(vec![done, parked, dead]), ALL).await?)?;
    store.is_in(when, head, EventState::Ready).await?;
    wait(&store, when, &[parked, dead, done, last]).await?;
    let leased = lease_head(&store, when, head).await?;
    let when = "a leased head and waiting events are replayed";
    same(when, 0, store.replay(Select::Keys(vec![head, parked, dead, done, last]), ALL).await?)?;
    let waiting = Select::All(Filter::new().state(EventState::Waiting));
    same(when, 0, store.replay(waiting, ALL).await?)?;
    store.apply(leased.token, Decision::Complete).await?;
    let when = "a parked, a dead and a done event of a lane were replayed, in this order";
    run_in_order(&store, when, &[last, parked, dead, done]).await?;

    let when = "two done events of an empty lane are replayed";
    same(when, 2, store.replay(Select::Keys(vec![last, parked]), ALL).await?)?;
    store.is_in(when, parked, EventState::Ready).await?;
    wait(&store, when, &[last]).await?;
    run_in_order(&store, when, &[parked, last]).await
}

pub(crate) async fn a_delayed_head_that_is_replayed_stays_the_head<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Lanes)?;
    let [head, next] = fill(&store, lane(1), "number").await?;
    for which in [Select::Keys(vec![next, head]), Select::All(Filter::new().lane(lane(1)))] {
        let leased = lease_head(&store, "two events of a lane are stored", head).await?;
        same("the head of a lane is leased for the first time since a replay", 1, leased.attempt)?;
        store.apply(leased.token, Decision::RetryAfter(HOUR)).await?;
        let when = "a delayed head and a waiting event are replayed";
        same(when, 1, store.replay(which, ALL).await?)?;
        store.is_in(when, head, EventState::Ready).await?;
        wait(&store, when, &[next]).await?;
    }
    run_in_order(&store, "a delayed head was replayed", &[head, next]).await
}

pub(crate) async fn discarding_a_head_promotes_its_successor<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Lanes)?;
    store.needs(Capability::Discard)?;
    let [ready, leased, waiting, delayed, fifth, sixth] = fill(&store, lane(1), "number").await?;
    let discard = async |when: &str, which, count: u64| same(when, count, store.discard(which, ALL).await?);

    let when = "the head of a lane is ready and discarded";
    discard(when, Select::Keys(vec![ready]), 1).await?;
    let token = lease_head(&store, when, leased).await?.token;

    let when = "an event that waits behind a leased head is discarded";
    discard(when, Select::Keys(vec![waiting]), 1).await?;
    store.is_in(when, leased, EventState::Leased).await?;
    store.apply(token, Decision::Extend(LEASE)).await?;
    wait(&store, when, &[delayed]).await?;

    let when = "the head of a lane is leased and discarded";
    discard(when, Select::Keys(vec![leased]), 1).await?;
    store.is_in(when, delayed, EventState::Ready).await?;
    same(when, Settled::Stale, store.settle_one(token, Decision::Complete).await?)?;
    wait(&store, when, &[fifth, sixth]).await?;

    let when = "the head of a lane is delayed and discarded";
    let token = lease_head(&store, when, delayed).await?.token;
    store.apply(token, Decision::RetryAfter(HOUR)).await?;
    discard(when, Select::All(Filter::new().state(EventState::Delayed)), 1).await?;
    store.is_in(when, fifth, EventState::Ready).await?;
    wait(&store, when, &[sixth]).await?;

    let when = "waiting events are discarded by a filter";
    discard(when, Select::All(Filter::new().state(EventState::Waiting)), 1).await?;
    run_in_order(&store, when, &[fifth]).await?;

    let ready = || Filter::new().state(EventState::Ready);
    for filter in [
        ready(),
        ready().lane(lane(1)),
        ready().event_type("crm.contact.created"),
        ready().received_from(SystemTime::UNIX_EPOCH),
    ] {
        let when = format!("the ready head of a lane is discarded by {filter:?}");
        let [_] = fill(&store, lane(1), &format!("{when}, the head")).await?;
        let [second, third] = fill(&store, lane(1), &when).await?;
        discard(&when, Select::All(filter), 1).await?;
        wait(&store, &when, &[third]).await?;
        run_in_order(&store, &when, &[second, third]).await?;
    }

    let [first, second, third] = fill(&store, lane(1), "together").await?;
    let when = "a head and its successor are discarded together";
    discard(when, Select::Keys(vec![first, second]), 2).await?;
    run_in_order(&store, when, &[third]).await
}
