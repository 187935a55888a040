//! Replays and drops: confirmation, start, progress and stop.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::Path,
    response::{IntoResponse, Response},
};
use form_urlencoded::Serializer;
use maud::{Markup, html};
use panora_hooks::inbox::{AuditRecord, Capability, EventState};

use super::{
    Answer, Request,
    layout::{self, Tab},
};
use crate::{
    commands,
    context::Context,
    filter::{self, EventFilter, InvalidParameter},
    format,
    jobs::{Action, End, Job, Target},
    problem::Problem,
    router::redirect,
    text::Foreign,
};

/// How long the answer to a start waits for the end of a job, so that the first page after a short
/// job shows its result.
const SHORT_JOB: Duration = Duration::from_millis(500);

/// Returns whether events in a state can be replayed.
pub(crate) fn may_replay(state: EventState) -> bool {
    !matches!(state, EventState::Ready | EventState::Leased)
}

/// Returns whether events in a state can be dropped.
pub(crate) fn may_drop(state: EventState) -> bool {
    state != EventState::Done
}

/// Returns the actions that the user and the store permit on these events.
pub(crate) fn offered(context: &Context, target: &Target) -> Vec<Action> {
    let actions = [Action::Replay, Action::Drop].into_iter();
    let is_offered =
        |action: &Action| context.access.may_operate() && check(context, *action, target).is_ok();
    actions.filter(is_offered).collect()
}

/// Returns the address of the confirmation, relative to the root.
pub(crate) fn confirm_url(action: Action, target: &Target) -> String {
    url("confirm", action, target)
}

fn url(page: &str, action: Action, target: &Target) -> String {
    match target {
        Target::Event(key) => {
            let mut query = Serializer::new(String::new());
            query.append_pair("action", action.as_str()).append_pair("event", &key.to_string());
            format!("{page}?{}", query.finish())
        }
        Target::Filter(filter) => filter.url(page, &[("action", action.as_str())]),
    }
}

/// Reads the action and its events from the query.
fn requested(context: &Context) -> Result<(Action, Target), Problem> {
    if !context.access.may_operate() {
        return Err(Problem::forbidden("You may not replay or drop events."));
    }
    let query = &context.query;
    let action = filter::parameter(query, "action").and_then(|word| Action::from_word(&word));
    let action = action.ok_or_else(|| InvalidParameter::new("action", "give replay or drop"))?;
    let target = match filter::parameter(query, "event") {
        Some(key) => {
            let key = key.parse();
            Target::Event(key.map_err(|_| InvalidParameter::new("event", "give the number of an event"))?)
        }
        None => Target::Filter(EventFilter::parse(query)?),
    };
    check(context, action, &target)?;
    Ok((action, target))
}

/// Checks that the action is possible.
fn check(context: &Context, action: Action, target: &Target) -> Result<(), Problem> {
    if action == Action::Drop && !context.has(Capability::Discard) {
        return Err(Problem::invalid("This inbox cannot drop events."));
    }
    let Target::Filter(filter) = target else { return Ok(()) };
    if filter.text.is_some() {
        let text = "A search by text does not select every event that matches, so an action on it is not \
                    possible. Filter by the error group instead.";
        return Err(Problem::invalid(text));
    }
    let Some(state) = filter.filter.state else {
        return Err(Problem::invalid("An action on a filter needs a state in it."));
    };
    match action {
        Action::Replay if !may_replay(state) => {
            Err(Problem::invalid("Ready and leased events run without a replay."))
        }
        Action::Drop if !may_drop(state) => Err(Problem::invalid("Done events cannot be dropped.")),
        _ => Ok(()),
    }
}

/// Asks for a confirmation.
pub(crate) async fn confirm(Extension(context): Request) -> Answer {
    let (action, target) = requested(&context)?;
    let what = match &target {
        Target::Event(key) => match context.store().get(*key).await? {
            Some(event) => format!("event {key} ({})", event.info.state),
            None => return Err(Problem::not_found(format!("The inbox holds no event {key}."))),
        },
        Target::Filter(filter) => {
            let count = context.store().count(filter.filter.clone()).await?;
            filter.count_in_words(count)
        }
    };
    let (title, verb) = match action {
        Action::Replay => ("Replay events", "Replay"),
        Action::Drop => ("Drop events", "Drop"),
    };
    let (back, is_filter) = match &target {
        Target::Event(key) => (format!("event/{key}"), false),
        Target::Filter(filter) => (filter.url("events", &[]), true),
    };
    let main = html! {
        p id="question" { strong { (verb) " " (Foreign::long(&what)) "?" } }
        @match action {
            Action::Replay => p {
                "A replayed event runs again, as if it had never been tried. Ready and leased events, and "
                "those whose data is pruned, stay as they are."
            },
            Action::Drop => p {
                "The data of a dropped event is gone for good. The event counts as done, so another delivery "
                "of it is a duplicate."
            },
        }
        @if is_filter {
            p { "Events that arrive after the start are left out. The action runs in batches, and can be stopped." }
        }
        form method="post" action=(url("actions", action, &target)) {
            p class="buttons" {
                button type="submit" id="confirm" class=(action.as_str()) { (verb) }
                " "
                a href=(back) { "Cancel" }
            }
        }
        @if let Some(command) = commands::act(action, &target) {
            p { "The same on the command line: " (layout::command(&command)) }
        }
    };
    Ok(layout::page(&context, title, Some(Tab::Actions), &main))
}

