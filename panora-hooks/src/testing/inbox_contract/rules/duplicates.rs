//! An event is stored once, and the same object under another id or type does not run.

use crate::{
    inbox::{Decision, EventKey, EventState, Inbox, NewEvent, ParkReason, Put},
    testing::inbox_contract::{
        Harness,
        check::{Checked, broken, holds, same, succeeds},
        drive::all,
        events::{contact, event},
        subject::{SECOND, Subject},
    },
};

pub(crate) async fn an_event_is_stored_once<H: Harness>(store: Subject<H>) -> Checked {
    let key = store.store_contact("ada").await?;
    store.put_again("an event that is ready is put again", contact("ada"), key).await?;
    let leased = store.lease_one("an event was put twice").await?;
    store.put_again("an event that is leased is put again", contact("ada"), key).await?;
    store.apply(leased.token, Decision::Complete).await?;
    store.put_again("an event that is done is put again", contact("ada"), key).await?;
    store.lease_none("the only event is done, and was put again").await?;
    let dead = store.settled("grace", Decision::Bury("no use".to_owned())).await?;
    store.put_again("an event that is dead is put again", contact("grace"), dead).await?;
    store.lease_none("the only event that is not done is dead, and was put again").await?;
    let other = store.put_one(contact("grace").parked(ParkReason::Unhandled)).await?;
    same("an event that is dead is put again, to be parked", Put::Duplicate(dead), other)
}

pub(crate) async fn a_batch_may_contain_an_event_twice<H: Harness>(store: Subject<H>) -> Checked {
    let replay = event("other", "crm.contact.created", contact("ada").data());
    let batch = vec![contact("ada"), contact("grace"), contact("ada"), replay.clone(), replay];
    let when = "a batch is [ada, grace, ada, ada under another id, the same again]";
    let puts = store.put(batch).await?;
    let expected = "[Stored, Stored, Duplicate, Parked, Duplicate], with the key of the first of each";
    let [Put::Stored(ada), Put::Stored(_), Put::Duplicate(twice), Put::Parked(parked, reason), last] =
        puts[..]
    else {
        return Err(broken(when, expected, puts));
    };
    holds(when, twice == ada && last == Put::Duplicate(parked), expected, &puts)?;
    same(when, ParkReason::Replayed, reason)?;
    store.counts(when, [2, 0, 0, 1, 0]).await
}

