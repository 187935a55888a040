//! Finds the transaction that a hook takes as an argument, at compile time.

use super::Argument;
use crate::{
    hook::TransactionKind,
    transactions::{Transactions, Tx},
};

impl<T: Transactions> Argument<Tx<T>> {
    /// The kind of the transaction. An inherent constant has precedence over the constant of a
    /// trait.
    pub const __PANORA_HOOKS_TRANSACTION: Option<TransactionKind> = Some(TransactionKind::of::<T>());
}

/// The fallback for any other argument.
pub trait NoTransaction {
    /// `None`: the argument is not a transaction.
    const __PANORA_HOOKS_TRANSACTION: Option<TransactionKind> = None;
}

impl<A> NoTransaction for Argument<A> {}

/// Returns the transaction that is among the arguments of a hook.
#[must_use]
pub const fn transaction(arguments: &[Option<TransactionKind>]) -> Option<TransactionKind> {
    let mut index = 0;
    while index < arguments.len() {
        if arguments[index].is_some() {
            return arguments[index];
        }
        index += 1;
    }
    None
}

/// Stops the build if an argument is a transaction, and so is an earlier one.
///
/// # Panics
///
/// Panics in that case.
#[track_caller]
pub const fn assert_one_transaction(argument: Option<TransactionKind>, earlier: &[Option<TransactionKind>]) {
    assert!(argument.is_none() || transaction(earlier).is_none(), "a hook takes one `Tx`");
}
