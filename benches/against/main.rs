//! The rates of this revision, divided by those of another one: pairs of measurements in turn.

mod median;

use std::{
    env,
    path::Path,
    time::{Duration, Instant},
};

use median::median;
use sqlx::{AssertSqlSafe, PgPool, postgres::PgPoolOptions};
use tempfile::TempDir;

/// Pairs of measurements: an odd number.
const PAIRS: usize = 21;

/// The events of one measurement, and the largest batch.
const EVENTS: usize = 4096;
const BATCH: usize = 64;

const SECRET: &str = "the secret of the benchmark";
const WORKER: &str = "web-1:4711";
const LEASE: Duration = Duration::from_secs(60);

/// The rates of one measurement, in events per second.
struct Rates {
    stored: f64,
    leased: f64,
    completed: f64,
}

/// Defines functions that measure one revision. `$request` adds the name of the worker to a lease,
/// and `$report` the report of an attempt to its settlement, as the worker of that revision does.
macro_rules! revision {
    ($name:ident, $library:ident, $request:expr, $report:expr) => {
        mod $name {
            use $library::{
                Verifier,
                inbox::{Decision, Inbox, LeaseRequest, NewEvent, PostgresInbox, Settlement, SqliteInbox},
            };

            use super::*;

            pub(crate) async fn sqlite(file: &Path) -> anyhow::Result<Rates> {
                measure(&SqliteInbox::open(file)?).await
            }

            pub(crate) async fn postgres(pool: &PgPool) -> anyhow::Result<Rates> {
                measure(&PostgresInbox::open_schema(pool.clone(), SCHEMA).await?).await
            }

            fn events() -> anyhow::Result<Vec<NewEvent>> {
                let verifier = Verifier::new(SECRET)?;
                let event = |_| {
                    let number = fastrand::u128(..);
                    let data = format!(r#"{{"number":"{number}","filling":"{}"}}"#, "x".repeat(900));
                    let body =
                        format!(r#"{{"id_event":"{number}","data":{data},"type":"crm.contact.created"}}"#);
                    Ok(NewEvent::new(verifier.verify(body.as_bytes(), verifier.sign(&data))?))
                };
                (0..EVENTS).map(event).collect()
            }

            async fn measure(inbox: &impl Inbox) -> anyhow::Result<Rates> {
                let events = events()?;
                let begun = Instant::now();
                for batch in events.chunks(BATCH) {
                    inbox.put(batch.to_vec()).await?;
                }
                let stored = rate(begun.elapsed());
                let (mut leasing, mut completing, mut done) = (Duration::ZERO, Duration::ZERO, 0);
                while done < EVENTS {
                    let begun = Instant::now();
                    let leased = inbox.lease(($request)(LeaseRequest::new(BATCH as u32, LEASE))).await?;
                    leasing += begun.elapsed();
                    anyhow::ensure!(!leased.is_empty(), "an event is missing");
                    done += leased.len();
                    let settle = |token| ($report)(Settlement::new(token, Decision::Complete));
                    let settlements = leased.iter().map(|leased| settle(leased.token)).collect();
                    let begun = Instant::now();
                    inbox.settle(settlements).await?;
                    completing += begun.elapsed();
                }
                Ok(Rates { stored, leased: rate(leasing), completed: rate(completing) })
            }
        }
    };
}

revision!(before, old, |request| request, |settlement| settlement);
revision!(
    after,
    new,
    |request: new::inbox::LeaseRequest| {
        use new::inbox::QueueGroup;

        let max = request.max;
        let hooks = [["crm.contact.created"], ["crm.deal.created"]];
        let hooks = hooks.map(|queues| QueueGroup::new(queues.map(Into::into), max));
        request.worker(WORKER.into()).groups(hooks.into_iter().chain([QueueGroup::others(max)]).collect())
    },
    |settlement: new::inbox::Settlement| {
        use new::inbox::{AttemptOutcome, AttemptReport};

        let report = AttemptReport::new(AttemptOutcome::Handled, WORKER.into()).number(1);
        settlement.attempt(report.duration(Duration::from_millis(1)))
    }
);

fn rate(took: Duration) -> f64 {
    EVENTS as f64 / took.as_secs_f64()
}

const SCHEMA: &str = "panora_against";

async fn drop_schema(pool: &PgPool) -> anyhow::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(format!("DROP SCHEMA IF EXISTS {SCHEMA} CASCADE"))).execute(pool).await?;
    Ok(())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    println!("Rates of this revision, divided by those of the other one: {PAIRS} pairs\n");
    println!("{:>12} {:>12} {:>8} {:>18}", "", "", "median", "half are within");
    let (mut pairs, folder) = (Vec::new(), TempDir::new_in("target")?);
    for pair in 0..PAIRS {
        let file = |name| folder.path().join(format!("{name}-{pair}.db"));
        // Which of the two comes first alternates.
        let (one, other) = if pair % 2 == 0 {
            let before = before::sqlite(&file("before")).await?;
            (before, after::sqlite(&file("after")).await?)
        } else {
            let after = after::sqlite(&file("after")).await?;
            (before::sqlite(&file("before")).await?, after)
        };
        pairs.push((one, other));
    }
    report("SQLite", &pairs);
    let Ok(url) = env::var("PANORA_TEST_POSTGRES") else { return Ok(()) };
    let pool = PgPoolOptions::new().max_connections(5).connect(&url).await?;
    pairs.clear();
    for pair in 0..PAIRS {
        drop_schema(&pool).await?;
        let first_before = pair % 2 == 0;
        let first = if first_before { before::postgres(&pool).await? } else { after::postgres(&pool).await? };
        drop_schema(&pool).await?;
        let second = if first_before { after::postgres(&pool).await? } else { before::postgres(&pool).await? };
        pairs.push(if first_before { (first, second) } else { (second, first) });
    }
    drop_schema(&pool).await?;
    report("PostgreSQL", &pairs);
    Ok(())
}

fn report(store: &str, pairs: &[(Rates, Rates)]) {
    let kinds: [(&str, fn(&Rates) -> f64); 3] =
        [("store", |rates| rates.stored), ("lease", |rates| rates.leased), ("complete", |rates| rates.completed)];
    for (name, rate) in kinds {
        let mut ratios: Vec<_> = pairs.iter().map(|(before, after)| rate(after) / rate(before)).collect();
        ratios.sort_by(f64::total_cmp);
        let (low, high) = (ratios[ratios.len() / 4], ratios[ratios.len() * 3 / 4]);
        println!("{store:>12} {name:>12} {:>8.3} {low:>8.3} to {high:.3}", median(ratios));
    }
}
