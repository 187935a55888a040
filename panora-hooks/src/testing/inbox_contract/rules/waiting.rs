//! Waiting events are counted, found and kept.

use std::collections::BTreeSet;

use super::lanes::{fill, lane, lease_head, run_in_order, wait};
use crate::{
    inbox::{
        Capability, Count, Decision, EventKey, EventState, Filter, Inbox, Lane, ParkReason, Query, Select,
    },
    testing::inbox_contract::{
        Harness,
        check::{Checked, holds, same, succeeds},
        events::contact,
        subject::{ALL, HOUR, SECOND, Subject},
    },
};

pub(crate) async fn an_event_waits_for_earlier_ones_of_its_lane<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Lanes)?;
    let [head, second, third] = fill(&store, lane(1), "number").await?;
    let when = "three events of a lane are stored";
    for waiting in [second, third] {
        let info = store.info(when, waiting).await?;
        let found = (info.state, info.attempts, info.until, info.is_head());
        same(when, (EventState::Waiting, 0, None, false), found)?;
    }
    let info = store.info(when, head).await?;
    same(when, (EventState::Ready, true), (info.state, info.is_head()))?;
    store.counts(when, [1, 0, 0, 0, 0]).await?;
    same(when, Count::exactly(2), store.depth().await?.waiting)?;

    let leased = lease_head(&store, when, head).await?;
    let when = "the head of a lane is leased";
    store.counts(when, [0, 0, 1, 0, 0]).await?;
    let depth = store.depth().await?;
    same(when, (Count::exactly(2), None), (depth.waiting, depth.oldest_ready))?;
    same(when, None, succeeds("probe", store.inbox.probe().await)?)?;
    let filter = Filter::new().state(EventState::Waiting);
    let waiting = BTreeSet::from_iter(store.keys(filter.clone()).await?);
    same(when, BTreeSet::from([second, third]), waiting)?;
    same(when, Count::exactly(2), succeeds("count", store.inbox.count(filter).await)?)?;

    let when = "a waiting event is put again, with its lane and without";
    store.put_again(when, contact("number 1").in_lane(lane(1)), second).await?;
    store.put_again(when, contact("number 1"), second).await?;
    store.put_again(when, contact("number 1").parked(ParkReason::Unhandled), second).await?;
    store.put_again("the head of a lane is put again", contact("number 0").in_lane(lane(1)), head).await?;
    store.is_in("the head of a lane is put again", head, EventState::Leased).await?;
    wait(&store, when, &[second, third]).await?;

    store.apply(leased.token, Decision::Extend(3 * HOUR)).await?;
    store.advance(2 * HOUR).await?;
    let when = "events that have waited for two hours are pruned and forgotten";
    same(when, 0, store.prune(HOUR, ALL).await?)?;
    if store.has(Capability::Forget) {
        same(when, 0, store.forget(HOUR, ALL).await?)?;
    }
    let stored = store.stored(when, second).await?;
    same(when, Some(contact("number 1").data()), stored.data.as_deref())?;
    store.apply(leased.token, Decision::Complete).await?;
    run_in_order(&store, when, &[second, third]).await
}

