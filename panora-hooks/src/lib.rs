#![doc = include_str!("docs/crate.md")]

#[doc(hidden)]
pub mod __cli;
#[doc(hidden)]
pub mod __private;
pub mod catalogue;
mod delivery;
#[cfg(feature = "endpoints")]
pub mod endpoints;
mod extract;
// Documentation only. Its examples are compiled when every feature that they use is on.
#[cfg(any(
    all(doc, not(doctest)),
    all(
        doctest,
        feature = "crm",
        feature = "endpoints",
        feature = "postgres",
        feature = "serve",
        feature = "sqlite",
        feature = "testing"
    )
))]
pub mod guide;
mod hook;
mod http;
pub mod inbox;
mod metric;
pub mod models;
mod printable;
#[cfg(feature = "testing")]
pub mod testing;
pub mod transactions;
mod verify;
mod webhooks;

pub use axum::extract::FromRef;
/// An argument of a hook: a part of the application's state.
///
/// [`Webhooks::with_state`] sets the state `S` of a receiver. A hook that takes `State<T>` gets its
/// own `T` in each call: a clone of the state if `T` is `S`, otherwise the part that
/// [`T::from_ref`](FromRef::from_ref) returns for the state. A `T` that is not a part of the state
/// does not compile.
///
/// ```
/// use panora_hooks::{FromRef, State, on};
///
/// #[derive(Clone)]
/// struct Database;
///
/// #[derive(Clone)]
/// struct App {
///     database: Database,
/// }
///
/// impl FromRef<App> for Database {
///     fn from_ref(app: &App) -> Self {
///         app.database.clone()
///     }
/// }
///
/// #[on("crm.contact.created")]
/// async fn contact_created(State(database): State<Database>) { /* .. */ }
/// ```
///
/// This is axum's own type, so hooks and handlers share their state. The rest of this page is
/// axum's documentation of its use in handlers.
#[doc(inline)]
pub use axum::extract::State;
#[doc = include_str!("docs/on.md")]
pub use panora_hooks_macros::on;

/// An argument of a hook: an open PostgreSQL transaction of the application's own database (feature
/// `postgres`).
///
/// The hook's effects and the note that the event is done are committed together, so the effects
/// happen exactly once. It is usable wherever sqlx takes an executor, as `&mut *tx`:
///
/// ```
/// use panora_hooks::{Event, HookError, Tx, on};
///
/// #[derive(serde::Deserialize)]
/// struct Contact {
///     id: String,
///     first_name: Option<String>,
/// }
///
/// #[on("crm.contact.created")]
/// async fn contact_created(Event(contact): Event<Contact>, mut tx: Tx) -> Result<(), HookError> {
///     sqlx::query("INSERT INTO contacts (id, name) VALUES ($1, $2)")
///         .bind(&contact.id)
///         .bind(&contact.first_name)
///         .execute(&mut *tx)
///         .await?;
///     Ok(())
/// }
/// ```
///
/// It dereferences to `sqlx::PgConnection`. The transaction is committed after the hook has
/// returned `Ok`; the hook neither commits it nor rolls it back. [`transactions`] has the details.
#[cfg(feature = "postgres")]
pub type Tx = transactions::Tx<transactions::PostgresTransactions>;

pub use crate::{
    delivery::{Delivery, PayloadError},
    extract::{Event, FromDelivery, Metadata, RawData},
    hook::{Classify, ErrorClass, HookError, HookList, Registry},
    verify::{SecretError, Verifier, VerifyError},
    webhooks::{Webhooks, WebhooksWithInbox},
};

#[doc = include_str!("docs/hooks.md")]
#[macro_export]
macro_rules! hooks {
    ($($list:tt)*) => {
        $crate::__private::hooks!($crate [$($list)*])
    };
}

/// The code in the README compiles.
#[cfg(all(doctest, feature = "crm", feature = "serve", feature = "sqlite"))]
#[doc = include_str!("../../README.md")]
mod readme {}
