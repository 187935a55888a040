//! Replays and drops of this process: progress and stop.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::Path,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use panora_hooks::inbox::{AuditRecord, Capability};

use super::{
    Answer, Request,
    layout::{self, Tab},
};
use crate::{
    context::Context,
    format,
    jobs::{End, Job, Target},
    problem::Problem,
    redirect::redirect,
    text::Foreign,
};

/// How long the answer to a start waits for the end of a job, so that the first page after a short
/// job shows its result.
pub(crate) const SHORT_JOB: Duration = Duration::from_millis(500);

/// Asks a job to stop.
pub(crate) async fn stop(
    Extension(context): Request,
    Path(number): Path<String>,
) -> Result<Response, Problem> {
    if !context.access.may_operate() {
        return Err(Problem::forbidden("You may not stop actions."));
    }
    let job = find(&context, &number)?;
    let is_running = job.progress().end.is_none();
    tracing::info!(who = context.access.name(), job = job.number, "an operator stops an action");
    job.stop();
    if is_running && context.has(Capability::Audit) {
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
                        th scope="row" { a href={ "action/" (job.number) } { (format::time(job.started_at)) } }
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
    let at_least = if progress.may_be_more && progress.end.is_some() { "at least " } else { "" };
    let done = format!("{at_least}{} {noun} {}", format::number(progress.changed), job.action.done());
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
