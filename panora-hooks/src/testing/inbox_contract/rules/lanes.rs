//! The events of a lane run one at a time, in the order of `put`.

use std::{collections::BTreeSet, time::Duration};

use crate::{
    inbox::{Capability, Decision, EventKey, EventState, Lane, Leased, Put, Settled, Settlement},
    testing::inbox_contract::{
        Harness,
        check::{Checked, broken, same},
        events::contact,
        subject::{HOUR, LEASE, SECOND, Subject},
    },
};

/// Returns one of several lanes, which differ in their last byte.
pub(super) const fn lane(number: u8) -> Lane {
    Lane::from_bytes([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, number])
}

/// Puts a batch of events with new names at the end of a lane.
pub(super) async fn fill<const N: usize, H: Harness>(
    store: &Subject<H>,
    lane: Lane,
    name: &str,
) -> Checked<[EventKey; N]> {
    let event = |number| contact(format!("{name} {number}")).in_lane(lane);
    let puts = store.put((0..N).map(event).collect()).await?;
    let keys: Vec<_> = puts.into_iter().map(Put::key).collect();
    keys.try_into().map_err(|keys| broken("a batch is put", format!("{N} results"), keys))
}

/// Leases the only event that is ready, which has to be this one.
pub(super) async fn lease_head<H: Harness>(store: &Subject<H>, when: &str, key: EventKey) -> Checked<Leased> {
    let leased = store.lease_one(when).await?;
    same(format_args!("{when}, and is leased"), key, leased.token.key())?;
    Ok(leased)
}

/// Leases and completes events one after the other. Each has to be the only one that is ready.
pub(super) async fn run_in_order<H: Harness>(store: &Subject<H>, when: &str, keys: &[EventKey]) -> Checked {
    for key in keys {
        let leased = lease_head(store, when, *key).await?;
        store.lease_none(&format!("{when}, and the head of the lane is leased")).await?;
        store.apply(leased.token, Decision::Complete).await?;
    }
    store.lease_none(&format!("{when}, and each event of the lane is done")).await
}

/// Checks that events wait for others.
pub(super) async fn wait<H: Harness>(store: &Subject<H>, when: &str, keys: &[EventKey]) -> Checked {
    for key in keys {
        store.is_in(when, *key, EventState::Waiting).await?;
    }
    Ok(())
}

pub(crate) async fn only_the_head_of_a_lane_is_leased<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Lanes)?;
    let mut keys = Vec::new();
    for batch in ["first", "second", "third"] {
        keys.extend(fill::<3, _>(&store, lane(1), batch).await?);
    }
    run_in_order(&store, "nine events of a lane are put in three batches", &keys).await?;

    let arrived: Vec<_> =
        (0..4).map(|number| contact(format!("arrived {number}")).in_lane(lane(1))).collect();
    let mut keys = Vec::new();
    for batch in arrived.rchunks(2) {
        let batch = batch.iter().rev().cloned().collect();
        keys.extend(store.put(batch).await?.into_iter().map(Put::key));
    }
    let when = "events of a lane are put in the reverse order of their arrival";
    run_in_order(&store, when, &keys).await?;

    let mut keys = fill::<2, _>(&store, lane(1), "ahead").await?.to_vec();
    store.set_back(HOUR).await?;
    keys.extend(fill::<2, _>(&store, lane(1), "set back").await?);
    let when = "the clock is set back by an hour between two batches of a lane";
    store.lease_none(when).await?;
    store.advance(HOUR + SECOND).await?;
    run_in_order(&store, &format!("{when}, and the hour is over"), &keys).await
}

pub(crate) async fn the_end_of_a_head_promotes_its_successor<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Lanes)?;
    for decision in [Decision::Complete, Decision::Bury("no use".to_owned())] {
        let [first, second, third, fourth] = fill(&store, lane(1), &format!("{decision:?}")).await?;
        let when = format!("four events of a lane are stored, and the head settles with {decision:?}");
        let head = lease_head(&store, &when, first).await?;
        store.apply(head.token, decision.clone()).await?;
        store.is_in(&when, second, EventState::Ready).await?;
        wait(&store, &when, &[third, fourth]).await?;
        let next = lease_head(&store, &when, second).await?;
        same(&when, (1, false), (next.attempt, next.is_interrupted))?;

        let when = format!("the token of a head that has settled with {decision:?} settles again");
        same(&when, Settled::Stale, store.settle_one(head.token, Decision::Complete).await?)?;
        wait(&store, &when, &[third, fourth]).await?;

        let when = format!("a head settles twice with {decision:?} in one call");
        let settlement = Settlement::new(next.token, decision);
        let settled = store.settle(vec![settlement.clone(), settlement]).await?;
        same(&when, vec![Settled::Applied, Settled::Stale], settled)?;
        wait(&store, &when, &[fourth]).await?;
        run_in_order(&store, &when, &[third, fourth]).await?;
    }

    let [head, next] = fill(&store, lane(1), "expired").await?;
    let stale = lease_head(&store, "two events of a lane are stored", head).await?;
    store.advance(LEASE + SECOND).await?;
    let leased = lease_head(&store, "the lease of a head has expired", head).await?;
    for decision in [Decision::Complete, Decision::Bury("late".to_owned())] {
        let when = format!("the token of an expired lease of a head settles with {decision:?}");
        same(&when, Settled::Stale, store.settle_one(stale.token, decision).await?)?;
        wait(&store, &when, &[next]).await?;
    }
    store.apply(leased.token, Decision::Complete).await?;
    run_in_order(&store, "a head is done whose first lease has expired", &[next]).await
}

