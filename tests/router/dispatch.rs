//! The hook that an event reaches, and the name under which it arrives.

use std::sync::{Arc, Mutex};

use crate::support::{Delivery, Server, verifier};
use panora_hooks::{Metadata, Registry, State, Webhooks, catalogue, hooks, on};

/// The hooks that ran, and their metadata.
type Calls = Arc<Mutex<Vec<(&'static str, Metadata)>>>;

macro_rules! recorder {
    ($name:ident, $($pattern:tt),+) => {
        #[on($($pattern),+)]
        #[allow(deprecated)] // Some of them nobody sends.
        async fn $name(State(calls): State<Calls>, meta: Metadata) {
            calls.lock().unwrap().push((stringify!($name), meta));
        }
    };
}

recorder!(company_created, "crm.company.created");
recorder!(contact_created, "crm.contact.created");
recorder!(contact, "crm.contact.*");
recorder!(crm, "crm.*");
recorder!(any, "*");
recorder!(ticket_pulled, "ticketing.ticket.pulled");
recorder!(ticket_synced, "ticketing.ticket.synced");
recorder!(eeocs_pulled, "ats.eeocs.pulled");
recorder!(departments, "ats.department.*");
recorder!(cashflow, "accounting.cashflow_statement.pulled");
recorder!(imported, "crm.contact.imported", unlisted);
recorder!(several, "hris.employee.created", "filestorage.*");

struct Receiver {
    server: Server,
    calls: Calls,
}

impl Receiver {
    fn new(list: impl FnOnce(&mut Registry<Calls>)) -> Self {
        let calls = Calls::default();
        let webhooks = Webhooks::new(verifier()).with_state(Arc::clone(&calls)).hooks(list);
        Self { server: Server::start(webhooks.into_router("/webhook")), calls }
    }

    /// Returns the hook that ran for a wire type, and the event type that it received.
    fn deliver(&self, wire_type: &str) -> Option<(&'static str, String)> {
        let answer = self.server.send(&Delivery::encoded(wire_type, "{}").request());
        assert_eq!((answer.status, answer.body.as_str()), (200, ""), "{wire_type}");
        let mut calls = self.calls.lock().unwrap();
        assert!(calls.len() <= 1, "{wire_type}: {calls:?}");
        let (hook, meta) = calls.pop()?;
        assert_eq!(meta.wire_type, wire_type);
        assert_eq!(meta.id, "7197465d-c9d3-4094-a2d2-b9fc4346d636");
        assert_eq!(meta.attempt, 1);
        Some((hook, meta.event_type))
    }

    #[track_caller]
    fn assert_reaches(&self, wire_type: &str, hook: &str, event_type: &str) {
        let call = self.deliver(wire_type);
        let call = call.as_ref().map(|(hook, event_type)| (*hook, event_type.as_str()));
        assert_eq!(call, Some((hook, event_type)), "{wire_type}");
    }
}

#[test]
fn the_most_specific_pattern_wins_in_any_order() {
    for list in [
        (|registry: &mut _| hooks![contact_created, contact, crm, any](registry)) as fn(&mut Registry<Calls>),
        |registry| hooks![any, crm, contact, contact_created](registry),
    ] {
        let receiver = Receiver::new(list);
        receiver.assert_reaches("crm.contact.created", "contact_created", "crm.contact.created");
        receiver.assert_reaches("crm.contact.pulled", "contact", "crm.contact.pulled");
        receiver.assert_reaches("crm.contact.anything", "contact", "crm.contact.anything");
        receiver.assert_reaches("crm.contact.", "contact", "crm.contact.");
        receiver.assert_reaches("crm.contacts.created", "crm", "crm.contacts.created");
        receiver.assert_reaches("crm.deal.push", "crm", "crm.deal.created");
        receiver.assert_reaches("crm", "any", "crm");
        receiver.assert_reaches("connection.created", "any", "connection.created");
    }
}

#[test]
fn a_hook_gets_its_event_under_every_wire_type() {
    let receiver = Receiver::new(hooks![
        company_created,
        contact_created,
        ticket_pulled,
        eeocs_pulled,
        departments,
        several
    ]);
    receiver.assert_reaches("crm.company.push", "company_created", "crm.company.created");
    receiver.assert_reaches("crm.company.created", "company_created", "crm.company.created");
    receiver.assert_reaches("crm.contact.created", "contact_created", "crm.contact.created");
    receiver.assert_reaches("ticketing.ticket.synced", "ticket_pulled", "ticketing.ticket.pulled");
    receiver.assert_reaches("ats.eecos.pulled", "eeocs_pulled", "ats.eeocs.pulled");
    receiver.assert_reaches("ats.departement.pulled", "departments", "ats.department.pulled");
    receiver.assert_reaches("hris.employee.push", "several", "hris.employee.created");
    receiver.assert_reaches("filestorage.file.created", "several", "filestorage.file.created");
    for wire_type in ["crm.contact.push", "CRM.contact.created", "crm.contact.created ", "crm.company"] {
        assert_eq!(receiver.deliver(wire_type), None, "{wire_type}");
    }
}

#[test]
fn a_hook_that_names_a_variant_takes_precedence() {
    let receiver = Receiver::new(hooks![ticket_pulled, ticket_synced, cashflow, crm]);
    receiver.assert_reaches("ticketing.ticket.synced", "ticket_synced", "ticketing.ticket.synced");
    receiver.assert_reaches("ticketing.ticket.pulled", "ticket_pulled", "ticketing.ticket.pulled");
    let variant = "accounting.cashflow_statement.pulled";
    receiver.assert_reaches(variant, "cashflow", variant);
    assert_eq!(receiver.deliver("accounting.cashflowstatement.pulled"), None);
}

#[test]
fn unlisted_types_reach_the_hooks_that_name_them() {
    let receiver = Receiver::new(hooks![imported, crm]);
    receiver.assert_reaches("crm.contact.imported", "imported", "crm.contact.imported");
    receiver.assert_reaches("crm.contact.exported", "crm", "crm.contact.exported");
    receiver.assert_reaches("crm.hubspot.passthrough", "crm", "crm.hubspot.passthrough");
    assert_eq!(receiver.deliver("ticketing.webinar.created"), None);
}

#[test]
fn a_hook_for_any_event_gets_the_name_of_the_catalogue() {
    let receiver = Receiver::new(hooks![any]);
    for event_type in catalogue::all() {
        receiver.assert_reaches(event_type.name(), "any", event_type.name());
        let wire_name = event_type.wire_names().next().unwrap();
        receiver.assert_reaches(wire_name, "any", event_type.name());
    }
    receiver.assert_reaches("x", "any", "x");
}

#[test]
fn lists_can_be_combined() {
    let receiver = Receiver::new(|registry| {
        registry.hooks(hooks![contact_created]).hooks(hooks![]).hooks(|registry| hooks![crm](registry));
    });
    receiver.assert_reaches("crm.contact.created", "contact_created", "crm.contact.created");
    receiver.assert_reaches("crm.deal.push", "crm", "crm.deal.created");
    assert_eq!(receiver.deliver("connection.created"), None);
}
