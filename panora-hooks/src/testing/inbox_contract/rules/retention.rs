//! Only events that are done are dropped, and only old ones.

use std::time::Duration;

use crate::{
    inbox::{Capability, Decision, EventState, Filter, ParkReason, Query, Select},
    testing::inbox_contract::{
        Harness,
        check::{Checked, holds, same},
        events::contact,
        subject::{ALL, HOUR, SECOND, Subject},
    },
};

pub(crate) async fn a_done_event_is_pruned_after_its_age<H: Harness>(store: Subject<H>) -> Checked {
    let key = store.settled("ada", Decision::Complete).await?;
    for age in [HOUR, Duration::MAX] {
        let when = format!("an event has been done for a moment; those older than {age:?} are pruned");
        same(&when, 0, store.prune(age, ALL).await?)?;
        holds(&when, store.stored(&when, key).await?.data.is_some(), "the data is kept", "no data")?;
    }
    store.advance(59 * 60 * SECOND).await?;
    let when = "an event has been done for 59 minutes; those older than an hour are pruned";
    same(when, 0, store.prune(HOUR, ALL).await?)?;
    store.advance(61 * SECOND).await?;
    let when = "an event has been done for more than an hour; those older than an hour are pruned";
    same("`prune` is called for no event", 0, store.prune(HOUR, 0).await?)?;
    same(when, 1, store.prune(HOUR, ALL).await?)?;
    same("the only event is pruned already", 0, store.prune(Duration::ZERO, ALL).await?)?;
    let stored = store.stored(when, key).await?;
    let expected = (EventState::Done, None, None);
    same(when, expected, (stored.info.state, stored.info.size, stored.data))?;
    store.put_again("an event is pruned, and put again", contact("ada"), key).await?;
    let when = "an event is pruned, and replayed";
    same(when, 0, store.replay(Select::Keys(vec![key]), ALL).await?)?;
    store.lease_none(when).await
}

pub(crate) async fn pruning_is_bounded<H: Harness>(store: Subject<H>) -> Checked {
    for number in 0..5 {
        store.settled(&format!("number {number}"), Decision::Complete).await?;
    }
    store.advance(SECOND).await?;
    let when = "up to two of five events that are done are pruned";
    let pruned = store.prune(Duration::ZERO, 2).await?;
    holds(when, pruned > 0, "one or two", pruned)?;
    let items = store.list(Query::new(Filter::new().state(EventState::Done))).await?.items;
    let without_data = items.iter().filter(|info| info.size.is_none()).count();
    same(when, pruned, without_data as u64)?;
    let rest = store.until_none("`prune` is repeated", async || store.prune(Duration::ZERO, 2).await).await?;
    same("pruning is repeated until nothing is left to prune", 5, pruned + rest)
}

pub(crate) async fn what_is_not_done_is_never_dropped<H: Harness>(store: Subject<H>) -> Checked {
    store.put_one(contact("parked").parked(ParkReason::Unhandled)).await?;
    store.settled("dead", Decision::Bury("no use".to_owned())).await?;
    store.settled("delayed", Decision::RetryAfter(10 * HOUR)).await?;
    store.store_contact("leased").await?;
    let leased = store.lease_one("one event is ready").await?;
    store.apply(leased.token, Decision::Extend(10 * HOUR)).await?;
    store.store_contact("ready").await?;
    store.advance(HOUR).await?;
    let when = "events that are parked, dead, delayed, leased and ready are pruned and forgotten";
    same(when, 0, store.prune(Duration::ZERO, ALL).await?)?;
    if store.has(Capability::Forget) {
        same(when, 0, store.forget(Duration::ZERO, ALL).await?)?;
    }
    let items = store.list(Query::default()).await?.items;
    same(when, 5, items.len())?;
    holds(when, items.iter().all(|info| info.size.is_some()), "every event keeps its data", &items)?;
    store.counts(when, [1, 1, 1, 1, 1]).await
}