pub(crate) async fn a_head_that_runs_again_stays_the_head<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Lanes)?;
    let [head, rest @ ..]: [_; 3] = fill(&store, lane(1), "number").await?;
    let leased = lease_head(&store, "three events of a lane are stored", head).await?;
    store.apply(leased.token, Decision::RetryAfter(10 * SECOND)).await?;
    let when = "the head of a lane is to run again after 10 s";
    store.is_in(when, head, EventState::Delayed).await?;
    wait(&store, when, &rest).await?;
    store.lease_none(when).await?;
    store.advance(11 * SECOND).await?;
    for decision in [Decision::RetryAfter(Duration::ZERO), Decision::Release] {
        let leased = lease_head(&store, "the head of a lane is due again", head).await?;
        let when = format!("the head of a lane settles with {decision:?}");
        store.apply(leased.token, decision).await?;
        store.is_in(&when, head, EventState::Ready).await?;
        wait(&store, &when, &rest).await?;
    }

    let leased = lease_head(&store, "the head of a lane was released", head).await?;
    store.advance(LEASE / 2).await?;
    store.apply(leased.token, Decision::Extend(LEASE)).await?;
    store.advance(LEASE / 2 + SECOND).await?;
    let when = "the lease of a head is extended";
    wait(&store, when, &rest).await?;
    store.lease_none(when).await?;
    store.advance(LEASE / 2).await?;
    let when = "the lease of a head has expired";
    store.is_in(when, head, EventState::Ready).await?;
    wait(&store, when, &rest).await?;
    let leased = lease_head(&store, when, head).await?;
    same(when, true, leased.is_interrupted)?;
    store.apply(leased.token, Decision::Complete).await?;
    run_in_order(&store, "a head is done that was retried, released and interrupted", &rest).await
}

/// Leases every event that is ready.
async fn lease_keys<H: Harness>(store: &Subject<H>) -> Checked<(Vec<Leased>, BTreeSet<EventKey>)> {
    let leased = store.lease_all().await?;
    let keys = leased.iter().map(|leased| leased.token.key()).collect();
    Ok((leased, keys))
}

pub(crate) async fn lanes_are_independent<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Lanes)?;
    // The events of four lanes, and events without a lane, alternate.
    let event = |number: u8| match number % 5 {
        0 => contact(number),
        other => contact(number).in_lane(lane(other)),
    };
    let puts = store.put((0..15).map(event).collect()).await?;
    let [without_lane, one, two, three, four]: [Vec<_>; 5] =
        [0, 1, 2, 3, 4].map(|first| puts.iter().skip(first).step_by(5).map(|put| put.key()).collect());

    let when = "three events of each of four lanes, and three without a lane, are stored";
    let heads = [one[0], two[0], three[0], four[0]];
    let (leased, found) = lease_keys(&store).await?;
    same(when, without_lane.iter().copied().chain(heads).collect(), found)?;

    let when = "the heads of four lanes settle together, each in another way, with events without a lane";
    let decision = |key| match heads.iter().position(|head| *head == key) {
        Some(1) => Decision::Bury("no use".to_owned()),
        Some(2) => Decision::RetryAfter(HOUR),
        Some(3) => Decision::Release,
        _ => Decision::Complete,
    };
    let settlement = |leased: &Leased| Settlement::new(leased.token, decision(leased.token.key()));
    let settlements: Vec<_> = leased.iter().map(settlement).collect();
    same(when, vec![Settled::Applied; settlements.len()], store.settle(settlements).await?)?;
    let states = [EventState::Done, EventState::Dead, EventState::Delayed, EventState::Ready];
    for (head, state) in heads.into_iter().zip(states) {
        store.is_in(when, head, state).await?;
    }
    wait(&store, when, &[one[2], two[2], three[1], three[2], four[1], four[2]]).await?;
    let (_, found) = lease_keys(&store).await?;
    same(when, BTreeSet::from([one[1], two[1], four[0]]), found)
}
