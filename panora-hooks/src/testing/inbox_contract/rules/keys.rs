//! Keys grow, and none is used twice.

use std::{collections::BTreeSet, time::Duration};

use crate::{
    inbox::{Capability, Decision, EventKey, Filter, Put, Select},
    testing::inbox_contract::{
        Harness,
        check::{Checked, holds, same},
        events::contact,
        subject::{ALL, HOUR, SECOND, Subject},
    },
};

pub(crate) async fn keys_are_in_the_order_of_storing<H: Harness>(store: Subject<H>) -> Checked {
    let mut before = BTreeSet::new();
    for batch in 0..5 {
        let when = format!("batch {batch} is put after {} events", before.len());
        let events = (0..10).map(|number| contact(format!("{batch}-{number}"))).collect();
        let keys: Vec<_> = store.put(events).await?.into_iter().map(Put::key).collect();
        let newest = before.last().copied();
        let is_larger = keys.iter().all(|key| newest.is_none_or(|newest| newest < *key));
        holds(&when, is_larger, format!("keys that are larger than {newest:?}"), &keys)?;
        before.extend(keys);
        same(&when, (batch + 1) * 10, before.len())?;
        let text = before.last().map(ToString::to_string).unwrap_or_default();
        same("a key is printed and parsed", before.last().copied(), text.parse::<EventKey>().ok())?;
    }
    let newest = before.last().copied();
    store.set_back(HOUR).await?;
    let key = store.store_contact("after the clock was set back").await?;
    let when = "an event is stored after the clock was set back by an hour";
    holds(when, Some(key) > newest, format!("a key that is larger than {newest:?}"), key)
}

pub(crate) async fn a_key_is_never_used_twice<H: Harness>(store: Subject<H>) -> Checked {
    let mut newest = None;
    for round in 0..3 {
        newest = Some(next_key(&store, newest, round).await?);
    }
    // The restart loses the memory of the process, so the stored keys have to suffice.
    let (store, _) = store.restart().await?;
    next_key(&store, newest, 3).await.map(drop)
}

/// Stores an event, checks that its key is new, and removes the event.
async fn next_key<H: Harness>(store: &Subject<H>, newest: Option<EventKey>, round: u32) -> Checked<EventKey> {
    let key = store.settled(&format!("number {round}"), Decision::Complete).await?;
    let when = format!("an event is stored after {round} others were pruned and, if possible, forgotten");
    holds(when, newest < Some(key), format!("a key that is larger than {newest:?}"), key)?;
    store.advance(SECOND).await?;
    store.until_none("`prune` is repeated", async || store.prune(Duration::ZERO, ALL).await).await?;
    if store.has(Capability::Forget) {
        store.until_none("`forget` is repeated", async || store.forget(Duration::ZERO, ALL).await).await?;
    }
    Ok(key)
}

pub(crate) async fn an_unknown_key_is_not_found<H: Harness>(store: Subject<H>) -> Checked {
    let key = store.settled("ada", Decision::Bury("no use".to_owned())).await?.number();
    let unknown = [0, key + 1, u128::from(u64::MAX), u128::MAX / 2, u128::MAX, key ^ 1 << 64, key ^ 1 << 127];
    let unknown: Vec<_> = unknown.into_iter().filter(|number| *number != key).map(EventKey::new).collect();
    for key in unknown.iter().copied() {
        let when = format!("`get` is called with the key {key}, which no event has");
        holds(when, store.get(key).await?.is_none(), "None", "an event")?;
    }
    let when = "`replay` is called with keys that no event has";
    same(when, 0, store.replay(Select::Keys(unknown.clone()), ALL).await?)?;
    if store.has(Capability::Discard) {
        let when = "`discard` is called with keys that no event has";
        same(when, 0, store.discard(Select::Keys(unknown), ALL).await?)?;
    }
    same("an unknown key is used", 1, store.keys(Filter::new()).await?.len())
}
