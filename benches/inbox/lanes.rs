//! The cost of lanes: rates with a lane for each event, divided by those without; the rates of a
//! lane in which many events wait, divided by those of one in which few do; and the wait of other
//! events beside a lane with half of all events, divided by their wait without it.

use std::time::{Duration, Instant};

use anyhow::Context;
use panora_hooks::{
    Event, State, Verifier, Webhooks, hooks,
    inbox::{Decision, Inbox, Lane, LeaseRequest, Leased, NewEvent, QueueGroup, Settlement, SqliteInbox},
    on,
};
use tokio::sync::{mpsc, oneshot};

use super::{
    disk::folder,
    load::{SECRET, events},
    postgres::{fresh, pool, remove},
};
use crate::median::median;

/// Pairs of measurements: an odd number.
const PAIRS: usize = 11;

/// The events of one measurement, the lanes that they are in, and the largest batch.
const EVENTS: usize = 4096;
const LANES: usize = 2000;
const BATCH: usize = 64;

/// The events behind the head of a lane that is deep.
const DEEP: usize = 100_000;

/// The events that pass through a deep lane, one at a time.
const PASSES: usize = 256;

const LEASE: Duration = Duration::from_secs(600);

pub(crate) async fn compare() -> anyhow::Result<()> {
    println!("\nLanes: rates, divided by those without or in a shallow lane, in {PAIRS} pairs");
    println!("{:>12} {:>24} {:>8} {:>18}", "", "", "median", "half are within");
    let folder = folder()?;
    let mut pairs = Vec::new();
    for pair in 0..PAIRS {
        let open = |name| SqliteInbox::open(folder.path().join(format!("{name}-{pair}.db")));
        pairs.push([measure(&open("without")?, 0).await?, measure(&open("with")?, LANES).await?]);
    }
    report("SQLite", ["store", "lease", "complete", "all three"], &pairs);
    let inbox = SqliteInbox::open(folder.path().join("deep.db"))?;
    report("SQLite", ["store, deep", "lease and complete, deep"], &depths(&inbox).await?);
    let mut pairs = Vec::new();
    for pair in 0..PAIRS {
        let open = |name| SqliteInbox::open(folder.path().join(format!("{name}-{pair}.db")));
        pairs.push([wait(open("alone")?, false).await?, wait(open("beside")?, true).await?]);
    }
    report("SQLite", ["median wait beside"], &pairs);
    let Some(pool) = pool().await? else { return Ok(()) };
    let mut pairs = Vec::new();
    for _ in 0..PAIRS {
        let without = measure(&fresh(&pool).await?, 0).await?;
        pairs.push([without, measure(&fresh(&pool).await?, LANES).await?]);
    }
    report("PostgreSQL", ["store", "lease", "complete", "all three"], &pairs);
    let pairs = depths(&fresh(&pool).await?).await?;
    report("PostgreSQL", ["store, deep", "lease and complete, deep"], &pairs);
    let mut pairs = Vec::new();
    for _ in 0..PAIRS {
        let alone = wait(fresh(&pool).await?, false).await?;
        pairs.push([alone, wait(fresh(&pool).await?, true).await?]);
    }
    report("PostgreSQL", ["median wait beside"], &pairs);
    remove(&pool).await
}

/// Returns the rates of storing, leasing and completing events in so many lanes, or without lanes,
/// and the rate of all three.
async fn measure(inbox: &impl Inbox, lanes: usize) -> anyhow::Result<[f64; 4]> {
    let in_lane = |(number, event): (usize, NewEvent)| match lanes {
        0 => event,
        lanes => event.in_lane(lane(number % lanes)),
    };
    let events: Vec<_> = events(EVENTS, 1024)?.into_iter().enumerate().map(in_lane).collect();
    let begun = Instant::now();
    for batch in events.chunks(BATCH) {
        inbox.put(batch.to_vec()).await?;
    }
    let storing = begun.elapsed();
    let (mut leasing, mut completing, mut done) = (Duration::ZERO, Duration::ZERO, 0);
    while done < EVENTS {
        let begun = Instant::now();
        let leased = lease(inbox, LeaseRequest::new(u32::try_from(BATCH)?, LEASE)).await?;
        leasing += begun.elapsed();
        let begun = Instant::now();
        complete(inbox, &leased).await?;
        completing += begun.elapsed();
        done += leased.len();
    }
    Ok([storing, leasing, completing, storing + leasing + completing].map(|time| rate(EVENTS, time)))
}

