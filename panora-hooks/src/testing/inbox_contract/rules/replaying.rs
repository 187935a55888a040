//! Replay makes finished events ready.

use crate::{
    inbox::{Decision, EventState, Filter, ParkReason, Put, Select},
    testing::inbox_contract::{
        Harness,
        check::{Checked, broken, same},
        events::contact,
        subject::{ALL, HOUR, Subject},
    },
};

pub(crate) async fn a_replay_makes_finished_events_ready<H: Harness>(store: Subject<H>) -> Checked {
    let when = "an event without a hook is put";
    let put = store.put_one(contact("parked").parked(ParkReason::Unhandled)).await?;
    let Put::Parked(parked, ParkReason::Unhandled) = put else {
        return Err(broken(when, "Parked, because it is `Unhandled`", put));
    };
    let mut keys = vec![
        parked,
        store.settled("dead", Decision::Bury("no use".to_owned())).await?,
        store.settled("done", Decision::Complete).await?,
        store.settled("delayed", Decision::RetryAfter(HOUR)).await?,
        store.store_contact("leased").await?,
    ];
    let leased = store.lease_one("one event is ready").await?;
    keys.push(store.store_contact("ready").await?);
    let when = "events that are parked, dead, done, delayed, leased and ready are replayed";
    same(when, 4, store.replay(Select::Keys(keys.clone()), ALL).await?)?;
    store.counts(when, [5, 0, 1, 0, 0]).await?;
    store.apply(leased.token, Decision::Complete).await?;
    for leased in store.lease_all().await? {
        let when = format!("the event of {:?} was replayed, and is leased", leased.id);
        same(&when, (1, false), (leased.attempt, leased.is_interrupted))?;
        let data = contact(leased.id.trim_start_matches("id of "));
        same(&when, data.data(), &leased.data)?;
        store.apply(leased.token, Decision::Bury("again".to_owned())).await?;
    }
    same("every replayed event is dead", 0, store.replay(Select::Keys(Vec::new()), ALL).await?)?;
    store.counts("nothing was selected for a replay", [0, 0, 0, 0, 5]).await
}

pub(crate) async fn a_replay_selects_by_state_and_type<H: Harness>(store: Subject<H>) -> Checked {
    let dead = store.settled("dead", Decision::Bury("no use".to_owned())).await?;
    let done = store.settled("done", Decision::Complete).await?;
    let filter = Filter::new().state(EventState::Dead).event_type("crm.contact.created");
    let other = filter.clone().event_type("crm.deal.created");
    let when = "dead events of a type that no event has are replayed";
    same(when, 0, store.replay(Select::All(other), ALL).await?)?;
    for state in [EventState::Parked, EventState::Delayed, EventState::Ready, EventState::Leased] {
        let which = Select::All(Filter::new().state(state));
        same(format_args!("events that are {state} are replayed"), 0, store.replay(which, ALL).await?)?;
    }
    let when = "dead events of a type are replayed";
    same(when, 1, store.replay(Select::All(filter), ALL).await?)?;
    store.is_in(when, dead, EventState::Ready).await?;
    store.is_in(when, done, EventState::Done).await
}

pub(crate) async fn a_replay_is_bounded_and_oldest_first<H: Harness>(store: Subject<H>) -> Checked {
    let mut dead = Vec::new();
    for number in 0..5 {
        dead.push(store.settled(&format!("number {number}"), Decision::Bury("no use".to_owned())).await?);
    }
    let filter = Filter::new().state(EventState::Dead);
    let all = || Select::All(filter.clone());
    same("a replay of no event is asked for", 0, store.replay(all(), 0).await?)?;
    let when = "up to two of five dead events are replayed";
    same(when, 2, store.replay(all(), 2).await?)?;
    same(when, &dead[2..], &store.keys(filter.clone()).await?)?;
    let mut keys: Vec<_> = dead.iter().rev().copied().collect();
    keys.extend_from_slice(&dead);
    let when = "the keys of three dead and two ready events, each twice, are replayed: up to one";
    same(when, 1, store.replay(Select::Keys(keys.clone()), 1).await?)?;
    same(when, &dead[3..], &store.keys(filter.clone()).await?)?;
    let when = "the keys of two dead and three ready events, each twice, are replayed";
    same(when, 2, store.replay(Select::Keys(keys), ALL).await?)?;
    store.counts(when, [5, 0, 0, 0, 0]).await?;
    same("no event is dead any more", 0, store.replay(all(), ALL).await?)
}
