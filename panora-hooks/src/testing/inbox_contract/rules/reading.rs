//! Lists and counts show the stored events.

use std::time::{Duration, Instant};

use crate::{
    inbox::{Count, Decision, Depth, EventState, Filter, Inbox, ParkReason, Query},
    testing::inbox_contract::{
        Harness,
        check::{Checked, broken, holds, same, succeeds},
        events::{contact, event},
        subject::{ALL, HOUR, SECOND, Subject},
    },
};

pub(crate) async fn lists_have_pages<H: Harness>(store: Subject<H>) -> Checked {
    let mut stored = Vec::new();
    for number in 0..6 {
        stored.push(store.store_contact(&format!("number {number}")).await?);
    }
    for limit in [1, 2, 3, 4, 6, 7] {
        let when = format!("six events are listed, {limit} on a page");
        let (mut listed, mut after) = (Vec::new(), None);
        loop {
            let page = store.list(Query::default().limit(limit).after(after)).await?;
            listed.extend(page.items.iter().map(|info| info.key));
            if page.next.is_none() {
                break;
            }
            let last = page.items.last().map(|info| info.key);
            same(format_args!("{when}: `next` is the last event of the page"), last, page.next)?;
            after = page.next;
        }
        same(when, &stored, &listed)?;
    }
    let page = store.list(Query::default().after(stored.last().copied())).await?;
    same("a page after the last event is listed", (0, None), (page.items.len(), page.next))
}

