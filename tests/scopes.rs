//! The names to subscribe to, and warnings of hooks that cannot run.

mod support;

use panora_hooks::{Registry, Webhooks, catalogue, hooks, on};
use support::{log::Log, verifier};

fn scopes(list: impl FnOnce(&mut Registry)) -> Vec<&'static str> {
    Webhooks::new(verifier()).hooks(list).scopes()
}

#[on("crm.company.created", "connection.created")]
async fn exact() {}

#[on("crm.contact.*", "crm.contact.created")]
async fn contacts() {}

#[on("crm.contact.updated", "crm.custom.happened", unlisted)]
#[allow(deprecated)]
async fn never() {}

#[on("ticketing.ticket.*")]
async fn tickets() {}

#[on("ecommerce.*")]
async fn ecommerce() {}

#[on("accounting.*")]
async fn accounting() {}

#[on("*")]
async fn everything() {}

#[test]
fn scopes_are_the_names_of_the_patterns() {
    assert_eq!(scopes(hooks![]), [] as [&str; 0]);
    assert_eq!(scopes(hooks![exact]), ["connection.created", "crm.company.created"]);
    // Nothing sends these events, but the hooks ask for them.
    assert_eq!(scopes(hooks![never]), ["crm.contact.updated", "crm.custom.happened"]);
}

#[test]
fn a_prefix_expands_to_the_sent_names() {
    assert_eq!(scopes(hooks![contacts]), ["crm.contact.created", "crm.contact.pulled"]);
    // Includes the name that older releases use for `pulled`.
    let tickets_scopes = ["ticketing.ticket.created", "ticketing.ticket.pulled", "ticketing.ticket.synced"];
    assert_eq!(scopes(hooks![tickets]), tickets_scopes);
    assert_eq!(
        scopes(hooks![ecommerce]),
        [
            "ecommerce.customer.pulled",
            "ecommerce.fulfillment.pulled",
            "ecommerce.order.pulled",
            "ecommerce.product.created",
            "ecommerce.product.pulled",
        ]
    );
    assert_eq!(scopes(hooks![accounting]), [] as [&str; 0]);
    let sent = catalogue::all().iter().filter(|event_type| event_type.is_sent()).count();
    assert_eq!(scopes(hooks![everything]).len(), sent);
}

#[test]
fn events_of_several_hooks_are_listed_once() {
    let all = scopes(hooks![exact, contacts, tickets, everything]);
    let mut unique = all.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(all, unique);
}

mod warned {
    use panora_hooks::on;

    #[on("crm.contact.deleted", "crm.deal.deleted")]
    #[allow(deprecated)]
    pub async fn deleted() {}

    #[on("accounting.*")]
    pub async fn accounting() {}

    #[on("ecommerce.order.created")]
    #[allow(deprecated)]
    pub async fn unreachable() {}

    #[on("crm.hubspot.passthrough")]
    pub async fn passthrough() {}

    #[on("productivity.*")]
    pub async fn prefix_of_nothing() {}
}

mod fine {
    use panora_hooks::on;

    #[on("crm.note.created", "crm.note.deleted")]
    #[allow(deprecated)]
    pub async fn one_is_sent() {}

    #[on("crm.custom.happened", unlisted)]
    pub async fn unlisted() {}

    #[on("crm.custom.*", unlisted)]
    pub async fn unlisted_prefix() {}

    #[on("hris.employee.created")]
    pub async fn of_the_past() {}

    #[on("crm.*", "*")]
    pub async fn prefixes() {}
}

#[test]
fn there_is_one_warning_for_each_hook_that_cannot_run() {
    let log = Log::install();
    let webhooks = Webhooks::new(verifier()).hooks(hooks![
        fine::one_is_sent,
        fine::unlisted,
        fine::unlisted_prefix,
        fine::of_the_past,
        fine::prefixes,
        warned::deleted,
        warned::accounting,
        warned::unreachable,
        warned::passthrough,
        warned::prefix_of_nothing,
    ]);
    assert_eq!(log.take(), "");
    let _router: axum::Router = webhooks.into_router("/webhook");
    let log = log.take();
    let lines: Vec<_> = log.lines().collect();
    let hooks = ["deleted", "accounting", "unreachable", "passthrough", "prefix_of_nothing"];
    assert_eq!(lines.len(), hooks.len(), "{log}");
    for (line, hook) in lines.iter().zip(hooks) {
        assert!(line.contains("WARN"), "{line}");
        assert!(line.contains("no known release of Panora sends an event for this hook"), "{line}");
        assert!(line.contains(&format!(r#"hook="warned::{hook}" file="tests/scopes.rs" line="#)), "{line}");
    }
}
