//! The speed of `SqliteInbox`.

use std::time::{Duration, Instant};

use panora_hooks::inbox::{Decision, Inbox, LeaseRequest, Settlement, SqliteInbox};

use super::{
    disk::{folder, syncs_per_second},
    load::{deliveries, events, send, storing},
};
use crate::median::median;

const ROUNDS: usize = 5;

pub(crate) async fn store() -> anyhow::Result<()> {
    println!("\nSQLite: events stored, as multiples of 1 KB appended and synced, and times in such syncs");
    println!(
        "{:>8} {:>8} {:>12} {:>10} {:>10} {:>10}",
        "size", "senders", "events/s", "x syncs", "p50", "p99"
    );
    for (bytes, most) in [(1024, 100_000), (16 * 1024, 30_000)] {
        for senders in [1, 16, 64] {
            let (mut rates, mut ratios, mut p50s, mut p99s) = (vec![], vec![], vec![], vec![]);
            for _ in 0..ROUNDS {
                let syncs = syncs_per_second()?;
                let folder = folder()?;
                let router = storing(SqliteInbox::open(folder.path().join("inbox.db"))?)?;
                let measured = send(&router, senders, deliveries(most, bytes)?).await?;
                rates.push(measured.per_second);
                ratios.push(measured.per_second / syncs);
                p50s.push(measured.p50.as_secs_f64() * syncs);
                p99s.push(measured.p99.as_secs_f64() * syncs);
            }
            let [rate, ratio, p50, p99] = [rates, ratios, p50s, p99s].map(median);
            println!("{bytes:>8} {senders:>8} {rate:>12.0} {ratio:>10.2} {p50:>10.1} {p99:>10.1}");
        }
    }
    Ok(())
}

pub(crate) async fn lease() -> anyhow::Result<()> {
    println!("\nSQLite: events leased and completed, 64 at once, as multiples of 1 KB appended and synced");
    println!("{:>8} {:>12} {:>10}", "size", "events/s", "x syncs");
    for (bytes, count) in [(1024, 64_000), (16 * 1024, 16_000)] {
        let (mut rates, mut ratios) = (vec![], vec![]);
        for _ in 0..ROUNDS {
            let syncs = syncs_per_second()?;
            let folder = folder()?;
            let inbox = SqliteInbox::open(folder.path().join("inbox.db"))?;
            for batch in events(count, bytes)?.chunks(512) {
                inbox.put(batch.to_vec()).await?;
            }
            let rate = drain(&inbox, count).await?;
            rates.push(rate);
            ratios.push(rate / syncs);
        }
        println!("{bytes:>8} {:>12.0} {:>10.2}", median(rates), median(ratios));
    }
    Ok(())
}

/// Leases and completes `count` events, and returns the number per second.
pub(crate) async fn drain(inbox: &impl Inbox, count: usize) -> anyhow::Result<f64> {
    let begun = Instant::now();
    let mut completed = 0;
    while completed < count {
        let leased = inbox.lease(LeaseRequest::new(64, Duration::from_secs(60))).await?;
        anyhow::ensure!(!leased.is_empty(), "there are too few events");
        completed += leased.len();
        inbox
            .settle(leased.iter().map(|leased| Settlement::new(leased.token, Decision::Complete)).collect())
            .await?;
    }
    Ok(f64::from(u32::try_from(completed)?) / begun.elapsed().as_secs_f64())
}
