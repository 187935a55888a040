//! What generated code names. Not for users: anything here may change in any release.

mod candidate;
mod clash;
mod message;
mod payload;
mod text;

pub use core::{any::TypeId, concat, file, line, marker::Send, mem::drop, module_path, unreachable};
pub use std::boxed::Box;

pub use panora_hooks_macros::hooks;

pub use self::{
    candidate::{Absent, Candidate, NotAHook, Probe, Register, fallback, type_of},
    clash::{Clash, Clashes, Listed, assert_unclaimed, clashes, slots},
    payload::{Argument, Carried, FitsAny, Pattern, Payload, Shape, assert_carried},
};
pub use crate::{
    delivery::Delivery,
    extract::{FromDelivery, FromPayload, HasPart, extract},
    hook::{Definition, Described, Hook, HookFuture, IntoHookError, IntoOutcome, Registry},
};
