//! The results of sent deliveries, as tables.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use hdrhistogram::{Histogram, iterators::IterationValue};
use serde_json::{Value, json};

use crate::{
    batch::Sent,
    failure::{self, Failure},
    print::{self, Progress},
    redact,
    send::{Answer, SendError},
};

/// The most deliveries that are listed one by one. More of them are only counted.
const LISTED: usize = 20;

/// The highest latency of the histogram, in microseconds; longer ones count as this one.
const MAX_LATENCY: u64 = 120_000_000;

/// Collects the results of deliveries, and prints them.
pub(super) struct Deliveries {
    /// The results, each with the `id_event` of the body if that can be read.
    sent: Vec<(Option<String>, Sent)>,
    progress: Progress,
    start: Instant,
}

impl Deliveries {
    pub(super) fn new(count: u64) -> Self {
        Self { sent: Vec::new(), progress: Progress::towards(count), start: Instant::now() }
    }

    pub(super) fn add(&mut self, id: Option<String>, mut sent: Sent) {
        if let Ok(answer) = &mut sent.answer {
            // The body is never shown, and there may be many deliveries.
            answer.body = Vec::new();
        }
        self.sent.push((id, sent));
        self.progress.set(self.sent.len() as u64);
    }

    pub(super) fn len(&self) -> usize {
        self.sent.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sent.is_empty()
    }

    /// Prints the results. As JSON, the source of the deliveries is added under `key`. Returns
    /// [`Failure::No`] if a delivery was not answered with 2xx.
    pub(super) fn finish(self, (key, what): (&str, &str), json: bool) -> Result<(), Failure> {
        let Self { mut sent, progress, start } = self;
        let elapsed = start.elapsed();
        drop(progress);
        let failed = sent.iter().filter(|(_, sent)| !is_success(sent)).count();
        if json {
            sent.sort_by_key(|(_, sent)| sent.number);
            let deliveries: Vec<_> = sent.iter().map(|(id, sent)| to_json(id.as_deref(), sent)).collect();
            print::json(&json!({ key: what, "failed": failed, "deliveries": deliveries }))?;
        } else if sent.len() <= LISTED {
            sent.sort_by_key(|(_, sent)| sent.number);
            print::table(
                &["id_event", "answer", "latency"],
                sent.iter().map(|(id, sent)| row(id.as_deref(), sent)),
            )?;
        } else {
            summarise(&sent, elapsed)?;
        }
        if let Some(location) = sent.iter().find_map(|(_, sent)| redirect(sent)) {
            print::warning(format_args!(
                "the sender loses an event that is redirected (to `{}`): answer at the exact URL of the endpoint",
                print::foreign(&redact::url(location))
            ));
        }
        if let Some(error) = sent.iter().find_map(|(_, sent)| sent.answer.as_ref().err()) {
            print::warning(failure::with_cause(error));
        }
        match failed {
            0 => Ok(()),
            _ if sent.len() == 1 => {
                Err(Failure::no("the delivery was not acknowledged: the sender would not send it again"))
            }
            failed => Err(Failure::no(format_args!(
                "{failed} of {} deliveries were not acknowledged: the sender would not send them again",
                sent.len()
            ))),
        }
    }
}

fn is_success(sent: &Sent) -> bool {
    sent.answer.as_ref().is_ok_and(Answer::is_success)
}

fn redirect(sent: &Sent) -> Option<&str> {
    sent.answer.as_ref().ok()?.location.as_deref()
}

fn answer(sent: &Sent) -> String {
    match &sent.answer {
        Ok(answer) => answer.status.to_string(),
        Err(SendError::TimedOut { .. }) => "timed out".to_owned(),
        Err(_) => "no answer".to_owned(),
    }
}

fn row(id: Option<&str>, sent: &Sent) -> Vec<String> {
    let style = if is_success(sent) { print::GOOD } else { print::BAD };
    let latency =
        sent.answer.as_ref().map_or_else(|_| "-".to_owned(), |answer| print::duration(answer.latency));
    vec![print::foreign(id.unwrap_or("?")), print::styled(style, answer(sent)), latency]
}

fn to_json(id: Option<&str>, sent: &Sent) -> Value {
    match &sent.answer {
        Ok(answer) => json!({
            "id_event": id,
            "status": answer.status,
            "latency_ms": answer.latency.as_secs_f64() * 1000.0,
            "is_acknowledged": is_success(sent),
        }),
        Err(error) => json!({ "id_event": id, "error": error.to_string(), "is_acknowledged": false }),
    }
}

/// Prints the number of deliveries per answer, and a histogram of the latencies.
fn summarise(sent: &[(Option<String>, Sent)], elapsed: Duration) -> Result<(), Failure> {
    let mut answers: BTreeMap<String, usize> = BTreeMap::new();
    for (_, sent) in sent {
        *answers.entry(answer(sent)).or_default() += 1;
    }
    print::table(
        &["answer", "deliveries"],
        answers.into_iter().map(|(answer, count)| vec![answer, count.to_string()]),
    )?;
    #[expect(clippy::cast_precision_loss, reason = "a rate, without its last digits")]
    let rate = sent.len() as f64 / elapsed.as_secs_f64();
    print::line(format_args!("\n{} in {}, {rate:.0} a second\n", sent.len(), print::duration(elapsed)))?;

    let Ok(mut latencies) = Histogram::<u64>::new_with_max(MAX_LATENCY, 2) else { return Ok(()) };
    for (_, sent) in sent {
        if let Ok(answer) = &sent.answer {
            latencies.saturating_record(u64::try_from(answer.latency.as_micros()).unwrap_or(MAX_LATENCY));
        }
    }
    if latencies.is_empty() {
        return Ok(());
    }
    let micros = |micros| print::duration(Duration::from_micros(micros));
    let quantile = |quantile| micros(latencies.value_at_quantile(quantile));
    print::line(format_args!(
        "latency: median {}, 95 % {}, 99 % {}, longest {}",
        quantile(0.5),
        quantile(0.95),
        quantile(0.99),
        micros(latencies.max()),
    ))?;
    let bins: Vec<_> = latencies.iter_log(bin(latencies.min()), 2.0).collect();
    let most = bins.iter().map(IterationValue::count_since_last_iteration).max().unwrap_or(1).max(1);
    let first = bins.iter().position(|bin| bin.count_since_last_iteration() > 0).unwrap_or(0);
    for bin in &bins[first..] {
        let count = bin.count_since_last_iteration();
        let bar = "#".repeat(usize::try_from((count * 40).div_ceil(most)).unwrap_or(40));
        print::line(format_args!("up to {:>9} {bar} {count}", micros(bin.value_iterated_to() + 1)))?;
    }
    Ok(())
}

/// Returns the end of the first bin: a power of two below the shortest latency.
fn bin(shortest: u64) -> u64 {
    (shortest / 2).next_power_of_two().max(1)
}
