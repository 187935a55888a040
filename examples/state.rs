//! Hooks with state, and their handling of errors.
//!
//! ```text
//! PANORA_WEBHOOK_SECRET=… cargo run --example state
//! ```

use std::{
    collections::HashSet,
    net::Ipv4Addr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::extract::FromRef;
use panora_hooks::{
    Classify, ErrorClass, Event, HookError, Metadata, State, Verifier, Webhooks, hooks, models::crm::Contact,
    on,
};
use tokio::net::TcpListener;

/// The state of the application. A hook takes the part that it needs.
#[derive(Clone, FromRef)]
struct App {
    customers: Customers,
    mailer: Mailer,
}

/// Stands for a database.
#[derive(Clone, Default)]
struct Customers(Arc<Mutex<HashSet<String>>>);

impl Customers {
    fn contains(&self, email: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(email)
    }

    fn insert(&self, email: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(email.to_owned());
    }
}

/// Stands for a mail server.
#[derive(Clone)]
struct Mailer {
    domain: &'static str,
}

#[derive(Debug, thiserror::Error)]
enum MailError {
    #[error("the mail server does not answer")]
    Unavailable,
    #[error("not an address")]
    NotAnAddress,
}

/// An inbox retries while the mail server does not answer. An address never becomes valid.
impl Classify for MailError {
    fn classify(&self) -> ErrorClass {
        match self {
            Self::Unavailable => ErrorClass::Retryable,
            Self::NotAnAddress => ErrorClass::Permanent,
        }
    }
}

impl Mailer {
    async fn welcome(&self, email: &str) -> Result<(), MailError> {
        tokio::task::yield_now().await;
        match email.split_once('@') {
            Some((_, domain)) if domain == self.domain => Ok(()),
            Some(_) => Err(MailError::Unavailable),
            None => Err(MailError::NotAnAddress),
        }
    }
}

/// `?` converts every error into a [`HookError`], which is retried. [`HookError::permanent`] is not
/// retried, and [`HookError::classify`] asks the error.
#[on("crm.contact.created")]
async fn contact_created(
    Event(contact): Event<Contact>,
    State(customers): State<Customers>,
    State(mailer): State<Mailer>,
) -> Result<(), HookError> {
    let mut addresses = contact.email_addresses.into_iter().flatten();
    let Some(address) = addresses.find_map(|email| email.email_address) else {
        return Err(HookError::permanent("the contact has no email address"));
    };
    // An event can arrive twice, under the same id or another, so a completed mail is not sent
    // again. It is recorded only afterwards: recorded before, a mail that fails would be skipped on
    // retry.
    if !customers.contains(&address) {
        mailer.welcome(&address).await.map_err(HookError::classify)?;
        customers.insert(&address);
    }
    Ok(())
}

/// With an error type of your own as the result, `?` is enough.
#[on("crm.user.pulled")]
async fn users_pulled(State(app): State<App>, meta: Metadata) -> Result<(), MailError> {
    tracing::info!(attempt = meta.attempt, "users");
    app.mailer.welcome("admin@example.com").await
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().init();
    let app = App { customers: Customers::default(), mailer: Mailer { domain: "example.com" } };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 8000)).await?;
    Webhooks::new(Verifier::from_env("PANORA_WEBHOOK_SECRET")?)
        .with_state(app)
        .hooks(hooks![contact_created, users_pulled])
        .serve("/webhook", listener)
        .await?;
    Ok(())
}
