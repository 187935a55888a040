//! Every store agrees with a simple model, for any operations in any order.

mod contents;
mod entry;
mod step;

use std::time::Duration;

use panora_hooks::inbox::{Filter, Inbox, Put, Select};
use proptest::{prelude::*, sample::Index, test_runner::TestRunner};
use tokio::runtime::Runtime;

use self::{
    contents::Model,
    entry::Place,
    step::{How, Report, Step, steps},
};
use crate::{
    stores::{self, Store},
    support::is_long,
};

/// The unit of time, in seconds. It is long enough that the duration of the test does not matter.
const UNIT: u64 = 1000;

/// The longest that an event is delayed or leased, in units.
const LONGEST: u64 = 100;

/// The longest delay that a hook asks for, in units.
const LONGEST_RETRY: u64 = 300;

fn units(units: u64) -> Duration {
    Duration::from_secs(units * UNIT)
}

async fn run(mut store: impl Store, steps: Vec<Step>) {
    let mut model = Model::default();
    let mut inbox = store.inbox();
    for step in steps {
        match step {
            Step::Put(specs) => {
                let puts = inbox.put(specs.iter().map(|spec| spec.event()).collect()).await.unwrap();
                assert_eq!(puts.len(), specs.len());
                let last = model.keys.last().copied();
                for (spec, put) in specs.into_iter().zip(puts) {
                    let is_new = !matches!(put, Put::Duplicate(_));
                    assert!(!is_new || Some(put.key()) > last, "{put:?} after {last:?}");
                    model.put(spec, put);
                }
            }
            Step::Lease { max, units, worker, groups } => {
                model.lease(&inbox, max, units, worker, groups).await;
            }
            Step::Decision(which) => {
                if model.tokens.is_empty() {
                    continue;
                }
                // Most older tokens are stale, and would leave few decisions that apply.
                let recent = &model.tokens[model.tokens.len().saturating_sub(10)..];
                let settlement = |(index, how, report): (Index, _, _)| (*index.get(recent), how, report);
                let settlements = which.into_iter().map(settlement).collect();
                model.settle(&inbox, settlements).await;
            }
            Step::Failures(count) => {
                for number in 0..count {
                    let known = model.tokens.len();
                    model.lease(&inbox, 1, 1, None, None).await;
                    let Some(token) = model.tokens.get(known) else { break };
                    let failure = (*token, How::Retry(0), Some(Report::failed(number)));
                    model.settle(&inbox, vec![failure]).await;
                }
            }
            Step::Jump(units) => {
                store.jump(units * UNIT.cast_signed() * 1_000_000).await;
                model.now += units;
            }
            Step::Expedite { max, and_wait } => {
                model.expedite(&inbox, max).await;
                if and_wait {
                    store.jump((LONGEST_RETRY * UNIT * 1_000_000).cast_signed()).await;
                    model.now += LONGEST_RETRY.cast_signed();
                    let depth = inbox.depth().await.unwrap();
                    assert_eq!((depth.delayed.number(), depth.leased.number()), (0, 0), "they wait too long");
                }
            }
            Step::Replay(state) => {
                let replayed = inbox.replay(Select::All(Filter::new().state(state)), 1000).await.unwrap();
                let now = model.now;
                assert_eq!(replayed, model.replay(|_, entry| entry.state(now) == state));
            }
            Step::ReplayOne(index) => {
                let keys: Vec<_> = model.entries.keys().copied().collect();
                if keys.is_empty() {
                    continue;
                }
                let chosen = *index.get(&keys);
                let replayed = inbox.replay(Select::Keys(vec![chosen]), 1).await.unwrap();
                assert_eq!(replayed, model.replay(|key, _| key == chosen));
            }
            Step::Prune { age } => {
                let pruned = inbox.prune(units(age), 1000).await.unwrap();
                assert_eq!(pruned, model.prune(age.cast_signed()));
            }
            Step::Forget { age } => {
                let forgotten = inbox.forget(units(age), 1000).await.unwrap();
                assert_eq!(forgotten, model.forget(age.cast_signed()));
            }
            Step::Discard(state) => {
                let mut filter = Filter::new();
                filter.state = state;
                let which = Select::All(filter);
                let discarded = inbox.discard(which, 1000).await.unwrap();
                assert_eq!(discarded, model.discard(state));
            }
            Step::Pause(pattern) => {
                assert_eq!(inbox.pause(pattern.to_owned()).await.unwrap(), model.paused.insert(pattern));
            }
            Step::Resume(pattern) => {
                assert_eq!(inbox.resume(pattern.to_owned()).await.unwrap(), model.paused.remove(pattern));
            }
            Step::Restart => {
                drop(inbox);
                let are_leases_free = store.restart().await;
                inbox = store.inbox();
                for entry in model.entries.values_mut().filter(|_| are_leases_free) {
                    match &mut entry.place {
                        Place::Leased { until, .. } => *until = model.now.min(*until),
                        Place::Due { due, .. } if entry.attempts == 0 => *due = model.now.min(*due),
                        _ => {}
                    }
                }
            }
        }
        model.check(&inbox).await;
    }
}

fn check<S: Store>(cases: u32, new: impl AsyncFn() -> Option<S>) {
    let runtime = Runtime::new().unwrap();
    let config = ProptestConfig {
        cases: if is_long() { cases * 50 } else { cases },
        failure_persistence: None,
        max_shrink_iters: 2000,
        ..ProptestConfig::default()
    };
    let test = |steps| {
        let Some(store) = runtime.block_on(new()) else { return Ok(()) };
        let run = std::panic::AssertUnwindSafe(|| runtime.block_on(run(store, steps)));
        let ended = std::panic::catch_unwind(run);
        ended.map_err(|_| TestCaseError::fail("the store does not do what the model does"))
    };
    TestRunner::new(config).run(&steps(), test).unwrap();
}

#[test]
fn memory_agrees_with_the_model() {
    check(500, async || Some(stores::Memory::new()));
}

#[test]
fn sqlite_agrees_with_the_model() {
    check(100, async || Some(stores::Sqlite::new()));
}

#[test]
fn postgres_agrees_with_the_model() {
    check(25, stores::Postgres::new);
}
