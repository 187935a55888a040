//! The order of a lane under concurrent calls.

use std::{
    cell::{Cell, RefCell},
    collections::HashSet,
    time::Duration,
};

use super::lanes::lane;
use crate::{
    inbox::{Capability, Decision, EventKey, Inbox, LeaseRequest, Leased, Put, Settled, Settlement},
    testing::inbox_contract::{
        Harness,
        check::{Checked, holds, same, succeeds},
        drive::{all, yield_once},
        events::contact,
        subject::{LEASE, Subject},
    },
};

const LANES: u8 = 3;
const BATCHES: u32 = 6;

/// How many tasks put events, and how many lease and settle them.
const TASKS: u32 = 3;

/// Several tasks that store and run the events of a few lanes.
struct Tasks<'s, H: Harness> {
    store: &'s Subject<H>,
    /// The keys that each task has put, in order. The lanes alternate.
    put: RefCell<Vec<Vec<EventKey>>>,
    /// The ids of the leased events.
    running: RefCell<HashSet<String>>,
    /// The keys of the events that are over, in order.
    over: RefCell<Vec<EventKey>>,
    has_failed: Cell<bool>,
}

/// Returns the lane that an id names.
fn lane_of(id: &str) -> Option<&str> {
    id.split(',').next()
}

impl<H: Harness> Tasks<'_, H> {
    async fn task(&self, number: u32) -> Checked {
        let ended = if number < TASKS { self.put(number).await } else { self.run().await };
        self.has_failed.set(self.has_failed.get() || ended.is_err());
        ended
    }

    async fn put(&self, task: u32) -> Checked {
        let mut keys = Vec::new();
        for batch in 0..BATCHES {
            let event = |place: u8| {
                let number = place % LANES;
                contact(format!("{number}, {task}, {batch}, {place}")).in_lane(lane(number))
            };
            let events = (0..2 * LANES).map(event).collect();
            let puts = succeeds("put, many times at once", self.store.inbox.put(events).await)?;
            keys.extend(puts.into_iter().map(Put::key));
        }
        self.put.borrow_mut().push(keys);
        Ok(())
    }

    async fn run(&self) -> Checked {
        while !self.has_failed.get() {
            // An event that this task does not find is run by the task that makes it ready.
            let is_last = self.put.borrow().len() == TASKS as usize && self.running.borrow().is_empty();
            let leased = self.store.inbox.lease(LeaseRequest::new(2, LEASE)).await;
            let leased = succeeds("lease, many times at once", leased)?;
            if leased.is_empty() && is_last {
                break;
            }
            for leased in &leased {
                let mut running = self.running.borrow_mut();
                let overlaps = running.iter().any(|id| lane_of(id) == lane_of(&leased.id));
                let found = (&leased.id, &*running);
                holds("an event is leased", !overlaps, "no other event of its lane is leased", found)?;
                running.insert(leased.id.clone());
            }
            yield_once().await;
            succeeds("depth, while events are leased", self.store.inbox.depth().await)?;
            self.settle(&leased).await?;
        }
        Ok(())
    }

    async fn settle(&self, leased: &[Leased]) -> Checked {
        let mut settlements = Vec::new();
        for leased in leased {
            let key = leased.token.key();
            let decision = match (key.number() % 3, leased.attempt) {
                (0, 1) => Decision::RetryAfter(Duration::ZERO),
                (1, _) => Decision::Bury("no use".to_owned()),
                _ => Decision::Complete,
            };
            // Another task may lease the next event before this one sees the answer.
            self.running.borrow_mut().remove(&leased.id);
            if !matches!(decision, Decision::RetryAfter(_)) {
                self.over.borrow_mut().push(key);
            }
            settlements.push(Settlement::new(leased.token, decision));
        }
        let settled = succeeds("settle, many times at once", self.store.inbox.settle(settlements).await)?;
        same("leased events settle, many at once", vec![Settled::Applied; leased.len()], settled)
    }
}

pub(crate) async fn concurrent_calls_keep_the_order_of_lanes<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Lanes)?;
    let tasks = Tasks {
        store: &store,
        put: RefCell::default(),
        running: RefCell::default(),
        over: RefCell::default(),
        has_failed: Cell::default(),
    };
    for ended in all((0..2 * TASKS).map(|number| tasks.task(number))).await {
        ended?;
    }
    let when = "three tasks put events into three lanes, and three others run them";
    let (put, over) = (tasks.put.into_inner(), tasks.over.into_inner());
    let (mut all, mut found) = (put.concat(), over.clone());
    all.sort_unstable();
    found.sort_unstable();
    same(format_args!("{when}: each event runs"), all, found)?;
    for keys in put {
        for lane in 0..LANES.into() {
            let expected: Vec<_> = keys.iter().skip(lane).step_by(LANES.into()).collect();
            let found: Vec<_> = over.iter().filter(|key| expected.contains(key)).collect();
            same(format_args!("{when}: those of one task and lane run in order"), expected, found)?;
        }
    }
    holds(when, store.depth().await?.is_idle(), "no event is left to run", "an event")
}
