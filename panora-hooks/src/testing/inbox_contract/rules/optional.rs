//! The optional parts: each works if the store claims it, and reports that it is missing otherwise.

use std::time::Duration;

use crate::{
    inbox::{
        Capabilities, Capability, Decision, EventKey, EventState, Filter, Inbox, InboxError, NewEvent,
        ParkReason, Select, Settled,
    },
    testing::inbox_contract::{
        Harness,
        check::{Checked, holds, same, succeeds},
        events::{contact, event},
        subject::{ALL, HOUR, LEASE, MINUTE, SECOND, Subject, YEAR},
    },
};

pub(crate) async fn an_optional_part_is_claimed_if_it_works<H: Harness>(store: Subject<H>) -> Checked {
    let answers = [
        (Capability::Discard, store.inbox.discard(Select::Keys(Vec::new()), 1).await),
        (Capability::Forget, store.inbox.forget(YEAR, 1).await),
        (Capability::Expedite, store.inbox.expedite(YEAR, 1).await),
        (Capability::Attempts, store.inbox.attempts(EventKey::new(0)).await.map(|items| items.len() as u64)),
        (Capability::Statistics, store.inbox.prune_figures(YEAR, YEAR, 1).await),
        (Capability::ErrorGroups, store.inbox.error_groups(1).await.map(|items| items.len() as u64)),
        (Capability::Pause, store.inbox.paused().await.map(|items| items.len() as u64)),
        (Capability::Audit, store.inbox.audit(None, 1).await.map(|items| items.len() as u64)),
        (Capability::Announce, store.inbox.announced(Vec::new()).await),
        (Capability::NextDue, store.inbox.next_due().await.map(|next| u64::from(next.is_some()))),
    ];
    let claimed: Capabilities = store.inbox.capabilities();
    for (capability, answer) in answers {
        let when = format!("the part `{capability:?}` is called on an empty store");
        if claimed.has(capability) {
            holds(when, matches!(answer, Ok(0)), "Ok(0), because the store claims the part", answer)?;
        } else {
            let is_unsupported = matches!(answer, Err(InboxError::Unsupported(_)));
            holds(
                when,
                is_unsupported,
                "Err(Unsupported), because the store does not claim the part",
                answer,
            )?;
        }
    }
    Ok(())
}

pub(crate) async fn a_discarded_event_is_known_but_gone<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Discard)?;
    let mut over = Vec::new();
    for number in 0..3 {
        let parked = contact(format!("parked {number}")).parked(ParkReason::Unhandled);
        over.push(store.put_one(parked).await?.key());
    }
    over.push(store.settled("dead", Decision::Bury("no use".to_owned())).await?);
    store.settled("delayed", Decision::RetryAfter(HOUR)).await?;
    let done = store.settled("done", Decision::Complete).await?;
    store.store_contact("leased").await?;
    let leased = store.lease_one("one event is ready").await?;
    store.store_contact("ready").await?;
    let all = || Select::All(Filter::new());

    let when = "an event that is done is discarded";
    same(when, 0, store.discard(Select::Keys(vec![done]), ALL).await?)?;
    same(when, 0, store.discard(Select::All(Filter::new().state(EventState::Done)), ALL).await?)?;
    let other = Filter::new().event_type("crm.deal.created");
    same("events of another type are discarded", 0, store.discard(Select::All(other), ALL).await?)?;
    same("`discard` is called for no event", 0, store.discard(all(), 0).await?)?;

    let when = "up to one event is discarded: the keys are of one that cannot be, and twice of one that can";
    same(when, 1, store.discard(Select::Keys(vec![done, over[0], over[0]]), 1).await?)?;
    same("an event is discarded twice", 0, store.discard(Select::Keys(over[..1].to_vec()), ALL).await?)?;
    let parked = Select::All(Filter::new().state(EventState::Parked));
    same("up to one of two parked events is discarded", 1, store.discard(parked, 1).await?)?;
    same("up to one event is discarded, oldest first", 1, store.discard(all(), 1).await?)?;
    let left = [store.keys(Filter::new().state(EventState::Parked)).await?, vec![over[3]]].concat();
    let when = "parked events are older than the dead one, and were discarded first";
    same(when, vec![over[3]], left)?;
    same("the last parked or dead event is discarded", 1, store.discard(all(), ALL).await?)?;
    let when = "a filter without a state selects no parked or dead event, and events that are still to run";
    same(when, 0, store.discard(all(), ALL).await?)?;

    let when = "a dead event was discarded";
    let stored = store.stored(when, over[3]).await?;
    same(when, (EventState::Done, 1), (stored.info.state, stored.info.attempts))?;
    same(when, (None, None, None), (stored.info.size, stored.data, stored.info.reason))?;
    let when = "discarded events are replayed";
    same(when, 0, store.replay(Select::Keys(over.clone()), ALL).await?)?;
    store.put_again("a discarded event is put again", contact("parked 0"), over[0]).await?;
    store.counts("every parked and dead event was discarded", [1, 1, 1, 0, 0]).await?;
    store.apply(leased.token, Decision::Complete).await
}

