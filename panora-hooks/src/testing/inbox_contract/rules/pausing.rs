//! Paused events are ready, but are not leased.

use super::lanes::{lane, lease_head, wait};
use crate::{
    inbox::{Capability, Count, Decision, EventState, Inbox, LeaseRequest, QueueGroup},
    testing::inbox_contract::{
        Harness,
        check::{Checked, same, succeeds},
        events::{contact, event},
        subject::{ALL, LEASE, SECOND, Subject},
    },
};

async fn pause<H: Harness>(store: &Subject<H>, pattern: &str) -> Checked<bool> {
    succeeds("pause", store.inbox.pause(pattern.to_owned()).await)
}

async fn resume<H: Harness>(store: &Subject<H>, pattern: &str) -> Checked<bool> {
    succeeds("resume", store.inbox.resume(pattern.to_owned()).await)
}

pub(crate) async fn a_paused_event_is_not_leased<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Pause)?;
    let when = "an event type is paused twice";
    same(when, true, pause(&store, "crm.contact.created").await?)?;
    same(when, false, pause(&store, "crm.contact.created").await?)?;
    let found = succeeds("paused", store.other_handle().paused().await)?;
    same("another handle asks for the paused patterns", vec!["crm.contact.created".to_owned()], found)?;
    same("the queue without a name is paused", true, pause(&store, "").await?)?;

    let paused = store.store_contact("ada").await?;
    let other = store.store(event("deal", "crm.deal.created", "[1]")).await?;
    let when = "an event of a paused type is ready, and one of another type";
    let groups = vec![QueueGroup::others(ALL)];
    let request = LeaseRequest::new(ALL, LEASE).groups(groups);
    let leased = succeeds("lease", store.inbox.lease(request).await)?;
    let keys: Vec<_> = leased.iter().map(|leased| leased.token.key()).collect();
    same(when, vec![other], keys)?;
    store.lease_none(when).await?;
    store.is_in(when, paused, EventState::Ready).await?;
    let depth = store.depth().await?;
    let counts = (depth.ready, depth.paused, depth.leased, depth.oldest_ready);
    same(when, (Count::exactly(0), Count::exactly(1), Count::exactly(1), None), counts)?;
    same(when, None, succeeds("probe", store.inbox.probe().await)?)?;
    for leased in leased {
        store.apply(leased.token, Decision::Complete).await?;
    }

    let when = "an event type is resumed twice";
    same(when, true, resume(&store, "crm.contact.created").await?)?;
    same(when, false, resume(&store, "crm.contact.created").await?)?;
    let leased = store.lease_one(when).await?;
    same(when, paused, leased.token.key())?;
    pause(&store, "crm.contact.created").await?;
    store.apply(leased.token, Decision::Release).await?;
    store.lease_none("a leased event is released after its type was paused").await?;
    resume(&store, "crm.contact.created").await?;
    store.lease_one("the type of a released event is resumed").await?;
    pause(&store, "crm.contact.created").await?;
    store.advance(LEASE + SECOND).await?;
    store.lease_none("the lease of an event expires after its type was paused").await
}

pub(crate) async fn a_pattern_pauses_the_types_that_it_matches<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Pause)?;
    let stored = [
        contact("ada"),
        event("company", "crm.company.push", "[1]"),
        event("unknown", "crm.unknown.created", "[2]").in_queue("crm.*"),
        event("ticket", "ticketing.ticket.created", "[3]"),
        event("none", "unknown.created", "[4]"),
    ];
    let mut keys = Vec::new();
    for event in stored {
        keys.push(store.store(event).await?);
    }
    for (patterns, is_paused) in [
        (&["crm.*"][..], [true, true, true, false, false]),
        (&["*"], [true; 5]),
        (&["crm.contact.*", "ticketing.ticket.created"], [true, false, false, true, false]),
        // The event type, and its wire type.
        (&["crm.company.created"], [false, true, false, false, false]),
        (&["crm.company.push"], [false, true, false, false, false]),
        (&["crm.*", "crm.company.created"], [true, true, true, false, false]),
        (&["crm", "c*d", "crm.contact", "CRM.*"], [false; 5]),
    ] {
        for pattern in patterns {
            pause(&store, pattern).await?;
        }
        let when = format!("{patterns:?} are paused");
        let leased = store.lease_all().await?;
        let found: Vec<_> =
            keys.iter().map(|key| !leased.iter().any(|leased| leased.token.key() == *key)).collect();
        same(format!("{when}: each event is paused"), is_paused.to_vec(), found)?;
        for leased in leased {
            store.apply(leased.token, Decision::Release).await?;
        }
        let paused = is_paused.iter().filter(|paused| **paused).count() as u64;
        same(&when, Count::exactly(paused), store.depth().await?.paused)?;
        for pattern in patterns {
            resume(&store, pattern).await?;
        }
    }
    Ok(())
}

pub(crate) async fn a_paused_head_keeps_its_lane_waiting<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Lanes)?;
    store.needs(Capability::Pause)?;
    let [contact, list, deal] = [
        contact("ada"),
        event("deals", "crm.deal.created", "[1]"),
        event("more deals", "crm.deal.created", "[2]"),
    ]
    .map(|event| event.in_lane(lane(1)));
    let head = store.store(contact).await?;
    let second = store.store(list).await?;
    let third = store.store(deal).await?;

    let when = "the type of the head of a lane is paused, and that of the events behind it is not";
    pause(&store, "crm.contact.created").await?;
    store.lease_none(when).await?;
    store.is_in(when, head, EventState::Ready).await?;
    wait(&store, when, &[second, third]).await?;
    let depth = store.depth().await?;
    let counts = (depth.ready, depth.paused, depth.waiting);
    same(when, (Count::exactly(0), Count::exactly(1), Count::exactly(2)), counts)?;

    let when = "the type of the events behind a head is paused, and that of the head is not";
    resume(&store, "crm.contact.created").await?;
    pause(&store, "crm.deal.created").await?;
    let leased = lease_head(&store, when, head).await?;
    store.apply(leased.token, Decision::Complete).await?;
    let when = "the head of a lane is done, and the type of its successor is paused";
    store.is_in(when, second, EventState::Ready).await?;
    wait(&store, when, &[third]).await?;
    store.lease_none(when).await?;
    resume(&store, "crm.deal.created").await?;
    lease_head(&store, "the type of the head of a lane is resumed", second).await?;
    store.lease_none("the head of a lane was resumed, and is leased").await
}
