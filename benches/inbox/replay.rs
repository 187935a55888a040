//! The latency of deliveries while many dead events are replayed, by the receiver itself or by a
//! tool.

use std::{
    env,
    time::{Duration, Instant},
};

use axum::{body::Body, extract::Request, http::StatusCode};
use panora_hooks::inbox::{EventState, Filter, Inbox, Select, SqliteInbox};
use tokio::time::MissedTickBehavior;
use tower::Service;

use super::{
    disk::folder,
    filled::fill_sqlite_with_dead,
    load::{deliveries, working},
};

/// The number of dead events, unless `PANORA_BENCH_EVENTS` says otherwise.
const EVENTS: u64 = 3_000_000;

const PER_SECOND: u64 = 50;

pub(crate) async fn compare() -> anyhow::Result<()> {
    let count = env::var("PANORA_BENCH_EVENTS").map_or(Ok(EVENTS), |count| count.parse())?;
    println!("\n{PER_SECOND} deliveries a second, and a worker, beside the replay of {count} dead events");
    println!(
        "{:>10} {:>10} {:>12} {:>10} {:>10} {:>10} {:>10} {:>10}",
        "replay by", "seconds", "deliveries", "not 200", "p50 ms", "p99 ms", "p99.9 ms", "max ms"
    );
    for who in ["receiver", "tool"] {
        let folder = folder()?;
        let path = folder.path().join("inbox.db");
        drop(SqliteInbox::open(&path)?);
        fill_sqlite_with_dead(&path, count)?;
        let inbox = SqliteInbox::open(&path)?;
        let replaying = if who == "tool" { SqliteInbox::attach(&path)? } else { inbox.clone() };
        let (router, worker) = working(inbox)?;
        let begun = Instant::now();
        let replay = tokio::spawn(async move {
            replaying.replay(Select::All(Filter::new().state(EventState::Dead)), u32::MAX).await
        });
        let mut ticks = tokio::time::interval(Duration::from_millis(1000 / PER_SECOND));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut senders = Vec::new();
        while !replay.is_finished() {
            ticks.tick().await;
            let mut router = router.clone();
            let delivery = deliveries(1, 1024)?.remove(0);
            senders.push(tokio::spawn(async move {
                let request = Request::post("/webhook")
                    .header("Panora-Signature", &delivery.signature)
                    .body(Body::from(delivery.body))?;
                let sent = Instant::now();
                let status = router.call(request).await?.status();
                anyhow::Ok((sent.elapsed(), status))
            }));
        }
        let seconds = begun.elapsed().as_secs_f64();
        anyhow::ensure!(replay.await?? == count, "not all were replayed");
        let (mut times, mut refused) = (Vec::new(), 0);
        for sender in senders {
            let (time, status) = sender.await??;
            times.push(time.as_secs_f64() * 1000.0);
            refused += usize::from(status != StatusCode::OK);
        }
        worker.abort();
        times.sort_by(f64::total_cmp);
        let at = |per_mille: usize| times[(times.len() * per_mille / 1000).min(times.len() - 1)];
        println!(
            "{who:>10} {seconds:>10.1} {:>12} {refused:>10} {:>10.1} {:>10.1} {:>10.1} {:>10.1}",
            times.len(),
            at(500),
            at(990),
            at(999),
            at(1000),
        );
    }
    Ok(())
}
