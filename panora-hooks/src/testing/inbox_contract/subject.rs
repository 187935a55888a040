//! The store under test.

use std::time::Duration;

use super::{
    Harness, Restart,
    check::{Checked, Stop, broken, holds, same, succeeds},
    events::contact,
};
use crate::inbox::{
    Capability, Count, Decision, Depth, EventInfo, EventKey, EventState, Filter, Inbox, LeaseRequest,
    LeaseToken, Leased, NewEvent, Page, Put, Query, Select, Settled, Settlement, StoredEvent,
};

/// The duration of the leases of the rules.
pub(super) const LEASE: Duration = Duration::from_secs(60);
pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const MINUTE: Duration = Duration::from_secs(60);
pub(super) const HOUR: Duration = Duration::from_secs(60 * 60);
pub(super) const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A limit above the number of events of any rule.
pub(super) const ALL: u32 = 1000;

/// The store that a rule is checked on. Each method also checks conditions that hold for every
/// result.
pub(super) struct Subject<H: Harness> {
    pub(super) inbox: H::Inbox,
    harness: H,
}

impl<H: Harness> Subject<H> {
    pub(super) fn new(harness: H) -> Self {
        Self { inbox: harness.inbox(), harness }
    }

    /// Returns another handle to the same store.
    pub(super) fn other_handle(&self) -> H::Inbox {
        self.harness.inbox()
    }

    /// Returns whether the store claims an optional part.
    pub(super) fn has(&self, capability: Capability) -> bool {
        self.inbox.capabilities().has(capability)
    }

    /// Skips the rest of the rule unless the store claims an optional part.
    pub(super) fn needs(&self, capability: Capability) -> Checked {
        if self.has(capability) {
            return Ok(());
        }
        Err(Stop::Skipped(match capability {
            Capability::Discard => "the store does not claim `Capability::Discard`",
            Capability::Forget => "the store does not claim `Capability::Forget`",
            Capability::Expedite => "the store does not claim `Capability::Expedite`",
            Capability::Attempts => "the store does not claim `Capability::Attempts`",
            Capability::Statistics => "the store does not claim `Capability::Statistics`",
            Capability::ErrorGroups => "the store does not claim `Capability::ErrorGroups`",
            Capability::Audit => "the store does not claim `Capability::Audit`",
            Capability::Announce => "the store does not claim `Capability::Announce`",
            Capability::NextDue => "the store does not claim `Capability::NextDue`",
            Capability::Pause => "the store does not claim `Capability::Pause`",
            Capability::Lanes => "the store does not claim `Capability::Lanes`",
            Capability::Queues => "the store does not claim `Capability::Queues`",
        }))
    }

    /// Moves the clock forward, or skips the rest of the rule.
    pub(super) async fn advance(&self, by: Duration) -> Checked {
        if self.harness.advance(by).await {
            return Ok(());
        }
        Err(Stop::Skipped("the harness cannot move the clock of the store forward"))
    }

    /// Sets the clock back, or skips the rest of the rule.
    pub(super) async fn set_back(&self, by: Duration) -> Checked {
        if self.harness.set_back(by).await {
            return Ok(());
        }
        Err(Stop::Skipped("the harness cannot set the clock of the store back"))
    }

    /// Restarts the store, or skips the rest of the rule.
    pub(super) async fn restart(self) -> Checked<(Self, Restart)> {
        let Self { inbox, mut harness } = self;
        drop(inbox);
        match harness.restart().await {
            Restart::Unsupported => Err(Stop::Skipped("the harness cannot restart the store")),
            restart => Ok((Self::new(harness), restart)),
        }
    }

    pub(super) async fn put(&self, batch: Vec<NewEvent>) -> Checked<Vec<Put>> {
        let events = batch.len();
        let puts = succeeds("put", self.inbox.put(batch).await)?;
        same("`put` answers: the number of results is that of events", events, puts.len())?;
        Ok(puts)
    }

    pub(super) async fn put_one(&self, event: NewEvent) -> Checked<Put> {
        let puts = self.put(vec![event]).await?;
        puts.first().copied().ok_or_else(|| broken("`put` answers", "one result", &puts))
    }

    /// Stores a new event, which must not be parked.
    pub(super) async fn store(&self, event: NewEvent) -> Checked<EventKey> {
        let when = format!("a new event is put: {event:?}");
        match self.put_one(event).await? {
            Put::Stored(key) => Ok(key),
            put => Err(broken(when, "Stored", put)),
        }
    }

