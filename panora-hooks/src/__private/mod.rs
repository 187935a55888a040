//! Items that generated code names. Not public API: any item may change in any release.

mod clash;
mod entry;
mod field;
mod message;
mod payload;
mod place;
mod returned;
mod taken;
mod text;

pub use core::{
    cfg, concat, file,
    future::{Future, Pending, pending},
    line,
    marker::Send,
    mem::drop,
    module_path,
    num::NonZeroU32,
    option::Option::{None, Some},
    option_env,
    time::Duration,
    unreachable,
};
pub use std::boxed::Box;

pub use panora_hooks_macros::hooks;

pub use self::{
    clash::{Clash, Clashes, Listed, assert_unclaimed, clashes, slots},
    entry::{Entry, HookFunction, NotAHook, listed},
    field::assert_field,
    payload::{Argument, Carried, FitsAny, Pattern, Payload, Shape, assert_carried},
    place::place,
    returned::{Returned, Unclassified},
    taken::{NoTransaction, assert_one_transaction, transaction},
};
pub use crate::{
    delivery::Delivery,
    extract::{FromDelivery, FromDeliveryNotJson, FromPayload, HasPart, extract},
    hook::{
        Definition, Described, FutureOf, Hook, HookFuture, HookId, Identifies, IntoHookError, IntoOutcome,
        IsForState, Registry, Serial, TransactionKind, with_class,
    },
};
