//! Hooks: the items that `#[on]` generates, lists of hooks, and calls.

mod call;
mod classify;
mod dispatch;
mod error;
mod future_of;
mod in_transaction;
mod lane;
mod registry;
mod running;
mod to_paste;

use std::{num::NonZeroU32, pin::Pin, time::Duration};

pub(crate) use self::{
    call::{Call, HookOutcome, Retry},
    dispatch::{Dispatch, Match},
    error::BoxError,
    in_transaction::{BoxFuture, InTransaction, StartHook},
    lane::lane,
    registry::RegisteredHook,
    running::{Ended, RunningHook, TimeLimit},
    to_paste::hook_to_paste_once,
};
pub use self::{
    classify::{Classify, ErrorClass},
    error::{HookError, IntoHookError, IntoOutcome, with_class},
    future_of::{FutureOf, HookId, Identifies},
    in_transaction::TransactionKind,
    registry::{HookList, IsForState, Registry},
    to_paste::{Feature, hook_to_paste},
};
use crate::delivery::Delivery;

/// A running hook.
pub type HookFuture = Pin<Box<dyn Future<Output = Result<(), HookError>> + Send>>;

/// A function that `#[on]` has turned into a hook for the state `S`.
///
/// Only `#[on]` implements this.
pub trait Hook<S>: Described {
    /// Extracts the arguments and calls the function.
    fn call(delivery: Delivery<'static>, state: S) -> HookFuture;
}

/// A hook, independent of the state.
///
/// Separate from [`Hook`], whose implementations have bounds: if a bound names a type that does not
/// exist, evaluating a constant crashes the compiler (1.95).
pub trait Described {
    /// The definition of the hook.
    const DEFINITION: Definition;
}

/// The definition of a hook: the facts that `#[on]` knows.
#[derive(Debug, Clone, Copy)]
pub struct Definition {
    /// The path of the function, including its crate.
    pub name: &'static str,
    /// The patterns as written.
    pub patterns: &'static [&'static str],
    /// Whether the option `unlisted` allows patterns that the catalogue does not hold.
    pub is_unlisted: bool,
    /// How long an attempt may take, if the hook sets it.
    pub timeout: Option<Duration>,
    /// The number of attempts after which an event is dead, if the hook sets it.
    pub attempts: Option<NonZeroU32>,
    /// How many attempts of the hook run at once in a worker, if the hook sets it.
    pub concurrency: Option<NonZeroU32>,
    /// Which events of the hook run one at a time, if any.
    pub serial: Option<Serial>,
    /// The transactions of which the hook takes one, if it does.
    pub transaction: Option<TransactionKind>,
    /// The file that holds the function.
    pub file: &'static str,
    /// The line of the attribute.
    pub line: u32,
}

/// The events of a hook that run one at a time, in the order of arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Serial {
    /// All events of the hook.
    All,
    /// The events with the same value at this JSON pointer into their data.
    By(&'static str),
}

impl Serial {
    /// Returns the name of the option.
    pub(crate) fn option(self) -> &'static str {
        match self {
            Self::All => "serial",
            Self::By(_) => "serial_by",
        }
    }
}

impl Definition {
    /// Returns the path of the function inside its crate, such as `crm::contact_created`.
    pub(crate) fn path(&self) -> &'static str {
        self.name.split_once("::").map_or(self.name, |(_crate, path)| path)
    }
}