    /// Stores a new contact.
    pub(super) async fn store_contact(&self, name: &str) -> Checked<EventKey> {
        self.store(contact(name)).await
    }

    /// Puts an event that is stored already.
    pub(super) async fn put_again(&self, when: &str, event: NewEvent, key: EventKey) -> Checked {
        same(when, Put::Duplicate(key), self.put_one(event).await?)
    }

    pub(super) async fn lease(&self, max: u32) -> Checked<Vec<Leased>> {
        self.lease_for(max, LEASE).await
    }

    pub(super) async fn lease_for(&self, max: u32, lease_for: Duration) -> Checked<Vec<Leased>> {
        let leased = succeeds("lease", self.inbox.lease(LeaseRequest::new(max, lease_for)).await)?;
        let when = format!("`lease` is called for up to {max} events");
        holds(when, leased.len() <= max as usize, format!("at most {max} events"), leased.len())?;
        Ok(leased)
    }

    /// Leases the only event that is ready.
    pub(super) async fn lease_one(&self, when: &str) -> Checked<Leased> {
        let mut leased = self.lease(2).await?;
        match (leased.pop(), leased.is_empty()) {
            (Some(only), true) => Ok(only),
            (last, _) => {
                leased.extend(last);
                Err(broken(when, "`lease` returns the one event that is ready", leased))
            }
        }
    }

    /// Checks that no event is ready.
    pub(super) async fn lease_none(&self, when: &str) -> Checked {
        let leased = self.lease(ALL).await?;
        holds(when, leased.is_empty(), "`lease` returns nothing", leased)
    }

    /// Leases every event that is ready, even if the store returns few at once.
    pub(super) async fn lease_all(&self) -> Checked<Vec<Leased>> {
        let mut all = Vec::new();
        for _ in 0..ALL {
            let leased = self.lease(ALL).await?;
            if leased.is_empty() {
                return Ok(all);
            }
            all.extend(leased);
        }
        Err(broken("every ready event is leased", "an event that is leased is not leased again", all.len()))
    }

    pub(super) async fn settle(&self, settlements: Vec<Settlement>) -> Checked<Vec<Settled>> {
        let count = settlements.len();
        let settled = succeeds("settle", self.inbox.settle(settlements).await)?;
        same("`settle` answers: the number of results is that of settlements", count, settled.len())?;
        Ok(settled)
    }

    pub(super) async fn settle_one(&self, token: LeaseToken, decision: Decision) -> Checked<Settled> {
        let settled = self.settle(vec![Settlement::new(token, decision)]).await?;
        settled.first().copied().ok_or_else(|| broken("`settle` answers", "one result", &settled))
    }

    /// Settles a lease that is still valid.
    pub(super) async fn apply(&self, token: LeaseToken, decision: Decision) -> Checked {
        let when = format!("the token of a lease settles with `{decision:?}`");
        same(when, Settled::Applied, self.settle_one(token, decision).await?)
    }

    /// Stores a new contact, leases it and settles it. No other event may be ready.
    pub(super) async fn settled(&self, name: &str, decision: Decision) -> Checked<EventKey> {
        let key = self.store_contact(name).await?;
        let leased = self.lease_one("one event is ready").await?;
        self.apply(leased.token, decision).await?;
        Ok(key)
    }

    pub(super) async fn get(&self, key: EventKey) -> Checked<Option<StoredEvent>> {
        succeeds("get", self.inbox.get(key).await)
    }

    /// Gets an event that is stored.
    pub(super) async fn stored(&self, when: &str, key: EventKey) -> Checked<StoredEvent> {
        let stored = self.get(key).await?;
        stored.ok_or_else(|| broken(when, format!("`get` finds the event {key}"), None::<()>))
    }

    pub(super) async fn info(&self, when: &str, key: EventKey) -> Checked<EventInfo> {
        Ok(self.stored(when, key).await?.info)
    }

    pub(super) async fn is_in(&self, when: &str, key: EventKey, state: EventState) -> Checked {
        same(when, state, self.info(when, key).await?.state)
    }

