//! An event is leased as it was stored.

use std::time::{Duration, SystemTime};

use crate::{
    inbox::{Decision, EventState, Inbox, NewEvent, Put},
    testing::{
        inbox_contract::{
            Harness,
            check::{Checked, holds, same, succeeds},
            events::event,
            subject::{ALL, Subject},
        },
        json::quote,
    },
};

/// The most by which a store may round the time of arrival.
const ROUNDING: Duration = Duration::from_millis(1);

fn arrived(when: &str, new: &NewEvent, found: SystemTime) -> Checked {
    let (early, late) = (new.received_at() - ROUNDING, new.received_at() + ROUNDING);
    let expected = format!("`received_at` is {:?}, give or take a millisecond", new.received_at());
    holds(when, (early..=late).contains(&found), expected, found)
}

pub(crate) async fn a_stored_event_is_leased_unchanged<H: Harness>(store: Subject<H>) -> Checked {
    let new = event("7197465d", "crm.company.push", r#""{\"name\":\"Akmé\"}""#);
    let key = store.store(new.clone()).await?;
    let stored = store.stored("an event is stored", key).await?;
    let info = &stored.info;
    let when = "an event that is stored and has not run is read";
    same(when, (key, EventState::Ready, 0), (info.key, info.state, info.attempts))?;
    same(when, (new.id(), new.wire_type()), (&info.id, &info.wire_type))?;
    same(when, (Some(new.data()), Some(new.data().len() as u64)), (stored.data.as_deref(), info.size))?;
    same(when, (None, None), (info.until, info.reason.as_deref()))?;
    arrived(when, &new, info.received_at)?;

    let other = succeeds("get", store.other_handle().get(key).await)?;
    same("an event is read through another handle", Some(&stored), other.as_ref())?;

    let leased = store.lease_one("an event is stored").await?;
    let when = "a stored event is leased";
    same(when, (key, new.content()), (leased.token.key(), &leased.content))?;
    same(when, (new.id(), new.wire_type()), (&leased.id, &leased.wire_type))?;
    same(when, new.data(), &leased.data)?;
    same(when, (1, false), (leased.attempt, leased.is_interrupted))?;
    arrived(when, &new, leased.received_at)?;

    let when = "the event is leased and not settled";
    store.is_in(when, key, EventState::Leased).await?;
    store.apply(leased.token, Decision::Complete).await?;
    store.lease_none("the only event is done").await?;
    let stored = store.stored("the event is done", key).await?;
    let when = "an event that is done is read";
    same(when, (EventState::Done, 1), (stored.info.state, stored.info.attempts))?;
    same(when, Some(new.data()), stored.data.as_deref())
}

pub(crate) async fn an_empty_batch_is_accepted<H: Harness>(store: Subject<H>) -> Checked {
    store.put(Vec::new()).await?;
    store.settle(Vec::new()).await?;
    store.store_contact("ada").await?;
    let leased = store.lease(0).await?;
    same("`lease` is called for no event", 0, leased.len())?;
    store.lease_one("no event was asked for before").await?;
    Ok(())
}

pub(crate) async fn texts_may_contain_any_character<H: Harness>(store: Subject<H>) -> Checked {
    let long = "x".repeat(100_000);
    let texts = [
        "\0",
        "a\0b",
        "\u{1F980}",
        "\u{10FFFF}\u{FEFF}",
        "'; DROP TABLE event; --",
        "$1 ? %s {} \\ \" /",
        " \r\n\t ",
        &long,
    ];
    for (number, text) in texts.into_iter().enumerate() {
        let when = format!("id, type, payload and reason contain {:?}", text.get(..20).unwrap_or(text));
        let data = format!(r#"{{"number":{number},"unpaired":"\ud83d\u0000","text":{}}}"#, quote(text));
        let key = store.store(event(text, text, &data)).await?;
        let stored = store.stored(&when, key).await?;
        same(&when, (text, text), (&stored.info.id, &stored.info.wire_type))?;
        same(&when, Some(&*data), stored.data.as_deref())?;
        let leased = store.lease_one(&when).await?;
        same(&when, (text, text, &*data), (&leased.id, &leased.wire_type, &*leased.data))?;
        let reason = format!("because of {text}");
        store.apply(leased.token, Decision::Bury(reason.clone())).await?;
        same(&when, Some(reason), store.info(&when, key).await?.reason)?;
    }
    Ok(())
}

pub(crate) async fn large_events_are_stored_and_leased<H: Harness>(store: Subject<H>) -> Checked {
    let text = "x".repeat(12 << 20);
    let mut stored = Vec::new();
    for number in 0..4 {
        let data = format!(r#"{{"number":{number},"text":"{text}"}}"#);
        stored.push(store.store(event(&number.to_string(), "crm.note.push", &data)).await?);
    }
    let mut found = Vec::new();
    // A store may bound the bytes of a lease and return fewer events, but never none.
    while found.len() < stored.len() {
        let when = format!("{} events of 12 MiB are ready", stored.len() - found.len());
        let leased = store.lease(ALL).await?;
        holds(&when, !leased.is_empty(), "`lease` returns at least one", leased.len())?;
        for leased in leased {
            same(&when, true, leased.data.len() > text.len())?;
            found.push(leased.token.key());
        }
    }
    found.sort_unstable();
    same("events of 12 MiB are leased", stored, found)
}

pub(crate) async fn results_are_in_the_order_of_the_batch<H: Harness>(store: Subject<H>) -> Checked {
    let batch = (0..100).map(|number| event(&number.to_string(), "crm.note.push", &format!("[{number}]")));
    let puts = store.put(batch.collect()).await?;
    for (number, put) in puts.into_iter().enumerate() {
        let when = "a batch of 100 new events is put: each result belongs to the event at its place";
        let Put::Stored(key) = put else {
            return holds(when, false, "Stored", put);
        };
        same(when, number.to_string(), store.info(when, key).await?.id)?;
    }
    Ok(())
}
