#![doc = include_str!("docs/crate.md")]

#[doc(hidden)]
pub mod __private;
mod body;
pub mod catalogue;
mod delivery;
mod dispatch;
#[cfg(feature = "endpoints")]
pub mod endpoints;
mod execution;
mod extract;
// Documentation alone. Its code is compiled where all is there that it is about.
#[cfg(any(
    all(doc, not(doctest)),
    all(
        doctest,
        feature = "crm",
        feature = "endpoints",
        feature = "postgres",
        feature = "sqlite",
        feature = "testing"
    )
))]
pub mod guide;
mod hook;
pub mod inbox;
#[cfg(feature = "testing")]
mod json;
mod json_string;
mod linger;
mod memory;
pub mod models;
mod outcome;
mod printable;
mod receive;
mod refusal;
mod registry;
mod scope;
mod tally;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "cli")]
pub mod tools;
mod verify;
mod webhooks;
mod webhooks_with_inbox;

pub use axum::extract::{FromRef, State};
#[doc = include_str!("docs/on.md")]
pub use panora_hooks_macros::on;

pub use crate::{
    delivery::{Delivery, PayloadError},
    extract::{Event, FromDelivery, Metadata, RawData},
    outcome::HookError,
    registry::Registry,
    verify::{SecretError, Verifier, VerifyError},
    webhooks::Webhooks,
    webhooks_with_inbox::WebhooksWithInbox,
};

#[doc = include_str!("docs/hooks.md")]
#[macro_export]
macro_rules! hooks {
    ($($list:tt)*) => {
        $crate::__private::hooks!($crate [$($list)*])
    };
}

/// The code in the README compiles.
#[cfg(all(doctest, feature = "crm", feature = "testing"))]
#[doc = include_str!("../../README.md")]
mod readme {}
