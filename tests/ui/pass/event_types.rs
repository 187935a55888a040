// Event types and patterns that are right, some of them with a warning that can be silenced.
#![deny(warnings)]

use panora_hooks::{Verifier, Webhooks, hooks, on};

#[on("connection.created")]
async fn connection() {}

#[on["crm.contact.created"]]
async fn square() {}

#[on { "crm.deal.created" }]
async fn braces() {}

#[on("ticketing.*", "crm.contact.*", "*")]
async fn patterns() {}

#[on("crm.contact.imported", "webinars.*", unlisted)]
async fn unlisted() {}

#[on("crm.company.created", "crm.company.imported", unlisted)]
async fn listed_and_unlisted() {}

#[on("ats.candidate.created", "ticketing.ticket.synced")]
async fn sent_by_older_releases() {}

#[on("crm.hubspot.passthrough", "productivity.notion.passthrough")]
async fn passthrough() {}

#[on("crm.contact.updated", "accounting.invoice.pulled")]
#[allow(deprecated)]
async fn never_sent() {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![
        connection,
        square,
        braces,
        patterns,
        unlisted,
        listed_and_unlisted,
        sent_by_older_releases,
        passthrough,
        never_sent,
    ]);
}
