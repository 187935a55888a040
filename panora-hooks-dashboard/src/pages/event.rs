//! One event: its record, its attempts and its payload.

use axum::{Extension, extract::Path};
use maud::{Markup, html};
use panora_hooks::inbox::{
    AttemptInfo, AttemptOutcome, AuditRecord, Capability, EventInfo, EventKey, EventState, Filter,
    Fingerprint, StoredEvent,
};

use super::{
    Answer, Request,
    layout::{self, Tab},
};
use crate::{
    commands,
    context::Context,
    filter::EventFilter,
    format,
    jobs::{Action, Target},
    pages::confirmation,
    payload::{self, Detail},
    problem::Problem,
    search,
    text::Foreign,
};

/// The most attempts that are shown. An event that was replayed often has more.
const MAX_ATTEMPTS: usize = 100;

pub(crate) async fn page(Extension(context): Request, Path(key): Path<String>) -> Answer {
    show(&context, parse(&key)?, Detail::Structure).await
}

/// Shows the event with its payload. The audit is written first, so that no payload is shown
/// without an entry.
pub(crate) async fn reveal(Extension(context): Request, Path(key): Path<String>) -> Answer {
    if !context.access.may_reveal() {
        return Err(Problem::forbidden("You may not reveal payloads."));
    }
    let key = parse(&key)?;
    let (who, what) = (context.access.name().map(str::to_owned), format!("event {key}"));
    tracing::info!(who, what, "an operator reveals a payload");
    if context.has(Capability::Audit) {
        context.store().add_audit(AuditRecord::new(who, "reveal", what, 1)).await?;
    }
    show(&context, key, Detail::Values).await
}

fn parse(key: &str) -> Result<EventKey, Problem> {
    key.parse().map_err(|_| Problem::not_found("The address does not end with the number of an event."))
}

async fn show(context: &Context, key: EventKey, detail: Detail) -> Answer {
    let filter = EventFilter::parse(&context.query)?;
    let store = context.store();
    let attempts = async {
        if context.has(Capability::Attempts) { store.attempts(key).await.map(Some) } else { Ok(None) }
    };
    let neighbours = search::neighbours(store, &filter, key);
    let (event, attempts, neighbours) = tokio::try_join!(store.get(key), attempts, neighbours)?;
    let Some(event) = event else {
        return Err(Problem::not_found(format!("The inbox holds no event {key}.")));
    };
    let main = html! {
        (neighbour_links(context, &filter, neighbours))
        section id="record" aria-labelledby="record-title" {
            h2 id="record-title" { "Record" }
            (record(context, &event.info))
        }
        section id="attempts" aria-labelledby="attempts-title" {
            h2 id="attempts-title" { "Attempts" }
            (timeline(&event.info, attempts.as_deref()))
        }
        section id="payload" aria-labelledby="payload-title" {
            h2 id="payload-title" { "Payload" }
            (payload_of(context, &filter, &event, detail))
        }
        section id="actions" aria-labelledby="actions-title" {
            h2 id="actions-title" { "Actions" }
            (actions_on(context, &event.info))
        }
    };
    Ok(layout::page(context, &format!("Event {key}"), Some(Tab::Events), &main))
}

fn neighbour_links(
    context: &Context,
    filter: &EventFilter,
    (newer, older): (Option<EventKey>, Option<EventKey>),
) -> Markup {
    let root = &context.root;
    let what = filter.to_string();
    html! {
        nav class="paging" aria-label="Events of the same filter" {
            p { "Among " (Foreign::long(&what)) ":" }
            ul {
                @if let Some(key) = newer {
                    li { a rel="prev" href={ (root) (filter.url(&format!("event/{key}"), &[])) } { "Newer event" } }
                }
                @if let Some(key) = older {
                    li { a rel="next" href={ (root) (filter.url(&format!("event/{key}"), &[])) } { "Older event" } }
                }
                li { a href={ (root) (filter.url("events", &[])) } { "List of events" } }
            }
        }
    }
}

