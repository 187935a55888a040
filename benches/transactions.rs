//! The rate of hooks that insert a row through `Tx`, divided by that of the same hook by hand: with
//! an equal marker, and without one.
//!
//! ```text
//! PANORA_TEST_POSTGRES=postgres://… cargo bench -p panora-hooks-benches --bench transactions
//! ```

use std::{env, error::Error, time::Instant};

use anyhow::ensure;
use axum::{Router, http::StatusCode};
use futures_util::{StreamExt, TryStreamExt, stream};
use panora_hooks::{
    Metadata, State, Tx, Verifier, Webhooks, hooks, on,
    testing::{Sample, sample},
    transactions::PostgresTransactions,
};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, postgres::PgPoolOptions};

mod median;

use median::median;

/// Rounds, in each of which every receiver is measured: an odd number.
const ROUNDS: usize = 21;

/// The events of one measurement, and how many are delivered at once.
const EVENTS: usize = 1024;
const SENDERS: usize = 8;

const SECRET: &str = "the secret of the benchmark";
const SCHEMA: &str = "panora_bench_transactions";

type Ended = Result<(), Box<dyn Error + Send + Sync>>;

#[on("crm.contact.created")]
async fn through_tx(meta: Metadata, mut tx: Tx) -> Ended {
    insert(&meta, &mut tx).await
}

#[on("crm.contact.created")]
async fn by_hand(meta: Metadata, State(pool): State<PgPool>) -> Ended {
    let mut tx = pool.begin().await?;
    let mut identity = meta.idempotency_key().into_bytes();
    identity.truncate(32);
    let mark = "INSERT INTO panora_hooks_done(identity, run) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    let mark = sqlx::query(mark).bind(identity).bind(i64::from(meta.run)).execute(&mut *tx).await?;
    if mark.rows_affected() > 0 {
        insert(&meta, &mut tx).await?;
    }
    Ok(tx.commit().await?)
}

#[on("crm.contact.created")]
async fn unmarked(meta: Metadata, State(pool): State<PgPool>) -> Ended {
    let mut tx = pool.begin().await?;
    insert(&meta, &mut tx).await?;
    Ok(tx.commit().await?)
}

async fn insert(meta: &Metadata, connection: &mut PgConnection) -> Ended {
    let insert = sqlx::query("INSERT INTO contact(id, type) VALUES ($1, $2)");
    insert.bind(&meta.id).bind(&meta.event_type).execute(connection).await?;
    Ok(())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Ok(url) = env::var("PANORA_TEST_POSTGRES") else {
        println!("skipped: PANORA_TEST_POSTGRES is not set");
        return Ok(());
    };
    let options: sqlx::postgres::PgConnectOptions = url.parse()?;
    let pool = PgPoolOptions::new()
        .max_connections(u32::try_from(SENDERS)?)
        .connect_with(options.options([("search_path", SCHEMA)]))
        .await?;
    let transactions = PostgresTransactions::new(pool.clone()).schema(SCHEMA);
    let remove = format!("DROP SCHEMA IF EXISTS {SCHEMA} CASCADE;");
    let create =
        format!("{remove}{} CREATE TABLE contact(id text PRIMARY KEY, type text)", transactions.ddl());
    sqlx::raw_sql(AssertSqlSafe(create)).execute(&pool).await?;
    let verifier = || Verifier::new(SECRET);
    let with_pool = || anyhow::Ok(Webhooks::new(verifier()?).with_state(pool.clone()));
    let receivers = [
        Webhooks::new(verifier()?).with_transactions(transactions).hooks(hooks![through_tx]).into_router("/"),
        with_pool()?.hooks(hooks![by_hand]).into_router("/"),
        with_pool()?.hooks(hooks![unmarked]).into_router("/"),
    ];
    let (mut marked_ratios, mut unmarked_ratios) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let mut rates = [0.0; 3];
        for (receiver, rate) in receivers.iter().zip(&mut rates) {
            *rate = measure(receiver).await?;
        }
        // The first round prepares the statements.
        if round > 0 {
            let [through_tx, by_hand, unmarked] = rates;
            marked_ratios.push(through_tx / by_hand);
            unmarked_ratios.push(through_tx / unmarked);
        }
    }
    println!("Rates of hooks with `Tx`, divided by those by hand, in {ROUNDS} rounds");
    println!("{:>16} {:>8} {:>18}", "", "median", "half are within");
    for (name, mut ratios) in [("equal marker", marked_ratios), ("without marker", unmarked_ratios)] {
        ratios.sort_by(f64::total_cmp);
        let (low, high) = (ratios[ROUNDS / 4], ratios[ROUNDS * 3 / 4]);
        println!("{name:>16} {:>8.3} {low:>8.3} to {high:.3}", median(ratios));
    }
    let mut connection = pool.acquire().await?.detach();
    sqlx::raw_sql(AssertSqlSafe(remove)).execute(&mut connection).await?;
    Ok(connection.close().await?)
}

/// Returns how many events a receiver handles in a second.
async fn measure(receiver: &Router) -> anyhow::Result<f64> {
    let verifier = Verifier::new(SECRET)?;
    let samples: Vec<Sample> = (0..EVENTS)
        .map(|_| sample("crm.contact.created").id(format!("{:032x}", fastrand::u128(..))))
        .collect();
    let begun = Instant::now();
    stream::iter(samples)
        .map(|sample| {
            let answer = sample.send(receiver.clone(), &verifier, "/");
            async move {
                let status = answer.await.status();
                ensure!(status == StatusCode::OK, "{status}");
                Ok(())
            }
        })
        .buffer_unordered(SENDERS)
        .try_for_each(async |()| Ok(()))
        .await?;
    #[expect(clippy::cast_precision_loss, reason = "few")]
    Ok(EVENTS as f64 / begun.elapsed().as_secs_f64())
}
