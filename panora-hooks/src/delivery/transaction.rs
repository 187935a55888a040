//! The transaction that a delivery carries to its hook.

use std::{
    any::Any,
    sync::{Arc, Mutex, PoisonError},
};

/// The place of a transaction that a hook takes as an argument. Clones of a delivery share it.
#[derive(Clone)]
pub(crate) struct TransactionSlot(Arc<Mutex<Option<Box<dyn Any + Send>>>>);

impl TransactionSlot {
    pub(crate) fn new(transaction: impl Any + Send) -> Self {
        Self(Arc::new(Mutex::new(Some(Box::new(transaction)))))
    }

    /// Takes the transaction out, unless it was taken already or is of another type.
    pub(crate) fn take<T: Any>(&self) -> Option<T> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = slot.take_if(|transaction| transaction.is::<T>())?;
        transaction.downcast().ok().map(|transaction| *transaction)
    }
}