fn record(context: &Context, event: &EventInfo) -> Markup {
    html! {
        dl {
            dt { "State" }
            dd {
                (layout::state(event.state))
                @if let Some(until) = event.until { " until " (format::time(until)) }
            }
            @if let Some(reason) = &event.reason {
                dt { "Reason" }
                dd class="error" {
                    (Foreign::long(reason))
                    @if event.state == EventState::Dead && context.has(Capability::ErrorGroups) {
                        @let group = Filter::new().state(EventState::Dead).error_group(Fingerprint::of(reason));
                        " "
                        a href={ (context.root) (EventFilter::of(group).url("events", &[])) } {
                            "Dead events with this error"
                        }
                    }
                }
            }
            @if let Some(error) = &event.last_error {
                dt { "Last error" }
                dd class="error" { (Foreign::long(error)) }
            }
            dt { "Type" }
            dd { (layout::type_link(context, event.event_type())) }
            @if event.event_type() != event.wire_type {
                dt { "Type on the wire" }
                dd { (Foreign::short(&event.wire_type)) }
            }
            dt { "Id (id_event)" }
            dd { (Foreign::long(&event.id)) }
            dt { "Arrived" }
            dd { (format::time(event.received_at)) }
            dt { "Attempts in this run" }
            dd { (format::number(event.attempts)) }
            dt { "Run" }
            dd { (format::number(event.run)) }
            @if let Some(done_at) = event.done_at {
                dt { "Done" }
                dd {
                    (format::time(done_at))
                    @if let Some(duration) = event.duration { ", in " (format::duration(duration)) }
                }
            }
            dt { "Size" }
            dd {
                @match event.size {
                    Some(size) => (format::bytes(size)),
                    None => "none: the data was pruned or dropped",
                }
            }
        }
    }
}

fn timeline(event: &EventInfo, attempts: Option<&[AttemptInfo]>) -> Markup {
    let Some(attempts) = attempts else {
        return html! { p { "This inbox does not record attempts." } };
    };
    if attempts.is_empty() {
        let text = match (event.done_at, event.duration) {
            (Some(_), Some(_)) => "The first attempt succeeded.",
            _ => "No attempt is recorded. A success at the first attempt is part of the record above.",
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
                pre class="error" { (Foreign::lines(error)) }
            }
        }
    }
}

fn outcome(outcome: AttemptOutcome) -> &'static str {
    match outcome {
        AttemptOutcome::Handled => "succeeded",
        AttemptOutcome::Panicked => "panicked",
        AttemptOutcome::TimedOut => "timed out",
        AttemptOutcome::Unhandled => "no hook for this type",
        AttemptOutcome::Interrupted => "interrupted, since its process died or its lease expired",
        AttemptOutcome::Blocked => "blocked the runtime",
        _ => "failed",
    }
}

fn payload_of(context: &Context, filter: &EventFilter, event: &StoredEvent, detail: Detail) -> Markup {
    let Some(data) = &event.data else {
        return html! { p { "The data was pruned or dropped." } };
    };
    let key = event.info.key;
    let everything = format!("{} --show-data", commands::show(key));
    let Some(shown) = payload::show(data, detail) else {
        return html! {
            p { "This payload is not JSON, or it is nested too deep, so its credentials cannot be hidden." }
            p { "This command shows it: " (layout::command(&everything)) }
        };
    };
    html! {
        p {
            @match detail {
                Detail::Structure => "Values are hidden: keys, types and lengths are shown.",
                Detail::Values if shown.hides_credentials => "Credentials are hidden.",
                Detail::Values => "The payload as it was signed, with line breaks.",
            }
        }
        (layout::scroll("Payload", &html! { pre { (Foreign::lines(&shown.text)) } }))
        @if shown.is_cut { p { "The payload is longer than this page shows." } }
        @if detail == Detail::Values && (shown.is_cut || shown.hides_credentials) {
            p { "This command shows everything: " (layout::command(&everything)) }
        }
        @if detail == Detail::Structure && context.access.may_reveal() {
            form method="post" action={ (context.root) (filter.url(&format!("event/{key}/reveal"), &[])) } {
                button type="submit" id="reveal" { "Reveal the values" }
                p class="note" { "The audit records who reveals a payload." }
            }
        }
    }
}

fn actions_on(context: &Context, event: &EventInfo) -> Markup {
    let target = Target::Event(event.key);
    let is_possible = |action| match action {
        Action::Replay => event.size.is_some() && confirmation::may_replay(event.state),
        Action::Drop => event.size.is_some() && confirmation::may_drop(event.state),
    };
    let offered: Vec<_> =
        confirmation::offered(context, &target).into_iter().filter(|action| is_possible(*action)).collect();
    html! {
        @if offered.is_empty() {
            p { "Nothing can be done with this event here." }
        }
        @for action in &offered {
            @let name = match action {
                Action::Replay => "Replay the event…",
                Action::Drop => "Drop the event…",
            };
            p {
                a class="button" href={ (context.root) (confirmation::confirm_url(*action, &target)) } { (name) }
            }
        }
        p { "On the command line:" }
        ul class="commands" {
            li { (layout::command(&commands::show(event.key))) }
            @for action in offered {
                @if let Some(command) = commands::act(action, &target) {
                    li { (layout::command(&command)) }
                }
            }
        }
        p class="note" { (layout::COMMANDS_NOTE) }
    }
}