pub(crate) async fn lists_have_filters<H: Harness>(store: Subject<H>) -> Checked {
    let mut contacts = Vec::new();
    for number in 0..3 {
        contacts.push(store.store_contact(&format!("number {number}")).await?);
    }
    let company = store.store(event("company", "crm.company.push", r#"{"a":1}"#)).await?;
    let parked = event("parked", "crm.company.push", r#"{"b":1}"#).parked(ParkReason::Unhandled);
    let parked = store.put_one(parked).await?.key();
    let of_type = |event_type: &str| Filter::new().event_type(event_type);
    for event_type in ["crm.company.created", "crm.company.push"] {
        let when =
            format!("events of type `{event_type}`, which is `crm.company.push` on the wire, are listed");
        same(&when, vec![company, parked], store.keys(of_type(event_type)).await?)?;
        let ready = of_type(event_type).state(EventState::Ready);
        same(format_args!("{when}, if they are ready"), vec![company], store.keys(ready).await?)?;
    }
    let when = "events of a type are listed";
    same(when, &contacts, &store.keys(of_type("crm.contact.created")).await?)?;
    same("events of a type that no event has are listed", Vec::new(), store.keys(of_type("x")).await?)?;

    let first = store.info("an event is stored", company).await?.received_at;
    let before = |time| Filter::new().received_before(time);
    let when = "events that arrived before a time are listed: an hour before the first";
    same(when, 0, store.keys(before(first - HOUR)).await?.len())?;
    let when = "events that arrived before a time are listed: an hour after the last";
    same(when, 5, store.keys(before(first + HOUR)).await?.len())
}

pub(crate) async fn lists_can_begin_with_the_newest_event<H: Harness>(store: Subject<H>) -> Checked {
    let mut stored = Vec::new();
    for number in 0..5 {
        stored.push(store.store_contact(&format!("number {number}")).await?);
    }
    stored.reverse();
    let of_type = Filter::new().event_type("crm.contact.created");
    for filter in [Filter::new(), Filter::new().state(EventState::Ready), of_type] {
        for limit in [1, 2, 5, 6] {
            let when = format!("five events are listed, newest first, {limit} on a page: {filter:?}");
            let (mut listed, mut after) = (Vec::new(), None);
            loop {
                let query = Query::new(filter.clone()).limit(limit).after(after).newest_first();
                let page = store.list(query).await?;
                listed.extend(page.items.iter().map(|info| info.key));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            same(when, &stored, &listed)?;
        }
    }
    Ok(())
}

pub(crate) async fn lists_find_an_id_and_a_range_of_time<H: Harness>(store: Subject<H>) -> Checked {
    let long = "x".repeat(100_000);
    let by_id = |id: &str, data: &str| event(id, "crm.company.push", data);
    let one = store.store(by_id("a", r#"{"a":1}"#)).await?;
    let other = store.store(by_id("a", r#"{"a":2}"#)).await?;
    store.store(by_id("ab", r#"{"a":3}"#)).await?;
    let first_long = store.store(by_id(&format!("{long}1"), r#"{"a":4}"#)).await?;
    store.store(by_id(&format!("{long}2"), r#"{"a":5}"#)).await?;
    let ids = async |id: String| store.keys(Filter::new().id(id)).await;
    same("events with an id are listed", vec![one, other], ids("a".to_owned()).await?)?;
    same("events with a long id are listed", vec![first_long], ids(format!("{long}1")).await?)?;
    same("events with an unknown id are listed", Vec::new(), ids("b".to_owned()).await?)?;
    let count = succeeds("count", store.inbox.count(Filter::new().id("a")).await)?;
    same("events with an id are counted", Count::exactly(2), count)?;

    let at = store.info("an event is stored", other).await?.received_at;
    let from = Filter::new().received_from(at);
    holds(
        "events from a time on are listed",
        store.keys(from.clone()).await?.contains(&other),
        "the event is among them",
        at,
    )?;
    let before = store.keys(Filter::new().received_before(at)).await?;
    holds("events before a time are listed", !before.contains(&other), "the event is not among them", at)?;
    for (hours, expected) in [(-3_i32, 5), (3, 0)] {
        let time =
            if hours < 0 { at - hours.unsigned_abs() * HOUR } else { at + hours.unsigned_abs() * HOUR };
        let when = format!("events from {hours} hours after the last on are listed");
        same(when, expected, store.keys(Filter::new().received_from(time)).await?.len())?;
    }
    let parked = contact("ada").parked(ParkReason::Unhandled);
    store.put_one(parked).await?;
    let range =
        Filter::new().received_from(at - HOUR).received_before(at + HOUR).event_type("crm.contact.created");
    same("events of a type in a range of time are listed", 1, store.keys(range).await?.len())
}

pub(crate) async fn stored_ids_are_found<H: Harness>(store: Subject<H>) -> Checked {
    let none = store.inbox.contains_ids(vec!["a".to_owned()], None).await;
    same("an id is looked for in an empty store", vec![false], succeeds("contains_ids", none)?)?;
    let long = "x".repeat(100_000);
    store.settled("done", Decision::Complete).await?;
    store.settled("dead", Decision::Bury("no use".to_owned())).await?;
    store.put_one(contact("parked").parked(ParkReason::Unhandled)).await?;
    let first = store.store(event("ready", "crm.company.push", r#"{"a":1}"#)).await?;
    store.store(event("ready", "crm.company.push", r#"{"a":2}"#)).await?;
    store.store(event(&format!("1{long}"), "crm.company.push", r#"{"a":3}"#)).await?;
    store.store(event("nul\0", "crm.company.push", r#"{"a":4}"#)).await?;
    succeeds("prune", store.inbox.prune(Duration::ZERO, ALL).await)?;
    let cases = [
        (format!("1{long}"), true),
        (format!("2{long}"), false),
        ("ready".to_owned(), true),
        ("unknown".to_owned(), false),
        ("read".to_owned(), false),
        ("eady".to_owned(), false),
        ("id of done".to_owned(), true),
        ("id of dead".to_owned(), true),
        ("id of parked".to_owned(), true),
        ("ready".to_owned(), true),
        ("nul\0".to_owned(), true),
        ("nul".to_owned(), false),
        (String::new(), false),
    ];
    let (ids, expected): (Vec<_>, Vec<_>) = cases.into_iter().unzip();
    let at = store.info("an event is stored", first).await?.received_at;
    for received_from in [None, Some(at - 3 * HOUR)] {
        let found = store.inbox.contains_ids(ids.clone(), received_from).await;
        let when = format!("ids are looked for, from {received_from:?} on");
        same(when, &expected, &succeeds("contains_ids", found)?)?;
    }
    Ok(())
}

pub(crate) async fn depth_counts_each_state<H: Harness>(store: Subject<H>) -> Checked {
    same("a store is empty", Depth::default(), store.depth().await?)?;
    let start = Instant::now();
    store.put_one(contact("parked").parked(ParkReason::Unhandled)).await?;
    store.settled("dead", Decision::Bury("no use".to_owned())).await?;
    store.settled("delayed", Decision::RetryAfter(HOUR)).await?;
    store.settled("done", Decision::Complete).await?;
    store.store_contact("leased").await?;
    let leased = store.lease_one("one event is ready").await?;
    store.apply(leased.token, Decision::Extend(HOUR)).await?;
    let when = "one event is in each state, but none is ready";
    store.counts(when, [0, 1, 1, 1, 1]).await?;
    same(when, None, store.depth().await?.oldest_ready)?;
    store.store_contact("old").await?;
    store.store_contact("older than nothing").await?;
    store.counts("one event is in each state, and two are ready", [2, 1, 1, 1, 1]).await?;
    for state in EventState::ALL {
        let when = format!("events in the state `{state}` are listed");
        let page = store.list(Query::new(Filter::new().state(*state))).await?;
        let expected = match state {
            EventState::Ready => 2,
            EventState::Waiting => 0,
            _ => 1,
        };
        same(&when, expected, page.items.len())?;
        let states: Vec<_> = page.items.iter().map(|info| info.state).collect();
        holds(&when, states.iter().all(|found| found == state), state, &states)?;
    }
    store.advance(30 * SECOND).await?;
    store.store_contact("new").await?;
    let oldest = store.depth().await?.oldest_ready;
    let range = 30 * SECOND..=31 * SECOND + start.elapsed();
    let when = "the oldest of three ready events has been ready for 30 s";
    holds(when, oldest.is_some_and(|oldest| range.contains(&oldest)), "`oldest_ready` is 30 s", oldest)
}

pub(crate) async fn a_count_is_exact_or_a_lower_bound<H: Harness>(store: Subject<H>) -> Checked {
    const EVENTS: u64 = 1200;
    for batch in 0..EVENTS / 200 {
        let event = |number: u64| event(&format!("{batch}-{number}"), "x", &format!("[{batch},{number}]"));
        let events = (0..200).map(|number| {
            let event = event(number);
            if number % 2 == 0 { event } else { event.parked(ParkReason::Unhandled) }
        });
        store.put(events.collect()).await?;
    }
    let Depth { ready, parked, .. } = store.depth().await?;
    let when = "600 events are ready and 600 parked";
    same(when, [Count::exactly(EVENTS / 2); 2], [ready, parked])?;
    let parked = store.keys(Filter::new().state(EventState::Parked)).await?;
    store.replay(crate::inbox::Select::Keys(parked), 1000).await?;
    let when = "1200 events are ready";
    let ready = store.depth().await?.ready;
    let is_bound = !ready.is_exact() && (1000..=EVENTS).contains(&ready.number());
    if ready != EVENTS && !is_bound {
        return Err(broken(when, "1200, or at least 1000 if the store stops counting there", ready));
    }
    let oldest = store.depth().await?.oldest_ready;
    holds(when, oldest.is_some_and(|oldest| oldest < Duration::MAX), "`oldest_ready` is known", oldest)
}

pub(crate) async fn a_probe_answers_how_long_events_wait<H: Harness>(store: Subject<H>) -> Checked {
    let probe = async || succeeds("probe", store.inbox.probe().await);
    same("an empty store is probed", None, probe().await?)?;
    let start = Instant::now();
    store.settled("delayed", Decision::RetryAfter(HOUR)).await?;
    store.store_contact("leased").await?;
    store.lease_one("one event is ready").await?;
    same("a store is probed whose events are delayed and leased", None, probe().await?)?;
    store.store_contact("ready").await?;
    let wait = probe().await?;
    let when = "a store is probed with one event that is ready";
    let longest = start.elapsed();
    holds(when, wait.is_some_and(|wait| wait <= longest), "how long the event has been ready", wait)?;
    store.advance(30 * SECOND).await?;
    let wait = probe().await?;
    let range = 30 * SECOND..=31 * SECOND + start.elapsed();
    let when = "a store is probed whose only ready event has been ready for 30 s";
    holds(when, wait.is_some_and(|wait| range.contains(&wait)), "30 s", wait)
}
