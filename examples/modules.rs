//! Hooks in several modules: each module provides its own list, and lists chain.
//!
//! ```text
//! PANORA_WEBHOOK_SECRET=… cargo run --example modules
//! ```

use std::net::Ipv4Addr;

use axum::{Router, routing::get};
use panora_hooks::{Metadata, Verifier, Webhooks, hooks, on};
use tokio::net::TcpListener;

mod crm {
    use panora_hooks::{Event, Metadata, Registry, hooks, models::crm::Contact, on};
    use serde_json::Value;

    /// The list of this module, including that of its submodule.
    ///
    /// A hook that is in no list causes the warning "function `…` is never used". Two hooks of one
    /// list for the same event are a compile error.
    pub(crate) fn hooks(registry: &mut Registry) {
        registry.hooks(hooks![contact_created, deal_seen]).hooks(notes::hooks);
    }

    #[on("crm.contact.created")]
    async fn contact_created(Event(contact): Event<Contact>) {
        tracing::info!(is_new = contact.created_at == contact.modified_at, "a contact");
    }

    /// One hook for two events, one with an object and one with a list.
    #[on("crm.deal.created", "crm.deal.pulled")]
    async fn deal_seen(Event(deal): Event<Value>, meta: Metadata) {
        tracing::info!(event_type = ?meta.event_type, is_list = deal.is_array(), "deals");
    }

    mod notes {
        use panora_hooks::{Registry, hooks, on};

        pub(super) fn hooks(registry: &mut Registry) {
            registry.hooks(hooks![note_created]);
        }

        #[on("crm.note.created")]
        async fn note_created() {
            tracing::info!("a note");
        }
    }
}

mod ticketing {
    use panora_hooks::{Event, Metadata, models::ticketing::AnyEvent, on};

    /// Hooks of a module without a list can be named by their paths.
    #[on("ticketing.ticket.created")]
    pub(crate) async fn ticket_created() {
        tracing::info!("a ticket");
    }

    /// Handles the other events of the vertical, because the most specific pattern wins.
    #[on("ticketing.*")]
    pub(crate) async fn anything(Event(event): Event<AnyEvent>, meta: Metadata) {
        match event {
            AnyEvent::TicketPulled(tickets) => tracing::info!(tickets = tickets.len(), "a sync"),
            AnyEvent::CommentCreated(comment) => tracing::info!(ticket_id = comment.ticket_id, "a comment"),
            _ => tracing::info!(event_type = ?meta.event_type, "something about tickets"),
        }
    }
}

/// Replaces the log line for events that no other hook names.
#[on("*")]
async fn rest(meta: Metadata) {
    tracing::info!(event_type = ?meta.event_type, "something else");
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().init();
    let app = Router::new().route("/", get(async || "an application\n"));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 8000)).await?;
    Webhooks::new(Verifier::from_env("PANORA_WEBHOOK_SECRET")?)
        .hooks(crm::hooks)
        .hooks(hooks![ticketing::ticket_created, ticketing::anything])
        .hooks(hooks![rest])
        .serve_with("/webhook", app, listener)
        .await?;
    Ok(())
}