/// Measures a shallow lane and a deep one in turn.
async fn depths(inbox: &impl Inbox) -> anyhow::Result<Vec<[[f64; 2]; 2]>> {
    let queues = ["shallow", "deep"];
    for batch in events(DEEP, 200)?.chunks(512) {
        let batch = batch.iter().cloned().map(|event| event.in_queue(queues[1]).in_lane(lane(1)));
        inbox.put(batch.collect()).await?;
    }
    let shallow = events(2, 200)?.into_iter().map(|event| event.in_queue(queues[0]).in_lane(lane(0)));
    inbox.put(shallow.collect()).await?;
    let mut pairs = Vec::new();
    for _ in 0..PAIRS {
        let mut rates = [[0.0; 2]; 2];
        for ((place, queue), rates) in queues.into_iter().enumerate().zip(&mut rates) {
            let events = events(PASSES, 200)?;
            let mut times = [Duration::ZERO; 2];
            for event in events {
                let begun = Instant::now();
                inbox.put(vec![event.in_queue(queue).in_lane(lane(place))]).await?;
                times[0] += begun.elapsed();
                let begun = Instant::now();
                let request = LeaseRequest::new(1, LEASE);
                let request = request.groups(vec![QueueGroup::new([queue.into()], 1)]);
                complete(inbox, &lease(inbox, request).await?).await?;
                times[1] += begun.elapsed();
            }
            *rates = times.map(|time| rate(PASSES, time));
        }
        pairs.push(rates);
    }
    Ok(pairs)
}

async fn lease(inbox: &impl Inbox, request: LeaseRequest) -> anyhow::Result<Vec<Leased>> {
    let leased = inbox.lease(request).await?;
    anyhow::ensure!(!leased.is_empty(), "an event is missing");
    Ok(leased)
}

async fn complete(inbox: &impl Inbox, leased: &[Leased]) -> anyhow::Result<()> {
    let complete = leased.iter().map(|leased| Settlement::new(leased.token, Decision::Complete));
    inbox.settle(complete.collect()).await?;
    Ok(())
}

fn lane(number: usize) -> Lane {
    // Spread as hashes are.
    Lane::from_bytes(
        (number as u128 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes(),
    )
}

fn rate(events: usize, time: Duration) -> f64 {
    f64::from(u32::try_from(events).unwrap_or(u32::MAX)) / time.as_secs_f64()
}

#[on("crm.contact.created")]
async fn contact_created(
    Event(contact): Event<serde_json::Value>,
    State(waits): State<Waits>,
) -> anyhow::Result<()> {
    if contact.get("is_measured").is_some() {
        waits.0.send(Instant::now())?;
    }
    Ok(())
}

#[derive(Clone)]
struct Waits(mpsc::UnboundedSender<Instant>);

/// Returns the median time until a worker begins an event, if all events are there when it starts.
/// One lane may hold as many events as all others together.
async fn wait(inbox: impl Inbox + Clone, has_large_lane: bool) -> anyhow::Result<[f64; 1]> {
    let verifier = Verifier::new(SECRET)?;
    let event = |number: usize, is_measured: bool| {
        let is_measured = if is_measured { r#","is_measured":true"# } else { "" };
        let data = format!(r#"{{"number":"{number}"{is_measured}}}"#);
        let body = format!(r#"{{"id_event":"{number}","data":{data},"type":"crm.contact.created"}}"#);
        anyhow::Ok(NewEvent::new(verifier.verify(body.as_bytes(), verifier.sign(&data))?))
    };
    for first in (0..EVENTS).step_by(BATCH) {
        let mut batch = Vec::new();
        for number in first..first + BATCH {
            batch.push(event(number, true)?.in_lane(lane(1 + number % LANES)));
            if has_large_lane {
                batch.push(event(EVENTS + number, false)?.in_lane(lane(0)));
            }
        }
        inbox.put(batch).await?;
    }
    let (waits, mut begun) = mpsc::unbounded_channel();
    let webhooks = Webhooks::new(verifier).with_state(Waits(waits)).hooks(hooks![contact_created]);
    let (_router, worker) = webhooks.with_inbox(inbox).into_parts::<()>("/webhook");
    let (stop, stopped) = oneshot::channel::<()>();
    let start = Instant::now();
    let worker = tokio::spawn(worker.run_until(async { drop(stopped.await) }));
    let mut times = Vec::new();
    while times.len() < EVENTS {
        let begun = begun.recv().await.context("the worker has stopped")?;
        times.push((begun - start).as_secs_f64());
    }
    drop(stop);
    worker.await?;
    Ok([median(times)])
}

fn report<const N: usize>(store: &str, names: [&str; N], pairs: &[[[f64; N]; 2]]) {
    for (place, name) in names.into_iter().enumerate() {
        let ratio = |[before, after]: &[[f64; N]; 2]| after[place] / before[place];
        let mut ratios: Vec<_> = pairs.iter().map(ratio).collect();
        ratios.sort_by(f64::total_cmp);
        let (low, high) = (ratios[ratios.len() / 4], ratios[ratios.len() * 3 / 4]);
        println!("{store:>12} {name:>24} {:>8.3} {low:>8.3} to {high:.3}", median(ratios));
    }
}
