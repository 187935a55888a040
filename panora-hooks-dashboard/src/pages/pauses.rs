//! Paused event types: the list, and pausing and resuming them.

use axum::{
    Extension,
    response::{IntoResponse, Response},
};
use form_urlencoded::Serializer;
use maud::html;
use panora_hooks::inbox::{AuditRecord, Capability};

use super::{
    Answer, Request,
    layout::{self, Tab},
};
use crate::{
    commands,
    context::Context,
    filter::{self, InvalidParameter},
    problem::Problem,
    redirect::redirect,
    text::Foreign,
};

/// The most characters of a pattern. The names of event types are much shorter.
const MAX_PATTERN: usize = 200;

/// Lists the paused patterns. If the address names a pattern, asks for a confirmation to pause it.
pub(crate) async fn page(Extension(context): Request) -> Answer {
    check(&context)?;
    let paused = context.store().paused().await?;
    let may_operate = context.access.may_operate();
    let pattern = pattern(&context)?.filter(|_| may_operate);
    let main = html! {
        p {
            "Paused events are stored and wait. No worker runs them until their pattern is resumed. Events that "
            "run already are not stopped."
        }
        @if let Some(pattern) = &pattern {
            section aria-labelledby="question" {
                p id="question" { strong { "Pause " (Foreign::long(pattern)) "?" } }
                form method="post" action=(url("pause", pattern)) {
                    p class="buttons" {
                        button type="submit" id="confirm" { "Pause" }
                        " "
                        a href="pauses" { "Cancel" }
                    }
                }
                @if let Some(command) = commands::pause(pattern) {
                    p { "The same on the command line: " (layout::command(&command)) }
                    p class="note" { (layout::COMMANDS_NOTE) }
                }
            }
        }
        div id="pauses" data-live {
            @if paused.is_empty() {
                p { "Nothing is paused." }
            } @else {
                ul {
                    @for pattern in &paused {
                        li {
                            (Foreign::long(pattern))
                            @if may_operate {
                                form method="post" action=(url("resume", pattern)) {
                                    button type="submit" { "Resume " (Foreign::short(pattern)) }
                                }
                            }
                        }
                    }
                }
            }
        }
        @if may_operate && pattern.is_none() {
            form method="get" action="pauses" class="filter" aria-label="Pause events" {
                label for="pattern" { "Event type, or a prefix such as crm.*" }
                input id="pattern" name="pattern" type="text" required autocomplete="off" spellcheck="false"
                    maxlength=(MAX_PATTERN);
                button type="submit" { "Pause…" }
            }
        }
    };
    Ok(layout::page(&context, "Paused events", Some(Tab::Overview), &main))
}

/// Pauses or resumes a pattern.
pub(crate) async fn change(Extension(context): Request) -> Result<Response, Problem> {
    if !context.access.may_operate() {
        return Err(Problem::forbidden("You may not pause or resume events."));
    }
    check(&context)?;
    let invalid = || InvalidParameter::new("pattern", "give an event type, or a prefix such as crm.*");
    let pattern = pattern(&context)?.ok_or_else(invalid)?;
    let action = filter::parameter(&context.query, "action");
    let action = action.filter(|action| matches!(&**action, "pause" | "resume"));
    let action = action.ok_or_else(|| InvalidParameter::new("action", "give pause or resume"))?;
    let who = context.access.name().map(str::to_owned);
    tracing::info!(who, action, what = pattern, "an operator pauses or resumes events");
    let store = context.store();
    if context.has(Capability::Audit) {
        store.add_audit(AuditRecord::new(who, &*action, &*pattern, 0)).await?;
    }
    if action == "pause" {
        store.pause(pattern).await?
    } else {
        store.resume(pattern).await?
    };
    Ok(redirect("pauses".to_owned()).into_response())
}

fn check(context: &Context) -> Result<(), Problem> {
    if context.has(Capability::Pause) {
        return Ok(());
    }
    Err(Problem::not_found("This inbox cannot pause events."))
}

/// Reads the pattern from the query.
fn pattern(context: &Context) -> Result<Option<String>, InvalidParameter> {
    let pattern = filter::parameter(&context.query, "pattern");
    if pattern.as_ref().is_some_and(|pattern| pattern.chars().count() > MAX_PATTERN) {
        return Err(InvalidParameter::new("pattern", "give up to 200 characters"));
    }
    Ok(pattern)
}

fn url(action: &str, pattern: &str) -> String {
    let parameters = [("action", action), ("pattern", pattern)];
    format!("pauses?{}", Serializer::new(String::new()).extend_pairs(parameters).finish())
}