pub(crate) async fn an_event_in_any_state_can_be_discarded<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Discard)?;
    for by_state in [true, false] {
        let name = |state: &str| format!("{state}, {by_state}");
        let delayed = store.settled(&name("delayed"), Decision::RetryAfter(HOUR)).await?;
        let key = store.store_contact(&name("leased")).await?;
        let leased = store.lease_one("one event is ready").await?;
        let ready = store.store_contact(&name("ready")).await?;
        let when = "events that are delayed, leased and ready are discarded";
        if by_state {
            for state in [EventState::Delayed, EventState::Leased, EventState::Ready] {
                let when = format!("{when}, by a filter that names a state: {state}");
                let which = Select::All(Filter::new().state(state));
                same(when, 1, store.discard(which, ALL).await?)?;
            }
        } else {
            let which = Select::Keys(vec![delayed, key, ready]);
            same(format_args!("{when}, by their keys"), 3, store.discard(which, ALL).await?)?;
        }
        store.counts(when, [0; 5]).await?;
        store.lease_none(when).await?;
        let when = "the lease of an event that was discarded is settled";
        same(when, Settled::Stale, store.settle_one(leased.token, Decision::RetryAfter(SECOND)).await?)?;
        for key in [delayed, key, ready] {
            let info = store.info(when, key).await?;
            same(when, (EventState::Done, None), (info.state, info.size))?;
        }
    }
    Ok(())
}

pub(crate) async fn a_pruned_event_is_forgotten_after_its_age<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Forget)?;
    let key = store.settled("ada", Decision::Complete).await?;
    // A store may keep its newest event, so that it does not use the key again.
    let newest = store.store_contact("newest").await?;
    for age in [HOUR, Duration::MAX] {
        let when = format!("an event has been done for a moment; those older than {age:?} are forgotten");
        same(when, 0, store.forget(age, ALL).await?)?;
    }
    store.advance(HOUR + SECOND).await?;
    let when =
        "an event has been done for an hour, and still has its data; those older than that are forgotten";
    same(when, 0, store.forget(HOUR, ALL).await?)?;
    same("an event is done and old, and pruned", 1, store.prune(Duration::ZERO, ALL).await?)?;
    same("`forget` is called for no event", 0, store.forget(HOUR, 0).await?)?;
    let when = "an event has been done for an hour, and is pruned; those older than two hours are forgotten";
    same(when, 0, store.forget(2 * HOUR, ALL).await?)?;
    let when =
        "an event has been done for more than an hour, and is pruned; those older than that are forgotten";
    same(when, 1, store.forget(HOUR, ALL).await?)?;
    same(when, vec![newest], store.keys(Filter::new()).await?)?;
    holds(when, store.get(key).await?.is_none(), "`get` does not find it", "an event")?;
    store.store_contact("ada").await?;
    Ok(())
}

pub(crate) async fn forgetting_is_bounded<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Forget)?;
    for number in 0..5 {
        store.settled(&format!("number {number}"), Decision::Complete).await?;
    }
    store.store_contact("newest").await?;
    store.advance(SECOND).await?;
    store.until_none("`prune` is repeated", async || store.prune(Duration::ZERO, ALL).await).await?;
    let when = "up to two of five pruned events are forgotten";
    let forgotten = store.forget(Duration::ZERO, 2).await?;
    holds(when, forgotten > 0, "one or two", forgotten)?;
    same(when, 6 - forgotten, store.keys(Filter::new()).await?.len() as u64)?;
    let rest =
        store.until_none("`forget` is repeated", async || store.forget(Duration::ZERO, 2).await).await?;
    same("forgetting is repeated until nothing is left", 5, forgotten + rest)
}

