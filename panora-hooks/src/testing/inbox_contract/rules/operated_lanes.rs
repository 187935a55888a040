//! Lanes while operators replay and discard their events.

use std::cell::RefCell;

use super::lanes::lane;
use crate::{
    inbox::{Capability, Decision, EventKey, Inbox, LeaseRequest, Put, Select, Settlement},
    testing::inbox_contract::{
        Harness,
        check::{Checked, holds, succeeds},
        drive::{all, yield_once},
        events::contact,
        subject::{LEASE, Subject},
    },
};

const LANES: u8 = 3;

/// How often each task calls the store, and how many tasks of each kind there are.
const CALLS: u32 = 12;
const TASKS: u32 = 2;

/// Several tasks that store, run, replay and discard the events of a few lanes.
struct Tasks<'s, H: Harness> {
    store: &'s Subject<H>,
    keys: RefCell<Vec<EventKey>>,
}

impl<H: Harness> Tasks<'_, H> {
    async fn task(&self, number: u32) -> Checked {
        for call in 0..CALLS {
            yield_once().await;
            match number % 4 {
                0 => self.put(number, call).await?,
                1 => drop(self.run().await?),
                2 => {
                    let replayed = self.store.inbox.replay(self.some(call), 10).await;
                    succeeds("replay, many times at once", replayed)?;
                }
                _ => {
                    let discarded = self.store.inbox.discard(self.some(call), 10).await;
                    succeeds("discard, many times at once", discarded)?;
                }
            }
        }
        Ok(())
    }

    async fn put(&self, task: u32, call: u32) -> Checked {
        let event = |number: u8| contact(format!("{task}, {call}, {number}")).in_lane(lane(number % LANES));
        let puts = self.store.inbox.put((0..2 * LANES).map(event).collect()).await;
        let puts = succeeds("put, many times at once", puts)?;
        self.keys.borrow_mut().extend(puts.into_iter().map(Put::key));
        Ok(())
    }

    /// Leases events, and buries every second one of them. Returns whether there were any.
    async fn run(&self) -> Checked<bool> {
        let leased = self.store.inbox.lease(LeaseRequest::new(2, LEASE)).await;
        let leased = succeeds("lease, many times at once", leased)?;
        let settlements = leased.iter().map(|leased| {
            let is_dead = leased.token.key().number() % 2 == 0;
            let decision = if is_dead { Decision::Bury("no use".to_owned()) } else { Decision::Complete };
            Settlement::new(leased.token, decision)
        });
        let settled = self.store.inbox.settle(settlements.collect()).await;
        succeeds("settle, many times at once", settled)?;
        Ok(!leased.is_empty())
    }

    /// Selects some of the events that are stored by now. Others are never selected.
    fn some(&self, call: u32) -> Select {
        let keys = self.keys.borrow();
        Select::Keys(keys.iter().skip(call as usize % 3).step_by(7).copied().collect())
    }
}

pub(crate) async fn concurrent_operations_stall_no_lane<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Lanes)?;
    store.needs(Capability::Discard)?;
    let tasks = Tasks { store: &store, keys: RefCell::default() };
    for ended in all((0..4 * TASKS).map(|number| tasks.task(number))).await {
        ended?;
    }
    while tasks.run().await? {}
    let when = "tasks have put, run, replayed and discarded events of three lanes, and all others have run";
    let depth = store.depth().await?;
    holds(when, depth.is_idle(), "no event is left to run", depth)
}
