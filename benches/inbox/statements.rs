//! The time of each statement on a large store, as medians.

use std::{
    env,
    time::{Duration, Instant},
};

use panora_hooks::inbox::{
    Decision, EventKey, EventState, Filter, Inbox, LeaseRequest, Query, Select, Settlement, SqliteInbox,
};

use super::{
    disk::folder,
    filled::{COMMON, RARE, fill_postgres, fill_sqlite},
    load::events,
    postgres::{fresh, pool, remove},
};
use crate::median::median;

/// An odd number, and large enough that one slow run does not matter.
const RUNS: u32 = 11;

/// The number of events, unless `PANORA_BENCH_EVENTS` says otherwise.
const EVENTS: u64 = 4_000_000;

pub(crate) async fn compare() -> anyhow::Result<()> {
    let count = env::var("PANORA_BENCH_EVENTS").map_or(Ok(EVENTS), |count| count.parse())?;
    println!("\nEach statement with {count} events in the store: medians of {RUNS} runs, in ms");
    let folder = folder()?;
    let path = folder.path().join("inbox.db");
    drop(SqliteInbox::open(&path)?);
    fill_sqlite(&path, count)?;
    let sqlite = measure(&SqliteInbox::open(&path)?).await?;
    let postgres = match pool().await? {
        Some(pool) => {
            let inbox = fresh(&pool).await?;
            fill_postgres(&pool, count).await?;
            let measured = measure(&inbox).await?;
            remove(&pool).await?;
            measured
        }
        None => Vec::new(),
    };
    println!("{:>36} {:>12} {:>12}", "", "SQLite", "PostgreSQL");
    for (place, (name, sqlite)) in sqlite.iter().enumerate() {
        let postgres = postgres.get(place).map(|(_, time)| format!("{time:.2}")).unwrap_or_default();
        println!("{name:>36} {sqlite:>12.2} {postgres:>12}");
    }
    Ok(())
}

/// Returns the median time of a statement, which gets the number of the run.
async fn time(mut statement: impl AsyncFnMut(u32) -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let mut times = Vec::new();
    for run in 0..RUNS {
        let begun = Instant::now();
        statement(run).await?;
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(median(times))
}

async fn measure(inbox: &impl Inbox) -> anyhow::Result<Vec<(String, f64)>> {
    let mut measured = Vec::new();
    for (name, filter) in lists() {
        let query = Query::new(filter);
        let listed = time(async |_| {
            anyhow::ensure!(!inbox.list(query.clone()).await?.items.is_empty(), "nothing of {query:?}");
            Ok(())
        });
        measured.push((name, listed.await?));
    }
    let counted = time(async |_| {
        inbox.depth().await?;
        Ok(())
    });
    let counted = counted.await?;
    measured.push(("depth".to_owned(), counted));
    let read = time(async |run| {
        let stored = inbox.get(EventKey::new(u128::from(run) * 1000 + 1)).await?;
        anyhow::ensure!(stored.is_some(), "an event is missing");
        Ok(())
    });
    measured.push(("get".to_owned(), read.await?));

    let batches: Vec<_> = events(64 * RUNS as usize, 1024)?.chunks(64).map(<[_]>::to_vec).collect();
    let mut batches = batches.into_iter();
    let stored = time(async |_| {
        inbox.put(batches.next().unwrap_or_default()).await?;
        Ok(())
    });
    measured.push(("put of 64".to_owned(), stored.await?));

    let mut taken = Vec::new();
    let leased = time(async |_| {
        taken.push(inbox.lease(LeaseRequest::new(64, Duration::from_secs(3600))).await?);
        Ok(())
    });
    measured.push(("lease of 64".to_owned(), leased.await?));
    let completed = time(async |_| {
        let events = taken.pop().unwrap_or_default();
        let complete = events.iter().map(|leased| Settlement::new(leased.token, Decision::Complete));
        inbox.settle(complete.collect()).await?;
        Ok(())
    });
    measured.push(("settle of 64".to_owned(), completed.await?));

    let dead = || Select::All(Filter::new().state(EventState::Dead));
    let replayed = time(async |_| exactly(200, inbox.replay(dead(), 200).await?)).await?;
    measured.push(("replay of 200".to_owned(), replayed));
    let discarded = time(async |_| exactly(200, inbox.discard(dead(), 200).await?)).await?;
    measured.push(("discard of 200".to_owned(), discarded));
    let pruned = time(async |_| exactly(200, inbox.prune(Duration::ZERO, 200).await?)).await?;
    measured.push(("prune of 200".to_owned(), pruned));
    let forgotten = time(async |_| exactly(200, inbox.forget(Duration::ZERO, 200).await?)).await?;
    measured.push(("forget of 200".to_owned(), forgotten));
    let hour = Duration::from_secs(3600);
    let expedited = time(async |_| exactly(0, inbox.expedite(2 * hour, 200).await?)).await?;
    measured.push(("expedite of none".to_owned(), expedited));
    Ok(measured)
}

/// Returns a query of each kind.
fn lists() -> Vec<(String, Filter)> {
    let states = [None, Some(EventState::Ready), Some(EventState::Dead), Some(EventState::Done)];
    let mut lists = Vec::new();
    for state in states {
        let name = state.map_or("any state", EventState::as_str);
        let filter = state.map_or_else(Filter::new, |state| Filter::new().state(state));
        lists.push((format!("list of {name}"), filter.clone()));
        lists.push((format!("list of {name}, common type"), filter.clone().event_type(COMMON)));
        lists.push((format!("list of {name}, rare type"), filter.event_type(RARE)));
    }
    lists
}

fn exactly(wanted: u64, count: u64) -> anyhow::Result<()> {
    anyhow::ensure!(count == wanted, "{count} events instead of {wanted}");
    Ok(())
}
