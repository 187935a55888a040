//! Replay and discard select exactly the events that their filter accepts.

use std::time::{Duration, SystemTime};

use crate::{
    inbox::{Capability, EventInfo, EventState, Filter, ParkReason, Select},
    testing::inbox_contract::{
        Harness,
        check::{Checked, same},
        events::event,
        subject::{ALL, Subject},
    },
};

/// The ids of the events, in order of arrival.
const IDS: [&str; 4] = ["a", "a", "ab", "b"];

/// Parks events that arrive at different times, also for a store that rounds them.
async fn parked<H: Harness>(store: &Subject<H>) -> Checked<Vec<EventInfo>> {
    let mut parked: Vec<EventInfo> = Vec::new();
    for (number, id) in IDS.into_iter().enumerate() {
        let earliest = parked.last().map_or(SystemTime::UNIX_EPOCH, |last| last.received_at);
        let event = loop {
            let event = event(id, "crm.company.push", &format!(r#"{{"a":{number}}}"#));
            if event.received_at() > earliest + Duration::from_millis(1) {
                break event.parked(ParkReason::Unhandled);
            }
        };
        let key = store.put_one(event).await?.key();
        parked.push(store.info("an event is parked", key).await?);
    }
    Ok(parked)
}

/// Checks an operation that takes the selected events out of the state `Parked`.
async fn selects_by_id_and_time<H: Harness>(
    store: &Subject<H>,
    operation: &str,
    operate: impl AsyncFn(Select) -> Checked<u64>,
) -> Checked {
    let events = parked(store).await?;
    let [_, second, third, fourth] = &events[..] else { return Ok(()) };
    let id = |id: &str| Filter::new().id(id);
    let from = |event: &EventInfo| Filter::new().received_from(event.received_at);
    for (what, filter, left) in [
        ("an id that no event has", id("c"), vec![0, 1, 2, 3]),
        ("an id", id("a"), vec![2, 3]),
        (
            "a time before that of all events that are left",
            from(second).received_before(third.received_at),
            vec![2, 3],
        ),
        ("a range of time", from(second).received_before(fourth.received_at), vec![3]),
        ("an id, and a time that is over", id("b").received_before(fourth.received_at), vec![3]),
        ("an id and the time of its event", from(fourth).id("b"), vec![]),
    ] {
        let when = format!("{operation} by {what}");
        let before = store.keys(Filter::new().state(EventState::Parked)).await?.len();
        let expected = (before - left.len()) as u64;
        same(&when, expected, operate(Select::All(filter)).await?)?;
        let left: Vec<_> =
            left.into_iter().filter_map(|number: usize| Some(events.get(number)?.key)).collect();
        same(when, left, store.keys(Filter::new().state(EventState::Parked)).await?)?;
    }
    Ok(())
}

pub(crate) async fn a_replay_selects_by_id_and_time<H: Harness>(store: Subject<H>) -> Checked {
    selects_by_id_and_time(&store, "events are replayed", async |which| store.replay(which, ALL).await).await
}

pub(crate) async fn a_discard_selects_by_id_and_time<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Discard)?;
    selects_by_id_and_time(&store, "events are discarded", async |which| store.discard(which, ALL).await)
        .await
}
