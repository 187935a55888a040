//! Confirmation and start of replays and drops.

use axum::{
    Extension,
    response::{IntoResponse, Response},
};
use form_urlencoded::Serializer;
use maud::{Markup, html};
use panora_hooks::inbox::{Capability, EventInfo, EventKey, EventState, Query};

use super::{
    Answer, Request,
    actions::SHORT_JOB,
    layout::{self, Tab},
};
use crate::{
    commands,
    context::Context,
    filter::{self, InvalidParameter},
    jobs::{Action, Confirmed, Target},
    problem::Problem,
    redirect::redirect,
    search::soon,
    text::Foreign,
};

/// Returns whether events in a state can be replayed.
pub(crate) fn may_replay(state: EventState) -> bool {
    !matches!(state, EventState::Ready | EventState::Waiting | EventState::Leased)
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
    match target {
        Target::Event(key) => {
            event_url("confirm", &[("action", action.as_str()), ("event", &key.to_string())])
        }
        Target::Filter(filter) => filter.url("confirm", &[("action", action.as_str())]),
    }
}

/// Returns the address that starts an action, relative to the root.
fn start_url(action: Action, confirmed: &Confirmed) -> String {
    let action = ("action", action.as_str());
    match confirmed {
        Confirmed::Event { key, state, run } => {
            let (key, run) = (key.to_string(), run.to_string());
            event_url("actions", &[action, ("event", &key), ("state", state.as_str()), ("run", &run)])
        }
        Confirmed::Filter { filter, newest } => {
            filter.url("actions", &[action, ("newest", &newest.to_string())])
        }
    }
}

fn event_url(page: &str, parameters: &[(&str, &str)]) -> String {
    format!("{page}?{}", Serializer::new(String::new()).extend_pairs(parameters).finish())
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
        None => Target::Filter(context.filter()?),
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
    check_state(action, state)
}

/// Checks that the action is possible on events in a state.
fn check_state(action: Action, state: EventState) -> Result<(), Problem> {
    match action {
        Action::Replay if !may_replay(state) => {
            Err(Problem::invalid("Ready, waiting and leased events run without a replay."))
        }
        Action::Drop if !may_drop(state) => Err(Problem::invalid("Done events cannot be dropped.")),
        _ => Ok(()),
    }
}

/// Asks for a confirmation.
pub(crate) async fn page(Extension(context): Request) -> Answer {
    let (action, target) = requested(&context)?;
    let (what, state, confirmed, back) = match target {
        Target::Event(key) => {
            let event = find_event(&context, key).await?;
            let EventInfo { state, run, .. } = event;
            check_state(action, state)?;
            let what = format!("event {key} ({state})");
            (what, Some(state), Some(Confirmed::Event { key, state, run }), format!("event/{key}"))
        }
        Target::Filter(filter) => {
            let store = context.store();
            let newest = store.list(Query::new(filter.filter.clone()).newest_first().limit(1));
            let (newest, count) = tokio::try_join!(newest, soon(store.count(filter.filter.clone())))?;
            let what = match count {
                Some(count) => filter.count_in_words(count),
                None => format!("{filter}, which take too long to count"),
            };
            let back = filter.url("events", &[]);
            let state = filter.filter.state;
            let newest = newest.items.first().map(|event| event.key);
            (what, state, newest.map(|newest| Confirmed::Filter { filter, newest }), back)
        }
    };
    let (title, verb) = match action {
        Action::Replay => ("Replay events", "Replay"),
        Action::Drop => ("Drop events", "Drop"),
    };
    let main = html! {
        p id="question" { strong { (verb) " " (Foreign::long(&what)) "?" } }
        @if let Some(confirmed) = &confirmed {
            (consequences(&context, action, state, confirmed))
            form method="post" action=(start_url(action, confirmed)) {
                p class="buttons" {
                    button type="submit" id="confirm" class=(action.as_str()) { (verb) }
                    " "
                    a href=(back) { "Cancel" }
                }
            }
            @if let Some(command) = commands::act(action, &confirmed.target()) {
                p { "The same on the command line: " (layout::command(&command)) }
                p class="note" { (layout::COMMANDS_NOTE) }
            }
        } @else {
            p { "No event matches, so nothing can be done." }
            p { a href=(back) { "Back to the list" } }
        }
    };
    Ok(layout::page(&context, title, Some(Tab::Actions), &main))
}

/// The consequences of an action, in words.
fn consequences(
    context: &Context,
    action: Action,
    state: Option<EventState>,
    confirmed: &Confirmed,
) -> Markup {
    html! {
        @match action {
            Action::Replay => p {
                "A replayed event runs again, as if it had never been tried. Ready, waiting and leased "
                "events, and those whose data is pruned, stay as they are."
                @if context.has(Capability::Lanes) {
                    " A dead, parked or done event goes to the end of its lane."
                }
            },
            Action::Drop => p {
                "The data of a dropped event is gone for good. The event counts as done, so another delivery "
                "of it is a duplicate."
            },
        }
        @if action == Action::Replay && state == Some(EventState::Done) {
            p { "Done events run again, too: their hooks have succeeded before." }
        }
        @if let Confirmed::Filter { newest, .. } = confirmed {
            p {
                "The action goes once through the events that match, in batches, and can be stopped. It ends "
                "with event " (newest) ", the newest that matches now. Older events that come to match in "
                "the meantime may be taken, too; newer ones are left out."
            }
        }
    }
}

async fn find_event(context: &Context, key: EventKey) -> Result<EventInfo, Problem> {
    let event = context.store().get(key).await?;
    let event = event.ok_or_else(|| Problem::not_found(format!("The inbox holds no event {key}.")))?;
    Ok(event.info)
}

/// Starts a job.
pub(crate) async fn start(Extension(context): Request) -> Result<Response, Problem> {
    let (action, target) = requested(&context)?;
    let confirmed = confirmed(&context.query, target)?;
    if let Confirmed::Event { key, .. } = confirmed {
        let event = find_event(&context, key).await?;
        if !confirmed.is_still(&event) {
            let text = format!(
                "Event {key} has changed since the confirmation: now it is {}, in run {}.",
                event.state, event.run
            );
            let problem = Problem::conflict("The event has changed", text);
            return Err(problem.linked(format!("event/{key}"), "The event"));
        }
    }
    let who = context.access.name().map(str::to_owned);
    let job = context.app.jobs.start(&context.app.store, action, confirmed, who).map_err(|running| {
        let text = "An action on the same events is still running.";
        let problem = Problem::conflict("Already running", text);
        problem.linked(format!("action/{}", running.number), "The running action")
    })?;
    job.ended_within(SHORT_JOB).await;
    Ok(redirect(format!("action/{}", job.number)).into_response())
}

/// Reads the fields that the form of the confirmation has added.
fn confirmed(query: &str, target: Target) -> Result<Confirmed, InvalidParameter> {
    Ok(match target {
        Target::Event(key) => {
            let run = filter::parameter(query, "run").and_then(|run| run.parse().ok());
            let run = run.ok_or_else(|| InvalidParameter::new("run", "give the run of the event"))?;
            let state = filter::parse_state(query)?;
            let state = state.ok_or_else(|| InvalidParameter::new("state", "give the state of the event"))?;
            Confirmed::Event { key, state, run }
        }
        Target::Filter(filter) => {
            let newest = filter::parameter(query, "newest").and_then(|key| key.parse().ok());
            let expected = "give the number of the newest event to be changed";
            let newest = newest.ok_or_else(|| InvalidParameter::new("newest", expected))?;
            Confirmed::Filter { filter, newest }
        }
    })
}
