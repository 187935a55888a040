//! The part of the overview that says whether anything needs attention.

use std::time::{Duration, SystemTime};

use maud::{Markup, html};
use panora_hooks::inbox::{Capability, Count, Depth, Figures, InboxError};

use crate::{context::Context, format};

const MINUTE: u64 = 60;

/// An event that has been ready for longer than this waits for a worker that does not come.
const OVERDUE: Duration = Duration::from_secs(60);

/// The range of time whose attempts tell whether delayed events have a chance.
const RECENT: Duration = Duration::from_secs(10 * MINUTE);

/// Returns the sums of the last minutes, if the store keeps figures.
pub(crate) async fn recent(context: &Context) -> Result<Option<Figures>, InboxError> {
    if !context.has(Capability::Statistics) {
        return Ok(None);
    }
    let now = SystemTime::now();
    let steps = context.store().statistics(now - RECENT..now, Duration::from_secs(MINUTE)).await?;
    let mut sum = Figures::default();
    for step in &steps {
        sum.add(&step.figures);
    }
    Ok(Some(sum))
}

/// The conditions that need attention.
pub(crate) struct Attention {
    is_any_dead: bool,
    /// The age of the oldest ready event, if it waits for a worker that does not come.
    overdue: Option<Duration>,
    /// Whether events are delayed and every recent attempt has failed.
    is_failing: bool,
}

impl Attention {
    pub(crate) fn new(depth: &Depth, recent: Option<&Figures>) -> Self {
        let is_failing = recent.is_some_and(|recent| recent.failed_attempts > 0 && recent.handled == 0);
        Self {
            is_any_dead: depth.dead != 0,
            overdue: depth.oldest_ready.filter(|age| *age > OVERDUE),
            is_failing: depth.delayed != 0 && is_failing,
        }
    }

    /// The sentence on top.
    pub(crate) fn status(&self, depth: &Depth) -> Markup {
        let mut concerns = Vec::new();
        if self.is_any_dead {
            concerns.push(format!("{} dead", events_are(depth.dead)));
        }
        if self.is_failing {
            let minutes = RECENT.as_secs() / MINUTE;
            let delayed = events_are(depth.delayed);
            concerns
                .push(format!("{delayed} delayed, and every attempt of the last {minutes} minutes failed"));
        }
        if self.overdue.is_some() {
            concerns.push("ready events wait for a worker".to_owned());
        }
        let sentence = if concerns.is_empty() {
            "Nothing needs attention.".to_owned()
        } else {
            format!("Attention is needed: {}.", concerns.join("; "))
        };
        html! { p { strong { (sentence) } } }
    }

    /// Explanations and links.
    pub(crate) fn notes(&self, context: &Context, depth: &Depth) -> Markup {
        html! {
            @if self.is_any_dead {
                @let dead = if context.has(Capability::ErrorGroups) { "dead" } else { "events?state=dead" };
                p { a href=(dead) { "See why the dead events failed" } }
            }
            @if let Some(age) = self.overdue {
                p {
                    "The oldest ready event has waited for " (format::duration(age)) ". An event that waits "
                    "this long has no running worker, or the worker is too slow."
                }
            }
            @if depth.paused != 0 {
                p {
                    (format::events(depth.paused)) " paused: stored, but not run until resumed. "
                    a href="pauses" { "See the pauses" }
                }
            }
            @if depth.delayed != 0 {
                p {
                    (format::events(depth.delayed)) " delayed: failed, and run again later. "
                    a href="events?state=delayed" { "See the delayed events" }
                }
            }
            @if depth.parked != 0 {
                p {
                    (format::events(depth.parked)) " parked: stored, but not run. "
                    a href="events?state=parked" { "See the parked events" }
                }
            }
        }
    }
}

/// Returns a number of events with its verb, such as `2 events are`.
fn events_are(count: Count) -> String {
    format!("{} {}", format::events(count), if count == 1 { "is" } else { "are" })
}