pub(crate) async fn an_event_keeps_its_lane<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Lanes)?;
    let is_kept = async |when: &str, key: EventKey, state: EventState| {
        let info = store.info(when, key).await?;
        same(when, (state, Some(lane(1))), (info.state, info.lane))?;
        let filter = Filter::new().lane(lane(1)).state(state);
        let items = store.list(Query::new(filter)).await?.items;
        holds(format_args!("{when}, and is listed by its lane"), items.contains(&info), "the event", items)
    };
    let key = store.store(contact("ada").in_lane(lane(1))).await?;
    is_kept("an event of a lane is stored", key, EventState::Ready).await?;
    let waiting = store.store(contact("grace").in_lane(lane(1))).await?;
    is_kept("another event of a lane is stored", waiting, EventState::Waiting).await?;
    let leased = lease_head(&store, "an event of a lane is ready", key).await?;
    is_kept("an event of a lane is leased", key, EventState::Leased).await?;
    store.apply(leased.token, Decision::RetryAfter(SECOND)).await?;
    is_kept("an event of a lane is delayed", key, EventState::Delayed).await?;
    store.advance(2 * SECOND).await?;
    let leased = lease_head(&store, "the delay of an event is over", key).await?;
    store.apply(leased.token, Decision::Bury("no use".to_owned())).await?;
    is_kept("an event of a lane is dead", key, EventState::Dead).await?;
    let when = "a dead event of a lane is replayed";
    store.replay(Select::Keys(vec![key]), 1).await?;
    is_kept(when, key, EventState::Waiting).await?;
    is_kept("an event of a lane is promoted", waiting, EventState::Ready).await?;
    run_in_order(&store, when, &[waiting, key]).await?;
    is_kept("an event of a lane is done", key, EventState::Done).await?;
    store.replay(Select::Keys(vec![key]), 1).await?;
    is_kept("a done event of a lane is replayed", key, EventState::Ready).await?;

    let parked = contact("parked").in_lane(lane(1)).parked(ParkReason::Unhandled);
    let parked = store.put_one(parked).await?.key();
    is_kept("an event of a lane is parked", parked, EventState::Parked).await?;
    store.replay(Select::Keys(vec![parked]), 1).await?;
    is_kept("a parked event of a lane is replayed", parked, EventState::Waiting).await?;
    let when = "an event without a lane is stored";
    let without_lane = store.store_contact("without a lane").await?;
    same(when, None, store.info(when, without_lane).await?.lane)
}

pub(crate) async fn events_are_selected_by_their_lane<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Lanes)?;
    let other_start = Lane::from_bytes({
        let mut bytes = lane(1).to_bytes();
        bytes[0] += 1;
        bytes
    });
    let mut keys = Vec::new();
    for number in 0..5 {
        for (name, lane) in [("end", lane(2)), ("start", other_start)] {
            store.store(contact(format!("{name} {number}")).in_lane(lane)).await?;
        }
        keys.push(store.store(contact(number).in_lane(lane(1))).await?);
        store.store(contact(format!("without {number}"))).await?;
    }
    let of_lane = || Filter::new().lane(lane(1));
    for newest_first in [false, true] {
        for limit in [1, 2, 5, 6] {
            let when =
                format!("events of a lane are listed, {limit} on a page, newest first: {newest_first}");
            let (mut listed, mut after) = (Vec::new(), None);
            loop {
                let mut query = Query::new(of_lane()).limit(limit).after(after);
                query.newest_first = newest_first;
                let page = store.list(query).await?;
                listed.extend(page.items.iter().map(|info| info.key));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            if newest_first {
                listed.reverse();
            }
            same(when, &keys, &listed)?;
        }
    }
    let when = "events of a lane are listed by their state";
    let waiting = of_lane().state(EventState::Waiting);
    same(when, &keys[1..], &*store.keys(waiting.clone()).await?)?;
    same(when, &keys[..1], &*store.keys(of_lane().state(EventState::Ready)).await?)?;
    same("events of an unknown lane are listed", 0, store.keys(Filter::new().lane(lane(3))).await?.len())?;
    for (filter, expected) in [(of_lane(), 5), (waiting.clone(), 4)] {
        let count = succeeds("count", store.inbox.count(filter).await)?;
        same("events of a lane are counted", Count::exactly(expected), count)?;
    }

    // The heads of all three lanes and the events without a lane are buried.
    for leased in store.lease_all().await? {
        store.apply(leased.token, Decision::Bury("no use".to_owned())).await?;
    }
    let when = "events of a lane are replayed";
    same(when, 1, store.replay(Select::All(of_lane()), ALL).await?)?;
    wait(&store, when, &keys[..1]).await?;
    same(when, 7, store.keys(Filter::new().state(EventState::Dead)).await?.len())?;
    store.needs(Capability::Discard)?;
    let when = "waiting events of a lane are discarded";
    same(when, 4, store.discard(Select::All(waiting.clone()), ALL).await?)?;
    same(when, 0, store.keys(waiting).await?.len())?;
    same(when, 6, store.keys(Filter::new().state(EventState::Waiting)).await?.len())?;
    let when = "a dead event of a lane is discarded";
    let leased = store.lease_all().await?;
    for leased in leased.iter().filter(|leased| leased.token.key() == keys[1]) {
        store.apply(leased.token, Decision::Bury("no use".to_owned())).await?;
    }
    same(when, 1, store.discard(Select::All(of_lane()), ALL).await?)?;
    same(when, 7, store.keys(Filter::new().state(EventState::Dead)).await?.len())
}
