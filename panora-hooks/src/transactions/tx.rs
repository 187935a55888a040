//! [`Tx`]: an open transaction as an argument.

use std::{
    fmt,
    ops::{Deref, DerefMut},
};

use tokio::sync::oneshot::{self, Receiver, Sender};

use super::{TransactionError, Transactions};
use crate::{
    delivery::{Delivery, TransactionSlot},
    extract::FromDelivery,
    hook::HookError,
};

/// An argument of a hook: an open transaction in the application's own database.
///
/// See the [module documentation](super).
pub struct Tx<T: Transactions> {
    /// `Some` until it is dropped.
    transaction: Option<T::Transaction>,
    returns: Option<Sender<T::Transaction>>,
}

/// A transaction that is lent to a hook.
pub(super) struct Lent<T: Transactions>(Receiver<T::Transaction>);

impl<T: Transactions> Tx<T> {
    /// Lends a transaction to the hook that takes it out of the slot.
    pub(super) fn lend(transaction: T::Transaction) -> (TransactionSlot, Lent<T>) {
        let (returns, returned) = oneshot::channel();
        let tx = Self { transaction: Some(transaction), returns: Some(returns) };
        (TransactionSlot::new(tx), Lent(returned))
    }
}

impl<T: Transactions> Lent<T> {
    /// Returns the transaction once its [`Tx`] is dropped; `None` while the `Tx` exists.
    pub(super) fn take(mut self) -> Option<T::Transaction> {
        self.0.try_recv().ok()
    }
}

impl<T: Transactions> Drop for Tx<T> {
    /// Hands the transaction back. If the attempt has ended, the transaction is dropped, which
    /// rolls it back.
    fn drop(&mut self) {
        if let (Some(transaction), Some(returns)) = (self.transaction.take(), self.returns.take()) {
            drop(returns.send(transaction));
        }
    }
}

impl<T: Transactions, S> FromDelivery<S> for Tx<T> {
    fn from_delivery(delivery: &Delivery<'_>, _state: &S) -> Result<Self, HookError> {
        let taken = delivery.transaction().and_then(TransactionSlot::take);
        taken.ok_or_else(|| HookError::permanent(TransactionError::Missing))
    }
}

impl<T: Transactions> Deref for Tx<T> {
    type Target = <T::Transaction as Deref>::Target;

    fn deref(&self) -> &Self::Target {
        match &self.transaction {
            Some(transaction) => transaction,
            None => unreachable!("only `drop` takes the transaction out"),
        }
    }
}

impl<T: Transactions> DerefMut for Tx<T> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        match &mut self.transaction {
            Some(transaction) => transaction,
            None => unreachable!("only `drop` takes the transaction out"),
        }
    }
}

impl<T: Transactions> fmt::Debug for Tx<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tx(..)")
    }
}
