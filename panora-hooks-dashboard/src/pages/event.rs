//! One event: its record, its attempts and its payload.

use axum::{Extension, extract::Path, response::Html};
use maud::{Markup, html};
use panora_hooks::inbox::{
    AttemptInfo, AuditRecord, Capability, EventInfo, EventKey, EventState, Filter, Fingerprint, StoredEvent,
};

use super::{
    Answer, Request, attempts,
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
    search::{self, soon},
    text::Foreign,
};

pub(crate) async fn page(Extension(context): Request, Path(key): Path<String>) -> Answer {
    let found = Found::load(&context, parse(&key)?).await?;
    Ok(found.page(&context, Detail::Structure))
}

/// Shows the event with its payload. The audit is written first, so that no payload is shown
/// without an entry.
pub(crate) async fn reveal(Extension(context): Request, Path(key): Path<String>) -> Answer {
    if !context.access.may_reveal() {
        return Err(Problem::forbidden("You may not reveal payloads."));
    }
    let found = Found::load(&context, parse(&key)?).await?;
    if found.is_showable() {
        let (who, what) =
            (context.access.name().map(str::to_owned), format!("event {}", found.event.info.key));
        tracing::info!(who, what, "an operator reveals a payload");
        if context.has(Capability::Audit) {
            context.store().add_audit(AuditRecord::new(who, "reveal", what, 1)).await?;
        }
    }
    Ok(found.page(&context, Detail::Values))
}

fn parse(key: &str) -> Result<EventKey, Problem> {
    key.parse().map_err(|_| Problem::not_found("The address does not end with the number of an event."))
}

/// An event with the parts of its page.
struct Found {
    filter: EventFilter,
    event: StoredEvent,
    attempts: Option<Vec<AttemptInfo>>,
    neighbours: (Option<EventKey>, Option<EventKey>),
    /// The head of the lane in which the event waits.
    head: Option<EventKey>,
}

impl Found {
    async fn load(context: &Context, key: EventKey) -> Result<Self, Problem> {
        let filter = context.filter()?;
        let store = context.store();
        let attempts = async {
            if context.has(Capability::Attempts) { store.attempts(key).await.map(Some) } else { Ok(None) }
        };
        let neighbours = soon(search::neighbours(store, &filter, key));
        let (event, attempts, neighbours) = tokio::try_join!(store.get(key), attempts, neighbours)?;
        let Some(event) = event else {
            return Err(Problem::not_found(format!("The inbox holds no event {key}.")));
        };
        let head = match event.info.lane {
            Some(lane) if event.info.state == EventState::Waiting => soon(search::head(store, lane)).await?,
            _ => None,
        };
        Ok(Self { filter, event, attempts, neighbours: neighbours.unwrap_or_default(), head: head.flatten() })
    }

    /// Returns whether there is a payload that can be revealed.
    fn is_showable(&self) -> bool {
        self.event.data.as_ref().is_some_and(|data| payload::show(data, Detail::Values).is_some())
    }

    fn page(&self, context: &Context, detail: Detail) -> Html<String> {
        let Self { filter, event, attempts, neighbours, head } = self;
        let main = html! {
            (neighbour_links(context, filter, *neighbours))
            section id="record" aria-labelledby="record-title" {
                h2 id="record-title" { "Record" }
                (record(context, &event.info, *head))
            }
            section id="attempts" aria-labelledby="attempts-title" {
                h2 id="attempts-title" { "Attempts" }
                (attempts::timeline(&event.info, attempts.as_deref()))
            }
            section id="payload" aria-labelledby="payload-title" {
                h2 id="payload-title" { "Payload" }
                (payload_of(context, filter, event, detail))
            }
            section id="actions" aria-labelledby="actions-title" {
                h2 id="actions-title" { "Actions" }
                (actions_on(context, &event.info))
            }
        };
        layout::page(context, &format!("Event {}", event.info.key), Some(Tab::Events), &main)
    }
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

fn record(context: &Context, event: &EventInfo, head: Option<EventKey>) -> Markup {
    html! {
        dl {
            dt { "State" }
            dd {
                (layout::state(event.state))
                @if let Some(until) = event.until { " until " (format::time(until)) }
            }
            @if let Some(lane) = event.lane {
                @let of_lane = EventFilter::of(Filter::new().lane(lane));
                dt { "Lane" }
                dd {
                    a href={ (context.root) (of_lane.url("events", &[])) } { (lane) }
                    @if event.is_head() { "; this event is its head" }
                    @if let Some(head) = head {
                        "; its head is "
                        a href={ (context.root) (of_lane.url(&format!("event/{head}"), &[])) } {
                            "event " (head)
                        }
                    }
                }
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