    pub(super) async fn list(&self, query: Query) -> Checked<Page<EventInfo>> {
        let (limit, after, newest_first) = (query.limit, query.after, query.newest_first);
        let page = succeeds("list", self.inbox.list(query).await)?;
        let when = format!("`list` is called with the limit {limit}");
        holds(
            &when,
            page.items.len() <= limit as usize,
            format!("at most {limit} events"),
            page.items.len(),
        )?;
        let keys: Vec<_> = page.items.iter().map(|info| info.key).collect();
        let follows = |first: EventKey, second| if newest_first { first > second } else { first < second };
        let is_sorted = keys.is_sorted_by(|first, second| follows(*first, *second));
        let order = if newest_first { "descending" } else { "ascending" };
        holds(&when, is_sorted, format!("events in {order} order of keys"), &keys)?;
        let is_after = keys.first().is_none_or(|first| after.is_none_or(|after| follows(after, *first)));
        holds(format_args!("{when} after {after:?}"), is_after, "only events after that one", keys)?;
        Ok(page)
    }

    /// Lists the keys of every event that a filter accepts.
    pub(super) async fn keys(&self, filter: Filter) -> Checked<Vec<EventKey>> {
        let items = self.list(Query::new(filter).limit(ALL)).await?.items;
        Ok(items.into_iter().map(|info| info.key).collect())
    }

    /// Lists every key, page by page.
    pub(super) async fn all_keys(&self) -> Checked<Vec<EventKey>> {
        let (mut keys, mut after) = (Vec::new(), None);
        loop {
            let page = self.list(Query::default().limit(ALL).after(after)).await?;
            keys.extend(page.items.iter().map(|info| info.key));
            if page.next.is_none() {
                return Ok(keys);
            }
            after = page.next;
        }
    }

    pub(super) async fn depth(&self) -> Checked<Depth> {
        succeeds("depth", self.inbox.depth().await)
    }

    /// Checks the counts of ready, delayed, leased, parked and dead events.
    pub(super) async fn counts(&self, when: &str, expected: [u64; 5]) -> Checked {
        let Depth { ready, delayed, leased, parked, dead, .. } = self.depth().await?;
        let found = [ready, delayed, leased, parked, dead];
        let expected = expected.map(Count::exactly);
        holds(
            when,
            found == expected,
            format!("[ready, delayed, leased, parked, dead] is {expected:?}"),
            found,
        )
    }

    pub(super) async fn replay(&self, which: Select, max: u32) -> Checked<u64> {
        let replayed = succeeds("replay", self.inbox.replay(which, max).await)?;
        let when = format!("`replay` is called for up to {max} events");
        holds(when, replayed <= max.into(), format!("at most {max}"), replayed)?;
        Ok(replayed)
    }

    pub(super) async fn prune(&self, older_than: Duration, max: u32) -> Checked<u64> {
        let pruned = succeeds("prune", self.inbox.prune(older_than, max).await)?;
        let when = format!("`prune` is called for up to {max} events");
        holds(when, pruned <= max.into(), format!("at most {max}"), pruned)?;
        Ok(pruned)
    }

    pub(super) async fn discard(&self, which: Select, max: u32) -> Checked<u64> {
        let discarded = succeeds("discard", self.inbox.discard(which, max).await)?;
        let when = format!("`discard` is called for up to {max} events");
        holds(when, discarded <= max.into(), format!("at most {max}"), discarded)?;
        Ok(discarded)
    }

    pub(super) async fn forget(&self, older_than: Duration, max: u32) -> Checked<u64> {
        let forgotten = succeeds("forget", self.inbox.forget(older_than, max).await)?;
        let when = format!("`forget` is called for up to {max} events");
        holds(when, forgotten <= max.into(), format!("at most {max}"), forgotten)?;
        Ok(forgotten)
    }

    pub(super) async fn expedite(&self, longest_delay: Duration, max: u32) -> Checked<u64> {
        let expedited = succeeds("expedite", self.inbox.expedite(longest_delay, max).await)?;
        let when = format!("`expedite` is called for up to {max} events");
        holds(when, expedited <= max.into(), format!("at most {max}"), expedited)?;
        Ok(expedited)
    }

    /// Repeats a bounded operation until it has nothing left to do. Returns the total.
    pub(super) async fn until_none(
        &self,
        when: &str,
        mut operation: impl AsyncFnMut() -> Checked<u64>,
    ) -> Checked<u64> {
        let mut total = 0;
        for _ in 0..ALL {
            match operation().await? {
                0 => return Ok(total),
                count => total += count,
            }
        }
        Err(broken(when, "an operation that is repeated comes to its end", total))
    }
}
