#![doc = include_str!("docs/crate.md")]

pub mod catalogue;
mod dispatch;
mod execution;
mod extract;
mod hook;
mod linger;
mod outcome;
mod printable;
#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod receive;
mod refusal;
mod registry;
mod tally;
mod verify;
mod webhooks;

pub use axum::extract::{FromRef, State};
#[doc = include_str!("docs/on.md")]
pub use panora_hooks_macros::on;

pub use crate::{
    extract::{Event, FromDelivery, Metadata, PayloadError, RawData},
    outcome::HookError,
    registry::Registry,
    verify::{Delivery, SecretError, Verifier, VerifyError},
    webhooks::Webhooks,
};

#[doc = include_str!("docs/hooks.md")]
#[macro_export]
macro_rules! hooks {
    ($($list:tt)*) => {
        $crate::__private::hooks!($crate [$($list)*])
    };
}
