//! The attempts of an event as a timeline.

use maud::{Markup, html};
use panora_hooks::inbox::{AttemptInfo, AttemptOutcome, EventInfo};

use crate::{format, text::Foreign};

/// The most attempts that are shown. An event that was replayed often has more.
const MAX_ATTEMPTS: usize = 100;

pub(crate) fn timeline(event: &EventInfo, attempts: Option<&[AttemptInfo]>) -> Markup {
    let Some(attempts) = attempts else {
        return html! { p { "This inbox does not record attempts." } };
    };
    if attempts.is_empty() {
        let text = match (event.size, event.duration) {
            (None, _) => "The attempts were removed with the data.",
            (Some(_), Some(_)) => "The first attempt succeeded.",
            (Some(_), None) => "No attempt is recorded.",
        };
        return html! { p { (text) } };
    }
    let shown = &attempts[attempts.len().saturating_sub(MAX_ATTEMPTS)..];
    html! {
        @if shown.len() < attempts.len() {
            p class="note" { "Only the last " (MAX_ATTEMPTS) " recorded attempts are shown." }
        }
        ol class="timeline" {
            @for (place, attempt) in shown.iter().enumerate() {
                @let before = place.checked_sub(1).and_then(|before| shown.get(before));
                @if let Some(before) = before && let Some((first, last)) = gap(before, attempt) {
                    li class="note" { "Attempts " (first) " to " (last) " are not kept." }
                }
                (entry(attempt))
            }
        }
    }
}

/// Returns the first and the last attempt between two recorded ones of the same run.
fn gap(before: &AttemptInfo, attempt: &AttemptInfo) -> Option<(u32, u32)> {
    let (first, last) = (before.number + 1, attempt.number.saturating_sub(1));
    (before.run == attempt.run && first <= last).then_some((first, last))
}

fn entry(attempt: &AttemptInfo) -> Markup {
    html! {
        li {
            p {
                strong { "Attempt " (attempt.number) ": " (outcome(attempt.outcome)) }
                @if attempt.run > 1 { " (run " (attempt.run) ")" }
            }
            p class="note" {
                @match attempt.started_at {
                    Some(start) => { "Started " (format::time(start)) }
                    None => "The start was not recorded",
                }
                @if let Some(duration) = attempt.duration { ", took " (format::duration(duration)) }
                @if let Some(worker) = &attempt.worker { ", on worker " (Foreign::short(worker)) }
            }
            @if let Some(error) = &attempt.error {
                pre class="error" { (Foreign::error(error)) }
            }
        }
    }
}

fn outcome(outcome: AttemptOutcome) -> &'static str {
    match outcome {
        AttemptOutcome::Handled => "succeeded",
        AttemptOutcome::AlreadyDone => "skipped, since an earlier attempt was committed",
        AttemptOutcome::Panicked => "panicked",
        AttemptOutcome::TimedOut => "timed out",
        AttemptOutcome::Unhandled => "no hook for this type",
        AttemptOutcome::Interrupted => "interrupted, since its process died or its lease expired",
        AttemptOutcome::Blocked => "blocked the runtime",
        _ => "failed",
    }
}
