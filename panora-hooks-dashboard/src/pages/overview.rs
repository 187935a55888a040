//! The overview: whether anything needs attention, and the figures.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use axum::Extension;
use maud::{Markup, html};
use panora_hooks::inbox::{Capability, Depth, EventState, Figures, Histogram, StatisticsStep};

use super::{
    Answer, Request,
    attention::{self, Attention},
    layout::{self, Tab},
};
use crate::{
    charts::{Chart, Series},
    context::Context,
    filter::{self, InvalidParameter},
    format,
    problem::Problem,
};

/// The most event types in a ranking.
const MAX_TYPES: usize = 5;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// A range of time: its parameter, its name, its steps and their length in seconds.
const RANGES: [(&str, &str, u32, u64); 3] = [
    ("hour", "Last hour", 60, MINUTE),
    ("day", "Last day", 144, 10 * MINUTE),
    ("week", "Last week", 168, HOUR),
];

pub(crate) async fn page(Extension(context): Request) -> Answer {
    let name = filter::parameter(&context.query, "range").unwrap_or_else(|| "hour".to_owned());
    let range = RANGES.iter().find(|range| range.0 == name);
    let Some(&(range, _, steps, seconds)) = range else {
        return Err(InvalidParameter::new("range", "give hour, day or week").into());
    };
    let store = context.store();
    let step = Duration::from_secs(seconds);
    let starts = starts(SystemTime::now(), steps, step);
    let figures = async {
        match (context.has(Capability::Statistics), starts.first(), starts.last()) {
            (true, Some(first), Some(last)) => store.statistics(*first..*last + step, step).await.map(Some),
            _ => Ok(None),
        }
    };
    let recent = attention::recent(&context);
    let (depth, figures, recent) = tokio::try_join!(store.depth(), figures, recent).map_err(Problem::from)?;
    let attention = Attention::new(&depth, recent.as_ref());
    let main = html! {
        section id="attention" class="attention" aria-label="Attention" {
            // A screen reader announces each change, so this part has no number that changes by
            // itself.
            div id="attention-status" role="status" data-live { (attention.status(&depth)) }
            div id="attention-notes" data-live { (attention.notes(&context, &depth)) }
        }
        section id="depth" aria-labelledby="depth-title" data-live {
            h2 id="depth-title" { "Events that are not done" }
            (depth_table(&context, &depth))
            @if context.has(Capability::Pause) {
                p { a href="pauses" { "Pause and resume event types" } }
            }
        }
        @if let Some(figures) = &figures {
            section id="figures" aria-labelledby="figures-title" data-live {
                h2 id="figures-title" { "Figures" }
                nav aria-label="Range of time" class="ranges" {
                    ul {
                        @for (name, title, ..) in RANGES {
                            li {
                                a href={ "overview?range=" (name) }
                                    aria-current=[(name == range).then_some("true")] { (title) }
                            }
                        }
                    }
                }
                (charts(figures, &starts, step))
                (rankings(&context, figures))
            }
        } @else {
            p { "This inbox keeps no figures." }
        }
    };
    Ok(layout::page(&context, "Overview", Some(Tab::Overview), &main))
}

/// Returns the beginnings of the last steps. The last one contains `now`.
fn starts(now: SystemTime, steps: u32, step: Duration) -> Vec<SystemTime> {
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let last = Duration::from_secs(since - since % step.as_secs());
    let starts = (0..steps).rev().map(|back| SystemTime::UNIX_EPOCH + last.saturating_sub(step * back));
    starts.collect()
}

fn depth_table(context: &Context, depth: &Depth) -> Markup {
    let rows = [
        (EventState::Ready, depth.ready, "runs as soon as a worker has room"),
        (EventState::Waiting, depth.waiting, "waits for the earlier events of its lane"),
        (EventState::Delayed, depth.delayed, "failed, and runs again later"),
        (EventState::Leased, depth.leased, "runs now"),
        (EventState::Parked, depth.parked, "stored, but not run"),
        (EventState::Dead, depth.dead, "failed for good"),
    ];
    let has_lanes = context.has(Capability::Lanes);
    let rows = rows.into_iter().filter(|(state, ..)| *state != EventState::Waiting || has_lanes);
    let table = html! {
        table {
            thead { tr {
                th scope="col" { "State" }
                th scope="col" class="number" { "Events" }
                th scope="col" { "Meaning" }
            } }
            tbody {
                @if depth.paused != 0 {
                    tr {
                        th scope="row" { a href="pauses" { "paused" } }
                        td class="number" { (format::count(depth.paused)) }
                        td { "ready, but not run until resumed" }
                    }
                }
                @for (state, count, meaning) in rows {
                    tr {
                        th scope="row" {
                            a href={ "events?state=" (state.as_str()) } { (layout::state(state)) }
                        }
                        td class="number" { (format::count(count)) }
                        td { (meaning) }
                    }
                }
            }
        }
    };
    html! {
        (layout::scroll("Events by state", &table))
        p id="oldest-ready" {
            @match depth.oldest_ready {
                Some(age) => { "The oldest ready event has been ready for " (format::duration(age)) "." }
                None => "No event is ready.",
            }
        }
    }
}