pub(crate) async fn a_replay_is_known_after_its_original_is_forgotten<H: Harness>(
    store: Subject<H>,
) -> Checked {
    store.needs(Capability::Forget)?;
    let copy = |id: &str| event(id, "x", r#"{"a":1}"#);
    store.store(copy("original")).await?;
    let replay = is_parked(&store, "an object is put under another id", copy("replay")).await?;
    let leased = store.lease_one("an object and its replay are stored").await?;
    store.apply(leased.token, Decision::Complete).await?;
    store.store_contact("newest").await?;
    store.advance(SECOND).await?;
    store.prune(Duration::ZERO, ALL).await?;
    same("an original is pruned, and is forgotten", 1, store.forget(Duration::ZERO, ALL).await?)?;
    let when = "the original of a parked replay is forgotten, and a third copy is put";
    is_parked(&store, when, copy("third")).await?;
    store.is_in(when, replay, EventState::Parked).await?;
    store.put_again("the original of a parked replay is forgotten", copy("replay"), replay).await
}

async fn is_parked<H: Harness>(store: &Subject<H>, when: &str, event: NewEvent) -> Checked<EventKey> {
    let put = store.put_one(event).await?;
    let key = put.key();
    same(when, crate::inbox::Put::Parked(key, ParkReason::Replayed), put)?;
    Ok(key)
}

pub(crate) async fn events_recover_from_a_clock_that_was_ahead<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Expedite)?;
    store.advance(YEAR).await?;
    store.store_contact("completed").await?;
    let completed = store.lease_one("one event is ready").await?;
    store.store_contact("interrupted").await?;
    let interrupted = store.lease_one("one event is ready").await?;
    let delayed = store.settled("delayed", Decision::RetryAfter(HOUR)).await?;
    let ready = store.store_contact("ready").await?;
    store.set_back(YEAR).await?;
    let present = store.settled("present", Decision::RetryAfter(HOUR)).await?;
    store.store_contact("present, leased").await?;
    let leased = store.lease_one("one event was stored since the clock was set back").await?;

    let when = "a clock was a year ahead and is set back; events due later than in two hours are expedited";
    same("`expedite` is called for no event", 0, store.expedite(2 * HOUR, 0).await?)?;
    let expedite = async || store.expedite(2 * HOUR, 3).await;
    same(when, 4, store.until_none("`expedite` is repeated", expedite).await?)?;
    for (key, state) in [
        (delayed, EventState::Ready),
        (ready, EventState::Ready),
        (present, EventState::Delayed),
        (leased.token.key(), EventState::Leased),
        (completed.token.key(), EventState::Leased),
        (interrupted.token.key(), EventState::Leased),
    ] {
        let id = store.info(when, key).await?.id;
        store.is_in(&format!("{when}: the event of {id:?}"), key, state).await?;
    }
    store.apply(completed.token, Decision::Complete).await?;
    store.apply(leased.token, Decision::Complete).await?;
    for leased in store.lease_all().await? {
        store.apply(leased.token, Decision::Complete).await?;
    }
    store.advance(2 * HOUR + LEASE).await?;
    let when = "a lease that would have lasted a year was repaired to end after two hours, which are over";
    let keys: Vec<_> = store.lease_all().await?.iter().map(|leased| leased.token.key()).collect();
    holds(when, keys.contains(&interrupted.token.key()), "its event is ready", keys)
}

pub(crate) async fn a_delay_that_a_hook_asked_for_is_kept<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Expedite)?;
    let delayed = store.settled("delayed", Decision::RetryAfter(10 * HOUR)).await?;
    let when = "a hook asks for a retry in ten hours; events due later than in two hours are expedited";
    same(when, 0, store.expedite(2 * HOUR, ALL).await?)?;
    store.is_in(when, delayed, EventState::Delayed).await?;
    store.advance(9 * HOUR).await?;
    same(when, 0, store.expedite(HOUR / 2, ALL).await?)?;
    store.is_in(when, delayed, EventState::Delayed).await?;
    let when = "a hook asks for a retry in ten hours, and the clock is set back so that it waits for twelve";
    store.set_back(11 * HOUR).await?;
    same(when, 1, store.expedite(2 * HOUR, ALL).await?)?;
    store.is_in(when, delayed, EventState::Ready).await
}

pub(crate) async fn the_time_of_the_next_event_is_known<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::NextDue)?;
    let next = async || succeeds("next_due", store.inbox.next_due().await);
    let is_about = |when: &str, expected: Duration, found: Option<Duration>| {
        let is_right = found.is_some_and(|found| found <= expected && found + MINUTE > expected);
        holds(when, is_right, format!("Some(..), up to a minute less than {expected:?}"), found)
    };
    store.settled("done", Decision::Complete).await?;
    store.settled("dead", Decision::Bury("no use".to_owned())).await?;
    same("an event is done and one is dead", None, next().await?)?;
    store.settled("in three hours", Decision::RetryAfter(3 * HOUR)).await?;
    is_about("an event is delayed", 3 * HOUR, next().await?)?;
    store.settled("in two hours", Decision::RetryAfter(2 * HOUR)).await?;
    is_about("two events are delayed", 2 * HOUR, next().await?)?;
    store.store_contact("ready").await?;
    is_about("two events are delayed and one is ready", 2 * HOUR, next().await?)?;
    store.lease_one("one event is ready").await?;
    is_about("two events are delayed and one is leased", LEASE, next().await?)?;
    store.advance(2 * HOUR + LEASE).await?;
    let when = "a lease and a delay are over, and another delay ends in less than an hour";
    is_about(when, 59 * MINUTE, next().await?)?;
    store.advance(HOUR).await?;
    same("every lease and delay is over", None, next().await?)
}