pub(crate) async fn an_object_under_another_id_or_type_is_parked<H: Harness>(store: Subject<H>) -> Checked {
    for data in [r#"{"a":1}"#, r#""{\"a\":1}""#, r#"" \n{\"b\":1}""#] {
        store.store(event("1", "x", data)).await?;
        // A store may count further replays as duplicates.
        for (id, wire_type) in [("2", "x"), ("1", "y")] {
            let when =
                format!("the object {data} of the event 1 of type x is put as {id} of type {wire_type}");
            let key = is_replayed(&when, store.put_one(event(id, wire_type, data)).await?)?;
            store.put_again("a parked replay is put again", event(id, wire_type, data), key).await?;
            let info = store.info(&when, key).await?;
            let expected = (EventState::Parked, Some("replayed"));
            same(&when, expected, (info.state, info.reason.as_deref()))?;
        }
    }
    store.store(event("ab", "c", r#"{"c":1}"#)).await?;
    let when = "two events have the same data, and differ in where the id ends and the type begins";
    is_replayed(when, store.put_one(event("a", "bc", r#"{"c":1}"#)).await?)?;
    let unhandled = event("d", "e", r#"{"c":1}"#).parked(ParkReason::Unhandled);
    is_replayed("an event that has no hook replays an object", store.put_one(unhandled).await?)?;
    store.counts("four objects were stored, and eight replays of them", [4, 0, 0, 8, 0]).await
}

fn is_replayed(when: &str, put: Put) -> Checked<EventKey> {
    match put {
        Put::Parked(key, ParkReason::Replayed) => Ok(key),
        put => Err(broken(when, "Parked, because it is `Replayed`", put)),
    }
}

pub(crate) async fn a_list_under_another_id_is_a_new_event<H: Harness>(store: Subject<H>) -> Checked {
    for data in ["[]", r#""[]""#, r#"" [{\"a\":1}]""#, "null", r#""null""#] {
        for (id, wire_type) in [("1", "x"), ("2", "x"), ("3", "y")] {
            let key = store.store(event(id, wire_type, data)).await?;
            store.put_again("a list is put again", event(id, wire_type, data), key).await?;
        }
    }
    Ok(())
}

pub(crate) async fn no_replay_of_an_object_runs<H: Harness>(store: Subject<H>) -> Checked {
    let replay = |number: u32| event(&number.to_string(), "x", r#"{"a":1}"#);
    store.store(replay(0)).await?;
    for number in 1..=100 {
        let when = format!("the object of one event is put under {number} other ids");
        match store.put_one(replay(number)).await? {
            Put::Parked(key, ParkReason::Replayed) => {
                store.is_in(&when, key, EventState::Parked).await?;
            }
            // A store may keep a bounded number of replays.
            Put::Duplicate(key) if number > 2 => {
                store.info(&when, key).await?;
            }
            put => return Err(broken(when, "Parked as `Replayed`, or Duplicate from the third on", put)),
        }
    }
    let leased = store.lease_one("one object was put under many ids").await?;
    same("one object was put under many ids: the original runs", "0", &*leased.id)?;
    store.apply(leased.token, Decision::Complete).await
}

pub(crate) async fn concurrent_copies_are_stored_once<H: Harness>(store: Subject<H>) -> Checked {
    let when = "64 batches of the same 10 lists are put at once";
    let lists = || (0..10).map(|id| event(&format!("list {id}"), "crm.contact.pulled", "[]")).collect();
    let puts = put_at_once(&store, (0..64).map(|_| lists())).await?;
    let stored = puts.iter().filter(|put| matches!(put, Put::Stored(_))).count();
    holds(when, stored == 10, "10 results are Stored, and all others Duplicate", stored)?;
    store.counts(when, [10, 0, 0, 0, 0]).await
}

pub(crate) async fn concurrent_replays_run_once<H: Harness>(store: Subject<H>) -> Checked {
    for round in 0..8 {
        let when = "an object is put under 12 ids at once";
        let replay = |id: u32| event(&format!("{round}-{id}"), "x", &format!(r#"{{"round":{round}}}"#));
        let puts = put_at_once(&store, (0..12).map(|id| vec![replay(id)])).await?;
        let stored = puts.iter().filter(|put| matches!(put, Put::Stored(_))).count();
        holds(when, stored == 1, "one result is Stored, and no other", puts)?;
        let leased = store.lease_one(when).await?;
        store.apply(leased.token, Decision::Complete).await?;
    }
    Ok(())
}

async fn put_at_once<H: Harness>(
    store: &Subject<H>,
    batches: impl Iterator<Item = Vec<NewEvent>>,
) -> Checked<Vec<Put>> {
    let mut results = Vec::new();
    for puts in all(batches.map(|batch| store.inbox.put(batch))).await {
        results.extend(succeeds("put, many times at once", puts)?);
    }
    Ok(results)
}

pub(crate) async fn a_duplicate_does_not_complete_an_event<H: Harness>(store: Subject<H>) -> Checked {
    let key = store.store_contact("ada").await?;
    let leased = store.lease_one("an event is stored").await?;
    store.put_again("an event that is leased is put again", contact("ada"), key).await?;
    store.is_in("a leased event was put again", key, EventState::Leased).await?;
    store.apply(leased.token, Decision::RetryAfter(10 * SECOND)).await?;
    store.put_again("an event that is delayed is put again", contact("ada"), key).await?;
    store.is_in("a delayed event was put again", key, EventState::Delayed).await?;
    store.advance(11 * SECOND).await?;
    let leased = store.lease_one("the delay of an event that was put again is over").await?;
    same("the delay of an event that was put again is over", 2, leased.attempt)
}
