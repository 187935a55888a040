//! A dropped call harms no later call.

use std::{collections::BTreeSet, time::Duration};

use crate::{
    inbox::{
        Capability, Decision, EventKey, EventState, Inbox, LeaseRequest, ParkReason, Put, Query, Select,
        Settlement,
    },
    testing::inbox_contract::{
        Harness,
        check::{Checked, broken, holds, succeeds},
        drive::{all, drop_after},
        events::contact,
        subject::{ALL, LEASE, SECOND, Subject},
    },
};

/// Each call is dropped after 0 to this many polls.
const POLLS: u32 = 12;

pub(crate) async fn a_dropped_call_harms_no_later_call<H: Harness>(store: Subject<H>) -> Checked {
    let dead = store.settled("dead", Decision::Bury("no use".to_owned())).await?;
    let mut kept = BTreeSet::from([dead]);
    for polls in 0..=POLLS {
        let later = |call: &str| format!("after a call of `{call}` was dropped after {polls} polls");
        let inbox = &store.inbox;

        let dropped = contact(format!("dropped {polls}"));
        drop_after(polls, inbox.put(vec![dropped.clone()])).await;
        let put = store.put_one(dropped).await?;
        holds(later("put"), matches!(put, Put::Stored(_) | Put::Duplicate(_)), "Stored or Duplicate", put)?;
        kept.insert(put.key());
        acknowledged(&store, &later("put"), &mut kept).await?;

        drop_after(polls, inbox.get(dead)).await;
        acknowledged(&store, &later("get"), &mut kept).await?;
        drop_after(polls, inbox.list(Query::default())).await;
        acknowledged(&store, &later("list"), &mut kept).await?;
        drop_after(polls, inbox.depth()).await;
        acknowledged(&store, &later("depth"), &mut kept).await?;
        drop_after(polls, inbox.probe()).await;
        acknowledged(&store, &later("probe"), &mut kept).await?;
        drop_after(polls, inbox.replay(Select::Keys(vec![dead]), 1)).await;
        acknowledged(&store, &later("replay"), &mut kept).await?;
        drop_after(polls, inbox.prune(Duration::ZERO, ALL)).await;
        acknowledged(&store, &later("prune"), &mut kept).await?;
        if store.has(Capability::Discard) {
            drop_after(polls, inbox.discard(Select::Keys(vec![dead]), 1)).await;
            acknowledged(&store, &later("discard"), &mut kept).await?;
        }
        if store.has(Capability::Forget) {
            drop_after(polls, inbox.forget(Duration::from_secs(3600), ALL)).await;
            acknowledged(&store, &later("forget"), &mut kept).await?;
        }
        if store.has(Capability::Expedite) {
            drop_after(polls, inbox.expedite(Duration::from_secs(3600), ALL)).await;
            acknowledged(&store, &later("expedite"), &mut kept).await?;
        }
        if store.has(Capability::Announce) {
            drop_after(polls, inbox.claim_dead(ALL, LEASE)).await;
            acknowledged(&store, &later("claim_dead"), &mut kept).await?;
        }
        if store.has(Capability::NextDue) {
            drop_after(polls, inbox.next_due()).await;
            acknowledged(&store, &later("next_due"), &mut kept).await?;
        }
        drop_after(polls, inbox.lease(LeaseRequest::new(1, LEASE))).await;
        acknowledged(&store, &later("lease"), &mut kept).await?;
        drop_after(polls, inbox.settle(Vec::new())).await;
        acknowledged(&store, &later("settle"), &mut kept).await?;
    }
    settle_halfway(&store).await?;
    let when = "calls were dropped, and the store is restarted";
    let (store, _) = store.restart().await?;
    let found: BTreeSet<_> = store.all_keys().await?.into_iter().collect();
    let lost: Vec<_> = kept.difference(&found).collect();
    holds(when, lost.is_empty(), "every event that was acknowledged", format!("{} are lost", lost.len()))
}

/// Checks that events are stored, and that they are visible on every connection of a store.
///
/// Many calls run at once, since only the next user of a connection may notice its state.
async fn acknowledged<H: Harness>(store: &Subject<H>, when: &str, kept: &mut BTreeSet<EventKey>) -> Checked {
    let parked = |number| contact(format!("{number} {when}")).parked(ParkReason::Unhandled);
    let puts = all((0..8).map(|number| store.inbox.put(vec![parked(number)]))).await;
    let mut keys = Vec::new();
    for puts in puts {
        match succeeds(format_args!("`put` {when}"), puts)?[..] {
            [Put::Parked(key, ParkReason::Unhandled)] => keys.push(key),
            ref puts => return Err(broken(when, "a new event is stored, and parked", puts)),
        }
    }
    let reads = [&keys[..], &keys].concat();
    for stored in all(reads.into_iter().map(|key| store.inbox.get(key))).await {
        let stored = succeeds(format_args!("`get` {when}"), stored)?;
        holds(when, stored.is_some(), "an event that was acknowledged is found", "None")?;
    }
    kept.extend(keys);
    Ok(())
}

/// Drops settlements. Each was applied or not, and its event is not lost.
async fn settle_halfway<H: Harness>(store: &Subject<H>) -> Checked {
    for polls in 0..=POLLS {
        let when = format!("a settlement was dropped after {polls} polls");
        for leased in store.lease_all().await? {
            store.apply(leased.token, Decision::Bury("not of this rule".to_owned())).await?;
        }
        let key = store.store_contact(&format!("to settle {polls}")).await?;
        let token = store.lease_one("one event is ready").await?.token;
        drop_after(polls, store.inbox.settle(vec![Settlement::new(token, Decision::Complete)])).await;
        // Another handle may see the event late, and this call comes after the dropped one.
        store.settle_one(token, Decision::Complete).await?;
        store.is_in(&when, key, EventState::Done).await?;
    }
    let dropped = store.store_contact("to lease").await?;
    for polls in 1..=POLLS {
        drop_after(polls, store.inbox.lease(LeaseRequest::new(1, LEASE))).await;
    }
    let when = "calls of `lease` were dropped, and the leases that they may have made are over";
    // The server of a store may execute a dropped call a moment later, so one attempt may not be
    // enough.
    for _ in 0..5 {
        store.advance(LEASE + SECOND).await?;
        let leased = store.lease_all().await?;
        let times = leased.iter().filter(|leased| leased.token.key() == dropped).count();
        holds(when, times <= 1, "the event is leased once", times)?;
        if times == 1 {
            return Ok(());
        }
    }
    Err(broken(when, "the event can be leased", "nothing"))
}
