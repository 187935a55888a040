//! The time of each page of the dashboard on a large store, and the rate of storing while a page is
//! reloaded.

use std::{
    env,
    time::{Duration, Instant},
};

use axum::{Router, body::Body, extract::Request, http::StatusCode};
use panora_hooks::inbox::{Inbox, SqliteInbox};
use panora_hooks_dashboard::{Access, Dashboard};
use tower::Service;

use super::{
    disk::folder,
    filled::{RARE, Shares, fill_postgres_with, fill_sqlite_with},
    load::{deliveries, send, storing},
    postgres::{fresh, pool, remove},
};
use crate::median::median;

/// An odd number, and large enough that one slow run does not matter.
const RUNS: usize = 11;

/// The number of events, unless `PANORA_BENCH_EVENTS` says otherwise.
const EVENTS: u64 = 2_000_000;

pub(crate) async fn compare() -> anyhow::Result<()> {
    let count = env::var("PANORA_BENCH_EVENTS").map_or(Ok(EVENTS), |count| count.parse())?;
    let shares = Shares { done: count / 2, dead: count / 40 };
    println!("\nPages of the dashboard with {count} events in the store: medians of {RUNS} runs, in ms");
    let folder = folder()?;
    let path = folder.path().join("inbox.db");
    drop(SqliteInbox::open(&path)?);
    fill_sqlite_with(&path, count, shares)?;
    rusqlite::Connection::open(&path)?.execute_batch(SQLITE_FIGURES)?;
    let sqlite = measure(SqliteInbox::open(&path)?, count).await?;
    let postgres = match pool().await? {
        Some(pool) => {
            let inbox = fresh(&pool).await?;
            fill_postgres_with(&pool, count, shares).await?;
            sqlx::raw_sql(POSTGRES_FIGURES).execute(&pool).await?;
            let measured = measure(inbox, count).await?;
            remove(&pool).await?;
            measured
        }
        None => Vec::new(),
    };
    println!("{:>44} {:>12} {:>12}", "", "SQLite", "PostgreSQL");
    for (place, (name, sqlite)) in sqlite.iter().enumerate() {
        let postgres = postgres.get(place).map(|(_, time)| format!("{time:.2}")).unwrap_or_default();
        println!("{name:>44} {sqlite:>12.2} {postgres:>12}");
    }
    Ok(())
}

/// Figures of 20 event types, for each minute of the last day and each hour of the last week.
const SQLITE_FIGURES: &str = "
    WITH RECURSIVE
        step(length, steps) AS (VALUES (60000000, 1440), (600000000, 144), (3600000000, 168)),
        type(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM type WHERE n < 19),
        past(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM past WHERE n < 1439)
    INSERT INTO figure(step, start, type, sums)
    SELECT length, (unixepoch() * 1000000 / length - past.n) * length, 'type ' || type.n, zeroblob(560)
    FROM step, past, type WHERE past.n < steps";
const POSTGRES_FIGURES: &str = "
    INSERT INTO panora_bench.figure(step, start, type, sums)
    SELECT length, (extract(epoch FROM now())::bigint * 1000000 / length - past) * length,
        convert_to('type ' || type, 'UTF8'), array_fill(1::bigint, ARRAY[70])
    FROM (VALUES (60000000::bigint, 1440), (600000000, 144), (3600000000, 168)) AS step(length, steps),
        generate_series(0, 1439) AS past, generate_series(0, 19) AS type WHERE past < steps";

async fn measure(inbox: impl Inbox + Clone, count: u64) -> anyhow::Result<Vec<(String, f64)>> {
    let dashboard: Router = Dashboard::new(inbox.clone(), |_: &_| Access::operate()).into_router();
    let mut measured = Vec::new();
    for page in pages(count) {
        let mut times = Vec::new();
        for _ in 0..RUNS {
            let begun = Instant::now();
            open(&dashboard, &page).await?;
            times.push(begun.elapsed().as_secs_f64() * 1000.0);
        }
        measured.push((page, median(times)));
    }
    let mut ratios = Vec::new();
    for pair in 0..RUNS {
        let rates = if pair % 2 == 0 {
            let alone = rate(&inbox, None).await?;
            (alone, rate(&inbox, Some(&dashboard)).await?)
        } else {
            let beside = rate(&inbox, Some(&dashboard)).await?;
            (rate(&inbox, None).await?, beside)
        };
        ratios.push(rates.1 / rates.0);
    }
    measured.push(("storing beside a page, of storing alone".to_owned(), median(ratios)));
    Ok(measured)
}

fn pages(count: u64) -> Vec<String> {
    let event = format!("/event/{}", count / 2 + 1);
    let fixed = [
        "/overview?range=hour",
        "/overview?range=day",
        "/overview?range=week",
        "/events",
        "/events?state=dead",
        "/events?state=done",
        "/events?from=1970-01-01T02:00:00Z&until=1970-01-01T05:00:00Z",
        "/events?id=unknown",
        "/dead",
        "/audit",
    ];
    let of_type = [format!("/events?type={RARE}"), format!("/events?state=dead&type={RARE}"), event];
    fixed.into_iter().map(str::to_owned).chain(of_type).collect()
}

async fn open(dashboard: &Router, page: &str) -> anyhow::Result<()> {
    let answer = dashboard.clone().call(Request::get(page).body(Body::empty())?).await?;
    anyhow::ensure!(answer.status() == StatusCode::OK, "{page}: {}", answer.status());
    Ok(())
}

/// Returns the rate of storing, while the overview is reloaded once a second if there is a
/// dashboard.
async fn rate(inbox: &(impl Inbox + Clone), dashboard: Option<&Router>) -> anyhow::Result<f64> {
    let reload = dashboard.cloned().map(|dashboard| {
        tokio::spawn(async move {
            let mut seconds = tokio::time::interval(Duration::from_secs(1));
            loop {
                seconds.tick().await;
                open(&dashboard, "/overview?range=day").await?;
            }
            #[expect(unreachable_code, reason = "the type of the result")]
            anyhow::Ok(())
        })
    });
    let stored = send(&storing(inbox.clone())?, 64, deliveries(100_000, 1024)?).await?;
    if let Some(reload) = reload {
        anyhow::ensure!(!reload.is_finished(), "the page was not served: {:?}", reload.await?);
        reload.abort();
    }
    Ok(stored.per_second)
}
