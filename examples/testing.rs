//! Tests of hooks, without a server.
//!
//! ```text
//! cargo test --example testing
//! ```

use std::sync::{Arc, Mutex, PoisonError};

use panora_hooks::{
    Event, HookError, State, hooks,
    models::crm::{Contact, ContactRow},
    on,
    testing::sample,
};

/// The names that have been greeted.
#[derive(Clone, Default)]
struct Greeted(Arc<Mutex<Vec<String>>>);

impl Greeted {
    fn push(&self, name: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(name);
    }
}

#[on("crm.contact.created")]
async fn contact_created(Event(contact): Event<Contact>, greeted: State<Greeted>) -> Result<(), HookError> {
    let name = contact.first_name.ok_or_else(|| HookError::permanent("the contact has no name"))?;
    greeted.push(name);
    Ok(())
}

#[on("crm.contact.pulled")]
async fn contacts_pulled(Event(contacts): Event<Vec<ContactRow>>, greeted: State<Greeted>) {
    contacts.into_iter().filter_map(|contact| contact.first_name).for_each(|name| greeted.push(name));
}

/// A sample is a delivery as the sender makes it. It is useful not only in tests.
#[tokio::main]
async fn main() {
    tracing_subscriber::fmt().init();
    for event_type in ["crm.contact.created", "crm.contact.pulled", "crm.deal.created"] {
        let greeted = Greeted::default();
        let outcome = sample(event_type).run(greeted.clone(), hooks![contact_created, contacts_pulled]).await;
        tracing::info!(?outcome, greeted = ?greeted.0, "{event_type}");
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use panora_hooks::{Verifier, Webhooks, testing::Outcome};

    use super::*;

    impl Greeted {
        fn names(&self) -> Vec<String> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
        }
    }

    #[tokio::test]
    async fn a_contact_is_greeted() {
        let greeted = Greeted::default();
        let contact = sample("crm.contact.created").set("first_name", "Ada");
        assert!(contact.run(greeted.clone(), hooks![contact_created]).await.is_handled());
        assert_eq!(greeted.names(), ["Ada"]);
    }

    #[tokio::test]
    async fn a_contact_without_a_name_is_not_retried() {
        let contact = sample("crm.contact.created").set("first_name", None::<String>);
        let outcome = contact.run(Greeted::default(), hooks![contact_created]).await;
        assert!(outcome.error().is_some_and(|error| !error.is_retryable()), "{outcome:?}");
    }

    #[tokio::test]
    async fn an_empty_sync_is_handled() {
        let nobody = sample("crm.contact.pulled").set(".", [(); 0]);
        let outcome = nobody.run(Greeted::default(), hooks![contacts_pulled]).await;
        assert!(
            matches!(outcome, Outcome::Handled { hook } if hook.ends_with("contacts_pulled")),
            "{outcome:?}"
        );
    }

    /// Sends a signed HTTP request through the router.
    #[tokio::test]
    async fn the_router_accepts_a_signed_sample() -> Result<(), panora_hooks::SecretError> {
        let verifier = Verifier::new("secret")?;
        let router = Webhooks::new(verifier.clone())
            .with_state(Greeted::default())
            .hooks(hooks![contact_created])
            .into_router("/webhook");
        let response = sample("crm.contact.created").send(router, &verifier, "/webhook").await;
        assert_eq!(response.status(), StatusCode::OK);
        Ok(())
    }

    /// A function with `#[on(..)]` is still a function, and models can be constructed.
    #[tokio::test]
    async fn a_hook_can_be_called_directly() -> Result<(), HookError> {
        let greeted = Greeted::default();
        let contact = Contact { first_name: Some("Grace".to_owned()), ..Contact::default() };
        contact_created(Event(contact), State(greeted.clone())).await?;
        assert_eq!(greeted.names(), ["Grace"]);
        Ok(())
    }
}
