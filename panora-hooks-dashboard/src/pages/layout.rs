//! The parts that all pages have.

use axum::response::Html;
use maud::{DOCTYPE, Markup, html};
use panora_hooks::inbox::{Capability, EventState};

use crate::{
    context::Context,
    filter::{self, EventFilter},
    text::Foreign,
};

/// A page in the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tab {
    Overview,
    Events,
    Dead,
    Actions,
    Audit,
}

impl Tab {
    const ALL: [(Self, &'static str, &'static str); 5] = [
        (Self::Overview, "overview", "Overview"),
        (Self::Events, "events", "Events"),
        (Self::Dead, "dead", "Dead"),
        (Self::Actions, "actions", "Actions"),
        (Self::Audit, "audit", "Audit"),
    ];

    /// Returns whether the store has the part that the page shows.
    fn is_offered(self, context: &Context) -> bool {
        match self {
            Self::Dead => context.has(Capability::ErrorGroups),
            Self::Audit => context.has(Capability::Audit),
            Self::Overview | Self::Events | Self::Actions => true,
        }
    }
}

pub(crate) fn page(context: &Context, title: &str, current: Option<Tab>, main: &Markup) -> Html<String> {
    let root = &context.root;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · panora-hooks" }
                link rel="icon" type="image/svg+xml" href={ (root) "assets/icon.svg" };
                link rel="stylesheet" href={ (root) "assets/style.css" };
                script src={ (root) "assets/live.js" } defer {}
            }
            body {
                a class="skip" href="#main" { "Skip to the content" }
                header {
                    p class="brand" { "panora-hooks" }
                    nav aria-label="Pages" {
                        ul {
                            @for (tab, address, name) in Tab::ALL {
                                @if tab.is_offered(context) {
                                    li {
                                        a href={ (root) (address) }
                                            aria-current=[(current == Some(tab)).then_some("page")] { (name) }
                                    }
                                }
                            }
                        }
                    }
                    p class="access" id="access" { (access(context)) }
                }
                main id="main" tabindex="-1" {
                    h1 { (title) }
                    (main)
                }
                footer {
                    p { "All times are in UTC." }
                    p id="live-note" role="status" {}
                }
            }
        }
    };
    Html(page.into_string())
}

/// Names the user and the permissions.
fn access(context: &Context) -> Markup {
    let access = &context.access;
    html! {
        @if let Some(name) = access.name() { (Foreign::short(name)) ", " }
        @if access.may_operate() { "may operate" } @else { "read only" }
        @if access.may_reveal() { ", may reveal payloads" }
    }
}

/// The word for a state.
pub(crate) fn state(state: EventState) -> Markup {
    html! { span class={ "state " (state.as_str()) } { (state.as_str()) } }
}

/// A container for something that is wider than a narrow screen.
pub(crate) fn scroll(label: &str, content: &Markup) -> Markup {
    html! {
        div class="scroll" role="region" aria-label=(label) tabindex="0" { (content) }
    }
}

/// A link to the events of a type. Figures call the types outside the catalogue `other`, which is
/// not a type.
pub(crate) fn type_link(context: &Context, event_type: &str) -> Markup {
    let filter = filter::of_type(event_type).filter(|_| event_type != "other");
    html! {
        @match filter {
            Some(filter) => {
                a href={ (context.root) (EventFilter::of(filter).url("events", &[])) } {
                    (Foreign::short(event_type))
                }
            }
            None => (Foreign::short(event_type)),
        }
    }
}

/// The condition of every command.
pub(crate) const COMMANDS_NOTE: &str = "Set PANORA_INBOX (and PANORA_INBOX_SCHEMA) to this inbox first.";

/// A command to copy.
pub(crate) fn command(command: &str) -> Markup {
    html! { code class="command" { (Foreign::long(command)) } }
}
