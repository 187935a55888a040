//! Questions about the inbox of the receiver.

use std::{collections::BTreeSet, time::Duration};

use panora_hooks::inbox::{Filter, Inbox, Query};

use crate::{
    commands::inbox::{Store, within},
    failure::Failure,
    torture::{Plan, stored, until_idle},
};

/// Fails if the inbox holds events, or events of this plan if other events are accepted.
pub(super) async fn require_no_events(
    store: &Store,
    plan: &Plan,
    accepts_others: bool,
) -> Result<(), Failure> {
    if accepts_others {
        let stored = stored_of(store, plan, (0..plan.events()).collect()).await?;
        if stored.is_empty() {
            return Ok(());
        }
        return Err(Failure::usage("the inbox holds events of this seed already: take another --seed"));
    }
    let query = Query::new(Filter::new()).limit(1);
    let page = match store {
        Store::Sqlite(inbox) => within(inbox.list(query)).await?,
        Store::Postgres(inbox) => within(inbox.list(query)).await?,
    };
    if page.map_err(Failure::of)?.items.is_empty() {
        return Ok(());
    }
    Err(Failure::usage(
        "the inbox holds events: take an empty one for the test, or add --into-existing to leave samples in it",
    ))
}

/// Returns the numbers of these events that the inbox holds.
pub(super) async fn stored_of(
    store: &Store,
    plan: &Plan,
    events: Vec<u64>,
) -> Result<BTreeSet<u64>, Failure> {
    let stored = match store {
        Store::Sqlite(inbox) => within(stored(inbox, plan, events)).await?,
        Store::Postgres(inbox) => within(stored(inbox, plan, events)).await?,
    };
    stored.map_err(Failure::of)
}

/// Waits until no event is to run, and returns the number of events that are if the limit ends first.
pub(super) async fn left_to_run(store: &Store, limit: Duration) -> Result<u64, Failure> {
    let left = match store {
        Store::Sqlite(inbox) => until_idle(inbox, limit).await,
        Store::Postgres(inbox) => until_idle(inbox, limit).await,
    };
    left.map_err(Failure::of)
}
