//! Questions about the inbox of the receiver.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use panora_hooks::inbox::{Filter, Inbox, Query};
use tokio::time;

use crate::{
    commands::inbox::{Store, within},
    failure::Failure,
    torture::{Plan, stored},
};

const POLL: Duration = Duration::from_millis(100);

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

/// Waits until no event of an inbox is ready or leased, but no longer than the limit. Returns the
/// number of events that still are.
pub(super) async fn left_to_run(store: &Store, limit: Duration) -> Result<u64, Failure> {
    let start = Instant::now();
    loop {
        let depth = match store {
            Store::Sqlite(inbox) => within(inbox.depth()).await?,
            Store::Postgres(inbox) => within(inbox.depth()).await?,
        };
        let depth = depth.map_err(Failure::of)?;
        let left = depth.ready.number() + depth.leased.number();
        if left == 0 || start.elapsed() >= limit {
            return Ok(left);
        }
        time::sleep(POLL).await;
    }
}
