//! Dead events, grouped by their error and type.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, btree_map::Entry},
};

use axum::Extension;
use maud::{Markup, html};
use panora_hooks::inbox::{Capability, Count, ErrorGroup, EventState};

use super::{
    Answer, Request,
    layout::{self, Tab},
};
use crate::{
    context::Context,
    filter::{self, EventFilter},
    format,
    jobs::{Action, Target},
    pages::confirmation,
    problem::Problem,
    text::{Foreign, visible},
};

/// The most groups that are shown.
const MAX_GROUPS: u32 = 100;

pub(crate) async fn page(Extension(context): Request) -> Answer {
    if !context.has(Capability::ErrorGroups) {
        let problem = Problem::not_found("This inbox does not group dead events by their error.");
        return Err(problem.linked("events?state=dead".to_owned(), "List of dead events"));
    }
    let groups = context.store().error_groups(MAX_GROUPS).await?;
    let is_limited = groups.len() == MAX_GROUPS as usize;
    let groups = merged(groups);
    let main = html! {
        @if groups.is_empty() {
            p { "No event is dead." }
        } @else {
            p {
                "Dead events that failed with the same error, apart from numbers, identifiers and quoted "
                "text, are one group."
                @if is_limited {
                    " Only the largest " (MAX_GROUPS) " groups are shown."
                }
            }
            (layout::scroll("Groups of dead events", &table(&context, &groups)))
            p { a href="events?state=dead" { "List of all dead events" } }
        }
    };
    Ok(layout::page(&context, "Dead events", Some(Tab::Dead), &main))
}

/// Merges the groups that a filter cannot tell apart, because their wire types belong to one event
/// type. Returns the largest first.
fn merged(groups: Vec<ErrorGroup>) -> Vec<ErrorGroup> {
    let mut by_name = BTreeMap::<_, ErrorGroup>::new();
    for group in groups {
        match by_name.entry((group.fingerprint, group.event_type().to_owned())) {
            Entry::Vacant(place) => drop(place.insert(group)),
            Entry::Occupied(mut place) => {
                let sum = place.get_mut();
                sum.count = add(sum.count, group.count);
                sum.oldest = sum.oldest.min(group.oldest);
                if group.newest > sum.newest {
                    (sum.newest, sum.example) = (group.newest, group.example);
                }
            }
        }
    }
    let mut groups: Vec<_> = by_name.into_values().collect();
    groups.sort_by_key(|group| Reverse(group.count.number()));
    groups
}

fn add(one: Count, other: Count) -> Count {
    let sum = one.number().saturating_add(other.number());
    if one.is_exact() && other.is_exact() { Count::exactly(sum) } else { Count::at_least(sum) }
}

fn table(context: &Context, groups: &[ErrorGroup]) -> Markup {
    html! {
        table class="groups" {
            thead { tr {
                th scope="col" { "Error of the newest event" }
                th scope="col" { "Type" }
                th scope="col" class="number" { "Events" }
                th scope="col" { "Oldest" }
                th scope="col" { "Newest" }
                th scope="col" { "Actions" }
            } }
            tbody {
                @for group in groups {
                    tr {
                        td class="error" { (Foreign::short(&group.example)) }
                        th scope="row" { (layout::type_link(context, group.event_type())) }
                        td class="number" { (format::count(group.count)) }
                        td { (format::time(group.oldest)) }
                        td { (format::time(group.newest)) }
                        td { (links(context, group)) }
                    }
                }
            }
        }
    }
}

/// Links to the events of a group, and to the actions on them.
fn links(context: &Context, group: &ErrorGroup) -> Markup {
    let Some(of_type) = filter::of_type(group.event_type()) else {
        return html! { "The type is too long or empty for a link." };
    };
    let filter = EventFilter::of(of_type.state(EventState::Dead).error_group(group.fingerprint));
    let target = Target::Filter(filter.clone());
    // Links of the same name in every row need their row to be told apart.
    let label =
        |name| format!("{name} {} of type {}", format::events(group.count), visible(group.event_type()));
    html! {
        ul class="links" {
            li { a href=(filter.url("events", &[])) aria-label=(label("Events:")) { "Events" } }
            @for action in confirmation::offered(context, &target) {
                @let name = match action {
                    Action::Replay => "Replay…",
                    Action::Drop => "Drop…",
                };
                li { a href=(confirmation::confirm_url(action, &target)) aria-label=(label(name)) { (name) } }
            }
        }
    }
}
