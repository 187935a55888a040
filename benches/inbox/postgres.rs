//! The speed of `PostgresInbox`.

use std::{
    env,
    sync::Arc,
    time::{Duration, Instant},
};

use panora_hooks::inbox::{Inbox, PostgresInbox};
use sqlx::{AssertSqlSafe, PgPool, postgres::PgPoolOptions};

use super::{
    load::{deliveries, events, send, storing},
    sqlite::drain,
};
use crate::median::median;

const ROUNDS: usize = 5;
const SENDERS: usize = 64;
const RUN: Duration = Duration::from_millis(1200);

pub(crate) async fn compare() -> anyhow::Result<()> {
    let Some(pool) = pool().await? else { return Ok(()) };
    println!(
        "\nPostgreSQL, {SENDERS} senders: events stored a second, in batches and one insert each, and run"
    );
    println!("{:>8} {:>12} {:>12} {:>10} {:>14}", "size", "one each", "batches", "ratio", "leased, done");
    for (bytes, most, each) in [(1024, 80_000, 40_000), (16 * 1024, 30_000, 20_000)] {
        let (mut ones, mut batches, mut ratios, mut drains) = (vec![], vec![], vec![], vec![]);
        for _ in 0..ROUNDS {
            let inbox = fresh(&pool).await?;
            let one = one_each(&inbox, events(each, bytes)?).await?;
            let inbox = fresh(&pool).await?;
            let batch = send(&storing(inbox.clone())?, SENDERS, deliveries(most, bytes)?).await?.per_second;
            let ready = inbox.depth().await?.ready.number();
            drains.push(drain(&inbox, usize::try_from(ready)?.min(20_000)).await?);
            ones.push(one);
            batches.push(batch);
            ratios.push(batch / one);
        }
        let [one, batch, ratio, drained] = [ones, batches, ratios, drains].map(median);
        println!("{bytes:>8} {one:>12.0} {batch:>12.0} {ratio:>10.2} {drained:>14.0}");
    }
    remove(&pool).await
}

pub(crate) async fn pool() -> anyhow::Result<Option<PgPool>> {
    let Ok(url) = env::var("PANORA_TEST_POSTGRES") else {
        println!("\nPostgreSQL: skipped, PANORA_TEST_POSTGRES is not set");
        return Ok(None);
    };
    Ok(Some(PgPoolOptions::new().max_connections(u32::try_from(SENDERS)?).connect(&url).await?))
}

pub(crate) const SCHEMA: &str = "panora_bench";

pub(crate) async fn remove(pool: &PgPool) -> anyhow::Result<()> {
    let remove = format!("DROP SCHEMA IF EXISTS {SCHEMA} CASCADE");
    sqlx::raw_sql(AssertSqlSafe(remove)).execute(pool).await?;
    Ok(())
}

pub(crate) async fn fresh(pool: &PgPool) -> anyhow::Result<PostgresInbox> {
    remove(pool).await?;
    Ok(PostgresInbox::open_schema(pool.clone(), SCHEMA).await?)
}

/// Stores events without batches: one connection per sender, and one transaction per event.
async fn one_each(inbox: &PostgresInbox, events: Vec<panora_hooks::inbox::NewEvent>) -> anyhow::Result<f64> {
    let events = Arc::new(events);
    let begun = Instant::now();
    let senders: Vec<_> = (0..SENDERS)
        .map(|sender| {
            let (inbox, events) = (inbox.clone(), Arc::clone(&events));
            tokio::spawn(async move {
                let mut count = 0_u32;
                for event in events.iter().skip(sender).step_by(SENDERS) {
                    if begun.elapsed() > RUN {
                        break;
                    }
                    inbox.put(vec![event.clone()]).await?;
                    count += 1;
                }
                anyhow::Ok(count)
            })
        })
        .collect();
    let mut count = 0_u32;
    for sender in senders {
        count += sender.await??;
    }
    anyhow::ensure!((count as usize) < events.len(), "there were too few events");
    Ok(f64::from(count) / begun.elapsed().as_secs_f64())
}
