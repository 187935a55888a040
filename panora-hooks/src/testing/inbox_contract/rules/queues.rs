//! A lease is divided among groups of queues.

use std::ops::Range;

use crate::{
    inbox::{Capability, Decision, EventKey, Inbox, LeaseRequest, Leased, ParkReason, QueueGroup, Select},
    testing::inbox_contract::{
        Harness,
        check::{Checked, broken, holds, same, succeeds},
        events::contact,
        subject::{ALL, LEASE, SECOND, Subject},
    },
};

fn group(queues: &[&'static str], max: u32) -> QueueGroup {
    let queues: Vec<_> = queues.iter().map(|queue| (*queue).into()).collect();
    QueueGroup::new(queues, max)
}

async fn lease<H: Harness>(store: &Subject<H>, max: u32, groups: Vec<QueueGroup>) -> Checked<Vec<Leased>> {
    succeeds("lease", store.inbox.lease(LeaseRequest::new(max, LEASE).groups(groups)).await)
}

fn keys(leased: &[Leased]) -> Vec<EventKey> {
    let mut keys: Vec<_> = leased.iter().map(|leased| leased.token.key()).collect();
    keys.sort_unstable();
    keys
}

fn part(keys: &[EventKey], range: Range<usize>) -> &[EventKey] {
    keys.get(range).unwrap_or_default()
}

/// Stores `count` events in a queue, one after the other.
async fn fill<H: Harness>(store: &Subject<H>, queue: &'static str, count: u32) -> Checked<Vec<EventKey>> {
    let mut keys = Vec::new();
    for number in 0..count {
        keys.push(store.store(contact(format!("{queue} {number}")).in_queue(queue)).await?);
    }
    Ok(keys)
}

pub(crate) async fn a_lease_is_limited_by_group<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Queues)?;
    let one = fill(&store, "one", 4).await?;
    let two = fill(&store, "two", 4).await?;
    let three = fill(&store, "three", 2).await?;
    let none = fill(&store, "", 2).await?;

    let when = "two groups lease up to 3 and 0 events, and nothing else is named";
    let leased = lease(&store, ALL, vec![group(&["one", "two"], 3), group(&["three"], 0)]).await?;
    same(when, part(&one, 0..3), &*keys(&leased))?;
    let is_named = leased.iter().all(|leased| leased.queue == "one");
    holds(when, is_named, "`Leased::queue` is \"one\"", leased)?;

    let when = "a group of the other queues leases up to 3 events";
    let others = lease(&store, ALL, vec![group(&["one", "two"], 0), QueueGroup::others(3)]).await?;
    same(when, [&*three, part(&none, 0..1)].concat(), keys(&others))?;

    let when = "a request without groups leases the rest";
    same(when, [part(&one, 3..4), &two, part(&none, 1..2)].concat(), keys(&store.lease_all().await?))
}

pub(crate) async fn a_flood_leaves_room_for_other_groups<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Queues)?;
    let flood = fill(&store, "flood", 8).await?;
    let few = fill(&store, "few", 3).await?;
    let one = fill(&store, "one", 1).await?;

    let when = "8, 3 and 1 events of three groups are ready, and 6 are leased";
    let groups = || vec![group(&["flood"], 8), group(&["few"], 8), group(&["one"], 8)];
    let leased = lease(&store, 6, groups()).await?;
    let expected = [part(&flood, 0..3), part(&few, 0..2), &one].concat();
    same(when, expected, keys(&leased))?;

    let when =
        "5 and 1 events of two groups are ready, the first group runs 1, the second 3, and 2 are leased";
    let groups = vec![group(&["flood"], 8).running(1), group(&["few"], 8).running(3)];
    let leased = lease(&store, 2, groups).await?;
    same(when, part(&flood, 3..5), &*keys(&leased))
}

pub(crate) async fn a_group_that_runs_nothing_gets_an_event<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Queues)?;
    let busy = fill(&store, "busy", 3).await?;
    let idle = fill(&store, "idle", 3).await?;
    fill(&store, "limited", 1).await?;
    let groups = |max| {
        let busy = group(&["busy"], 5).running(2);
        vec![busy, group(&["idle"], 5), group(&["limited"], 0), QueueGroup::others(max)]
    };
    let when = "no event may be leased, but one group runs none";
    let leased = lease(&store, 0, groups(1)).await?;
    same(when, part(&idle, 0..1), &*keys(&leased))?;

    let other = fill(&store, "other", 1).await?;
    let when = "one event may be leased, and two groups run none";
    let leased = lease(&store, 1, groups(1)).await?;
    same(when, [part(&idle, 1..2), part(&other, 0..1)].concat(), keys(&leased))?;

    let when = "two events may be leased, and one group runs none";
    let leased = lease(&store, 2, groups(0)).await?;
    same(when, [part(&busy, 0..1), part(&idle, 2..3)].concat(), keys(&leased))
}

/// Leases the only ready event of the queue `own`.
async fn lease_own<H: Harness>(store: &Subject<H>, when: &str, key: EventKey) -> Checked<Leased> {
    let mut leased = lease(store, ALL, vec![group(&["own"], ALL)]).await?;
    let when = format!("{when}, and a group of its queue is leased");
    same(when, vec![key], keys(&leased))?;
    leased.pop().ok_or_else(|| broken("a group is leased", "one event", &leased))
}

pub(crate) async fn an_event_stays_in_its_queue<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Queues)?;
    let key = store.store(contact("ada").in_queue("own")).await?;
    let leased = lease_own(&store, "an event is stored in a queue", key).await?;
    store.apply(leased.token, Decision::Release).await?;
    let leased = lease_own(&store, "an event of a queue is released", key).await?;
    store.apply(leased.token, Decision::Bury("no use".to_owned())).await?;
    store.replay(Select::Keys(vec![key]), 1).await?;
    let leased = lease_own(&store, "a dead event of a queue is replayed", key).await?;
    store.apply(leased.token, Decision::Complete).await?;
    store.replay(Select::Keys(vec![key]), 1).await?;
    let leased = lease_own(&store, "a done event of a queue is replayed", key).await?;
    store.apply(leased.token, Decision::Complete).await?;
    let parked = contact("grace").in_queue("own").parked(ParkReason::Unhandled);
    let parked = store.put_one(parked).await?.key();
    store.replay(Select::Keys(vec![parked]), 1).await?;
    let leased = lease_own(&store, "a parked event of a queue is replayed", parked).await?;
    store.apply(leased.token, Decision::RetryAfter(SECOND)).await?;
    store.advance(2 * SECOND).await?;
    lease_own(&store, "an event of a queue has failed a while ago", parked).await?;
    store.advance(LEASE + SECOND).await?;
    lease_own(&store, "the lease of an event of a queue has expired", parked).await.map(drop)
}
