//! The time of a search for 1,000 ids on a large store, as for a gap report.

use std::{
    env,
    time::{Duration, Instant, SystemTime},
};

use panora_hooks::inbox::{Inbox, Query, SqliteInbox};

use super::{
    disk::folder,
    filled::{Shares, fill_postgres_with, fill_sqlite_with},
    postgres::{fresh, pool, remove},
};
use crate::median::median;

const RUNS: usize = 11;

/// The number of ids, half of which are stored.
const IDS: usize = 1000;

/// The number of events, unless `PANORA_BENCH_EVENTS` says otherwise.
const EVENTS: u64 = 2_000_000;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub(crate) async fn compare() -> anyhow::Result<()> {
    let count = env::var("PANORA_BENCH_EVENTS").map_or(Ok(EVENTS), |count| count.parse())?;
    let shares = Shares { done: count / 2, dead: count / 40 };
    println!(
        "\nSearch for {IDS} ids among {count} events, one for each second: medians of {RUNS} runs, in ms"
    );
    println!("{:>12} {:>14} {:>14} {:>14}", "", "in all events", "in a day", "one id");
    let folder = folder()?;
    let path = folder.path().join("inbox.db");
    drop(SqliteInbox::open(&path)?);
    fill_sqlite_with(&path, count, shares)?;
    measure("SQLite", &SqliteInbox::open(&path)?, count).await?;
    if let Some(pool) = pool().await? {
        let inbox = fresh(&pool).await?;
        fill_postgres_with(&pool, count, shares).await?;
        measure("PostgreSQL", &inbox, count).await?;
        remove(&pool).await?;
    }
    Ok(())
}

async fn measure(store: &str, inbox: &impl Inbox, count: u64) -> anyhow::Result<()> {
    let newest = inbox.list(Query::default().newest_first().limit(u32::try_from(IDS / 2)?)).await?;
    let ids = newest.items.into_iter().map(|event| event.id);
    let ids: Vec<_> = ids.chain((0..).map(|number| format!("{number:032}"))).take(IDS).collect();
    let last_day = SystemTime::UNIX_EPOCH + Duration::from_secs(count) - DAY;
    let [mut all, mut day, mut single] = [const { Vec::new() }; 3];
    for _ in 0..RUNS {
        all.push(time(inbox, ids.clone(), None).await?);
        day.push(time(inbox, ids.clone(), Some(last_day)).await?);
        single.push(time(inbox, ids[..1].to_vec(), None).await?);
    }
    let [all, day, single] = [all, day, single].map(median);
    println!("{store:>12} {all:>14.1} {day:>14.1} {single:>14.1}");
    Ok(())
}

async fn time(inbox: &impl Inbox, ids: Vec<String>, from: Option<SystemTime>) -> anyhow::Result<f64> {
    let begun = Instant::now();
    let found = inbox.contains_ids(ids, from).await?;
    let count = found.iter().filter(|is_found| **is_found).count();
    anyhow::ensure!(count == found.len().clamp(1, IDS / 2), "{count} ids were found");
    Ok(begun.elapsed().as_secs_f64() * 1000.0)
}
