//! Hooks that run in a transaction: what a call needs to know of the transactions.

use std::{
    any::{TypeId, type_name},
    fmt,
    panic::RefUnwindSafe,
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use super::{BoxError, HookFuture, TimeLimit, running::Ended};
use crate::delivery::Delivery;

/// Calls a hook with a delivery.
pub(crate) type StartHook = Box<dyn FnOnce(Delivery<'static>) -> HookFuture + Send>;

/// A future of a trait object.
pub(crate) type BoxFuture<'f, T> = Pin<Box<dyn Future<Output = T> + Send + 'f>>;

/// Runs hooks in transactions, of any kind. The builder that holds it may cross a `catch_unwind`.
pub(crate) trait InTransaction: Send + Sync + RefUnwindSafe {
    /// Returns the type of the transactions.
    fn kind(&self) -> TransactionKind;

    /// Begins a transaction, runs the hook, and ends the transaction.
    fn run(
        self: Arc<Self>,
        delivery: Delivery<'static>,
        hook: StartHook,
        limit: Option<TimeLimit>,
    ) -> BoxFuture<'static, Ended>;

    /// Finds out whether an earlier attempt has committed its transaction.
    fn look(self: Arc<Self>, delivery: Delivery<'static>, limit: TimeLimit) -> BoxFuture<'static, Ended>;

    /// Deletes up to `limit` of the markers that are older than `keep`. Returns their number.
    fn prune(&self, keep: Duration, limit: u32) -> BoxFuture<'_, Result<u64, BoxError>>;
}

/// The type of the transactions that a hook takes.
#[derive(Clone, Copy)]
pub struct TransactionKind {
    // A function, because `TypeId::of` is not `const` before Rust 1.91.
    id: fn() -> TypeId,
    name: fn() -> &'static str,
}

impl TransactionKind {
    /// Returns the kind of the transactions that `T` begins.
    pub(crate) const fn of<T: 'static>() -> Self {
        Self { id: TypeId::of::<T>, name: type_name::<T> }
    }

    pub(crate) fn is(self, other: Self) -> bool {
        (self.id)() == (other.id)()
    }

    /// Returns the name of the type, for people.
    pub(crate) fn name(self) -> &'static str {
        (self.name)()
    }
}

impl fmt::Debug for TransactionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