/// Starts a job.
pub(crate) async fn start(Extension(context): Request) -> Result<Response, Problem> {
    let (action, target) = requested(&context)?;
    let who = context.access.name().map(str::to_owned);
    let job = context.app.jobs.start(&context.app.store, action, target, who).map_err(|running| {
        let problem = Problem::conflict("An action on the same events is still running.");
        problem.linked(format!("action/{}", running.number), "The running action")
    })?;
    job.ended_within(SHORT_JOB).await;
    Ok(redirect(format!("action/{}", job.number)).into_response())
}

/// Asks a job to stop.
pub(crate) async fn stop(
    Extension(context): Request,
    Path(number): Path<String>,
) -> Result<Response, Problem> {
    if !context.access.may_operate() {
        return Err(Problem::forbidden("You may not stop actions."));
    }
    let job = find(&context, &number)?;
    tracing::info!(who = context.access.name(), job = job.number, "an operator stops an action");
    job.stop();
    if context.has(Capability::Audit) {
        let (who, what) = (context.access.name().map(str::to_owned), &job.target);
        let what = format!("{} of {what}", job.action.as_str());
        context.store().add_audit(AuditRecord::new(who, "stop", what, 0)).await?;
    }
    job.ended_within(SHORT_JOB).await;
    Ok(redirect(format!("../{}", job.number)).into_response())
}

fn find(context: &Context, number: &str) -> Result<Arc<Job>, Problem> {
    number.parse().ok().and_then(|number| context.app.jobs.get(number)).ok_or_else(|| {
        let text = "This process runs no such action. An action belongs to one process and ends with it; the \
                    audit has its result.";
        Problem::not_found(text)
    })
}

/// Lists the jobs of this process.
pub(crate) async fn list(Extension(context): Request) -> Answer {
    let jobs = context.app.jobs.all();
    let table = html! {
        table {
            thead { tr {
                th scope="col" { "Started" }
                th scope="col" { "Action" }
                th scope="col" { "Events" }
                th scope="col" { "Who" }
                th scope="col" { "Progress" }
            } }
            tbody {
                @for job in &jobs {
                    tr {
                        td { a href={ "action/" (job.number) } { (format::time(job.started_at)) } }
                        td { (job.action.as_str()) }
                        td { (Foreign::long(&job.target.to_string())) }
                        td { @if let Some(who) = &job.who { (Foreign::short(who)) } @else { "not named" } }
                        td { (progress(job)) }
                    }
                }
            }
        }
    };
    let main = html! {
        p { "Replays and drops of this process since its start. The audit has those of every process." }
        div id="jobs" data-live {
            @if jobs.is_empty() {
                p { "No action was started." }
            } @else {
                (layout::scroll("Actions", &table))
            }
        }
    };
    Ok(layout::page(&context, "Actions", Some(Tab::Actions), &main))
}

/// Shows the progress of a job.
pub(crate) async fn show(Extension(context): Request, Path(number): Path<String>) -> Answer {
    let job = find(&context, &number)?;
    let is_running = job.progress().end.is_none();
    let root = &context.root;
    let main = html! {
        p id="progress" role="status" data-live[is_running] { strong { (progress(&job)) } }
        dl {
            dt { "Action" }
            dd { (job.action.as_str()) }
            dt { "Events" }
            dd { (Foreign::long(&job.target.to_string())) }
            dt { "Started" }
            dd { (format::time(job.started_at)) }
            @if let Some(who) = &job.who {
                dt { "Who" }
                dd { (Foreign::short(who)) }
            }
        }
        div id="controls" data-live[is_running] {
            @if is_running {
                p { a href={ (root) "action/" (job.number) } { "Refresh" } }
                @if context.access.may_operate() {
                    form method="post" action={ (root) "action/" (job.number) "/stop" } {
                        button type="submit" id="stop" { "Stop" }
                    }
                }
            }
        }
        p {
            @match &job.target {
                Target::Event(key) => a href={ (root) "event/" (key) } { "Event " (key) },
                Target::Filter(filter) => a href={ (root) (filter.url("events", &[])) } { "Events of this filter" },
            }
        }
    };
    Ok(layout::page(&context, "Action", Some(Tab::Actions), &main))
}

/// The progress of a job in words.
fn progress(job: &Job) -> Markup {
    let progress = job.progress();
    let noun = if progress.changed == 1 { "event" } else { "events" };
    let done = format!("{} {noun} {}", format::number(progress.changed), job.action.done());
    html! {
        @match &progress.end {
            None if job.is_stopped() => { "Stopping: " (done) " so far." },
            None => { "Running: " (done) " so far." },
            Some(End::Completed) => { "Completed: " (done) "." },
            Some(End::Stopped) => { "Stopped: " (done) "." },
            Some(End::Failed(reason)) => { "Failed: " (done) ". " (Foreign::long(reason)) },
        }
    }
}
