//! The audit: actions of operators.

use axum::Extension;
use maud::{Markup, html};
use panora_hooks::inbox::{AuditEntry, Capability};

use super::{
    Answer, Request,
    layout::{self, Tab},
};
use crate::{
    filter::{self, InvalidParameter},
    format,
    problem::Problem,
    text::Foreign,
};

/// The number of entries on a page.
const PAGE: u32 = 100;

pub(crate) async fn page(Extension(context): Request) -> Answer {
    if !context.has(Capability::Audit) {
        return Err(Problem::not_found("This inbox keeps no audit."));
    }
    let before = match filter::parameter(&context.query, "before") {
        Some(text) => {
            let before = text.parse::<u64>();
            Some(before.map_err(|_| InvalidParameter::new("before", "give the number of an entry"))?)
        }
        None => None,
    };
    let mut entries = context.store().audit(before, PAGE + 1).await?;
    let has_older = entries.len() > PAGE as usize;
    entries.truncate(PAGE as usize);
    let main = html! {
        @if entries.is_empty() {
            p { "No action is recorded." }
        } @else {
            (layout::scroll("Recorded actions", &table(&entries)))
        }
        nav aria-label="Pages of the audit" class="paging" {
            ul {
                @if before.is_some() { li { a href="audit" { "Newest entries" } } }
                @if let Some(last) = entries.last().filter(|_| has_older) {
                    li { a rel="next" href={ "audit?before=" (last.number) } { "Older entries" } }
                }
            }
        }
    };
    Ok(layout::page(&context, "Audit", Some(Tab::Audit), &main))
}

fn table(entries: &[AuditEntry]) -> Markup {
    html! {
        table {
            thead { tr {
                th scope="col" { "Time" }
                th scope="col" { "Who" }
                th scope="col" { "Action" }
                th scope="col" { "Events" }
                th scope="col" class="number" { "Number of events" }
            } }
            tbody {
                @for AuditEntry { at, record, .. } in entries {
                    tr {
                        th scope="row" { (format::time(*at)) }
                        td class="id" {
                            @match &record.who {
                                Some(who) => (Foreign::short(who)),
                                None => "not named",
                            }
                        }
                        td class="id" { (Foreign::short(&record.action)) }
                        td class="error" { (Foreign::long(&record.what)) }
                        td class="number" { (format::number(record.events)) }
                    }
                }
            }
        }
    }
}
