//! The list of events.

use axum::Extension;
use maud::{Markup, html};
use panora_hooks::{
    catalogue,
    inbox::{Capability, Count, EventInfo, EventState},
};

use super::{
    Answer, Request,
    layout::{self, Tab},
};
use crate::{
    context::Context,
    filter::{Cursor, EventFilter},
    format,
    jobs::{Action, Target},
    pages::confirmation,
    problem::Problem,
    search::{self, Found, MAX_SEARCHED, soon},
    text::Foreign,
};

/// The number of events on a page.
const PAGE: u32 = 50;

pub(crate) async fn page(Extension(context): Request) -> Answer {
    let filter = context.filter()?;
    let cursor = Cursor::parse(&context.query)?;
    let count = async {
        // A search by text stops at its own limit.
        match filter.text {
            Some(_) => Ok(None),
            None => soon(context.store().count(filter.filter.clone())).await,
        }
    };
    let found = search::find(context.store(), &filter, cursor, PAGE);
    let (found, count) = tokio::try_join!(found, count).map_err(Problem::from)?;
    let main = html! {
        (form(&context, &filter))
        (summary(&filter, count))
        (actions_of(&context, &filter))
        @if found.events.is_empty() {
            p { "No events here." }
        } @else {
            (layout::scroll("Events", &table(&context, &filter, &found.events)))
        }
        (paging(&filter, cursor, &found))
    };
    Ok(layout::page(&context, "Events", Some(Tab::Events), &main))
}

fn form(context: &Context, filter: &EventFilter) -> Markup {
    let EventFilter { filter, text } = filter;
    html! {
        form method="get" action="events" class="filter" role="search" aria-label="Filter of events" {
            div {
                label for="filter-state" { "State" }
                select id="filter-state" name="state" {
                    option value="" selected[filter.state.is_none()] { "any" }
                    @for state in EventState::ALL {
                        option value=(state.as_str()) selected[filter.state == Some(*state)] { (state.as_str()) }
                    }
                }
            }
            div {
                label for="filter-type" { "Event type" }
                input id="filter-type" name="type" type="text" list="event-types" autocomplete="off"
                    spellcheck="false" value=[filter.event_type.as_deref()];
                datalist id="event-types" {
                    @for known in catalogue::all() { option value=(known.name()) {} }
                }
            }
            div {
                label for="filter-from" { "Arrived from (UTC)" }
                input id="filter-from" name="from" type="datetime-local" step="any"
                    value=[filter.received_from.map(format::parameter)];
            }
            div {
                label for="filter-until" { "Arrived before (UTC)" }
                input id="filter-until" name="until" type="datetime-local" step="any"
                    value=[filter.received_before.map(format::parameter)];
            }
            div {
                label for="filter-id" { "Id of the event (id_event)" }
                input id="filter-id" name="id" type="text" autocomplete="off" spellcheck="false"
                    value=[filter.id.as_deref()];
            }
            @if context.has(Capability::Lanes) {
                div {
                    label for="filter-lane" { "Lane" }
                    input id="filter-lane" name="lane" type="text" autocomplete="off" spellcheck="false"
                        pattern="[0-9a-fA-F]{32}" value=[filter.lane.map(|lane| lane.to_string())]
                        aria-describedby="filter-lane-note";
                    p class="note" id="filter-lane-note" {
                        "The events of a lane run one at a time. Its head runs now or next; the others wait."
                    }
                }
            }
            div {
                label for="filter-group" { "Error group" }
                input id="filter-group" name="group" type="text" autocomplete="off" spellcheck="false"
                    pattern="[0-9a-fA-F]{1,16}" value=[filter.error_group.map(|group| group.to_string())];
            }
            div {
                label for="filter-text" { "Text in the error" }
                input id="filter-text" name="text" type="text" autocomplete="off" value=[text.as_deref()]
                    aria-describedby="filter-text-note";
                p class="note" id="filter-text-note" {
                    "Searches the newest " (format::number(MAX_SEARCHED)) " failures: dead events, or those "
                    "in the state above."
                }
            }
            div class="buttons" {
                button type="submit" { "Apply" }
                " "
                a href="events" { "Clear the filter" }
            }
        }
    }
}

fn summary(filter: &EventFilter, count: Option<Count>) -> Markup {
    let what = match (count, &filter.text) {
        (Some(count), _) => filter.count_in_words(count),
        (None, None) => format!("{filter}, which take too long to count"),
        (None, Some(_)) => {
            let state = search::searched_state(filter);
            let searched = EventFilter { filter: filter.filter.clone().state(state), ..filter.clone() };
            format!("Found among the newest {} {state} events: {searched}", format::number(MAX_SEARCHED))
        }
    };
    html! { p id="summary" { (Foreign::long(&what)) "." } }
}

/// Links to the actions on all events of the list.
fn actions_of(context: &Context, filter: &EventFilter) -> Markup {
    let target = Target::Filter(filter.clone());
    let offered = confirmation::offered(context, &target);
    html! {
        @if context.access.may_operate() && filter.filter.state.is_none() && filter.text.is_none() {
            p class="note" { "Choose a state to replay or drop the events of the list." }
        }
        @if !offered.is_empty() {
            p class="buttons" {
                @for action in offered {
                    @let name = match action {
                        Action::Replay => "Replay these events…",
                        Action::Drop => "Drop these events…",
                    };
                    a class="button" href=(confirmation::confirm_url(action, &target)) { (name) }
                    " "
                }
            }
        }
    }
}

fn table(context: &Context, filter: &EventFilter, events: &[EventInfo]) -> Markup {
    html! {
        table class="events" {
            thead { tr {
                th scope="col" { "Event" }
                th scope="col" { "State" }
                th scope="col" { "Type" }
                th scope="col" { "Arrived" }
                th scope="col" class="number" { "Attempts" }
                th scope="col" { "Reason or last error" }
                th scope="col" { "Id" }
            } }
            tbody {
                @for event in events {
                    tr {
                        th scope="row" {
                            a href=(filter.url(&format!("event/{}", event.key), &[])) { (event.key) }
                        }
                        td { (layout::state(event.state)) @if event.is_head() { ", head" } }
                        td { (layout::type_link(context, event.event_type())) }
                        td { (format::time(event.received_at)) }
                        td class="number" { (format::number(event.attempts)) }
                        td class="error" {
                            @if let Some(error) = event.reason.as_ref().or(event.last_error.as_ref()) {
                                (Foreign::short(error))
                            }
                        }
                        td class="id" { (Foreign::short(&event.id)) }
                    }
                }
            }
        }
    }
}

fn paging(filter: &EventFilter, cursor: Cursor, found: &Found) -> Markup {
    let link = |parameter, event: &EventInfo| filter.url("events", &[(parameter, &event.key.to_string())]);
    html! {
        nav aria-label="Pages of the list" class="paging" {
            ul {
                @if cursor != Cursor::Newest {
                    li { a href=(filter.url("events", &[])) { "Newest events" } }
                }
                @if let Some(first) = found.events.first().filter(|_| found.has_newer) {
                    li { a rel="prev" href=(link("newer", first)) { "Newer events" } }
                }
                @if let Some(last) = found.events.last().filter(|_| found.has_older) {
                    li { a rel="next" href=(link("older", last)) { "Older events" } }
                }
            }
        }
    }
}