fn charts(figures: &[StatisticsStep], starts: &[SystemTime], step: Duration) -> Markup {
    let mut by_start = BTreeMap::<_, Figures>::new();
    for of_type in figures {
        by_start.entry(of_type.start).or_default().add(&of_type.figures);
    }
    let series = |name, sum: fn(&Figures) -> u64| {
        let sums = starts.iter().map(|start| by_start.get(start).map_or(0, sum));
        Series { name, sums: sums.collect() }
    };
    let chart = |id, title, unit, series| Chart { id, title, unit, starts, step, series }.render();
    html! {
        div class="charts" {
            (chart("arrivals", "Arrived and handled events", "events per minute", [
                series("Arrived", |figures| figures.arrived),
                series("Handled", |figures| figures.handled),
            ]))
            (chart("failures", "Failed attempts and dead events", "per minute", [
                series("Failed attempts", |figures| figures.failed_attempts),
                series("Dead events", |figures| figures.dead),
            ]))
            (chart("refusals", "Duplicate and parked events", "events per minute", [
                series("Duplicates", |figures| figures.duplicates),
                series("Parked", |figures| figures.parked),
            ]))
        }
        p class="note" {
            "The step that is not over yet counts in the sums, but is not drawn. Figures are written every ten "
            "seconds."
        }
    }
}

/// The slowest event types, and those that fail most often.
fn rankings(context: &Context, figures: &[StatisticsStep]) -> Markup {
    let mut by_type = BTreeMap::<&str, Figures>::new();
    for step in figures {
        by_type.entry(&step.event_type).or_default().add(&step.figures);
    }
    let mut slowest: Vec<_> =
        by_type.iter().filter(|(_, figures)| figures.attempt_duration.count() > 0).collect();
    slowest.sort_by_key(|(_, figures)| std::cmp::Reverse(figures.attempt_duration.quantile(0.95)));
    let mut failing: Vec<_> = by_type.iter().filter(|(_, figures)| figures.failed_attempts > 0).collect();
    failing.sort_by_key(|(_, figures)| std::cmp::Reverse(figures.failed_attempts));
    let slowest_columns: [Column; 3] = [
        ("Half of attempts within", |figures| quantile(&figures.attempt_duration, 0.5)),
        ("95 % of attempts within", |figures| quantile(&figures.attempt_duration, 0.95)),
        ("95 % handled after arrival within", |figures| quantile(&figures.latency, 0.95)),
    ];
    let failing_columns: [Column; 3] = [
        ("Failed attempts", |figures| format::number(figures.failed_attempts)),
        ("Dead events", |figures| format::number(figures.dead)),
        ("Handled events", |figures| format::number(figures.handled)),
    ];
    html! {
        h3 { "Slowest event types" }
        @if slowest.is_empty() { p { "No hook has run." } } @else {
            (ranking(context, "Slowest event types", slowest_columns, &slowest))
            p class="note" { "Durations are rounded up, to at most twice the exact value." }
        }
        h3 { "Event types that fail most often" }
        @if failing.is_empty() { p { "No attempt has failed." } } @else {
            (ranking(context, "Event types that fail most often", failing_columns, &failing))
        }
    }
}

/// The title of a column, and its text for the figures of an event type.
type Column = (&'static str, fn(&Figures) -> String);

/// The first event types of a ranking.
fn ranking(
    context: &Context,
    title: &'static str,
    columns: [Column; 3],
    ranked: &[(&&str, &Figures)],
) -> Markup {
    let table = html! {
        table {
            thead { tr {
                th scope="col" { "Event type" }
                @for (title, _) in columns { th scope="col" class="number" { (title) } }
            } }
            tbody {
                @for (event_type, figures) in ranked.iter().take(MAX_TYPES) {
                    tr {
                        th scope="row" { (layout::type_link(context, event_type)) }
                        @for (_, text) in columns { td class="number" { (text(figures)) } }
                    }
                }
            }
        }
    };
    layout::scroll(title, &table)
}

/// Returns the duration that a share of all durations does not exceed, in words.
fn quantile(histogram: &Histogram, share: f64) -> String {
    let Some(duration) = histogram.quantile(share) else { return String::new() };
    let mut bounds: Vec<_> = histogram.buckets().map(|(bound, _)| bound).collect();
    // The last bucket counts everything that is longer than the bucket before.
    match (bounds.pop(), bounds.pop()) {
        (Some(last), Some(longest)) if duration == last => format!("over {}", format::duration(longest)),
        _ => format::duration(duration),
    }
}
