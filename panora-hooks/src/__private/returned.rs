//! Finds, by its type, an error that says whether it is permanent.

use core::ops::Deref;

use crate::hook::{Classify, ErrorClass};

/// Asks the result of a hook for the class of its error.
#[derive(Debug)]
pub struct Returned<'r, T>(pub &'r T);

impl<E: Classify> Returned<'_, Result<(), E>> {
    /// The class of the error. A method of the type itself comes before that of its target.
    pub fn __panora_hooks_class(&self) -> Option<ErrorClass> {
        self.0.as_ref().err().map(Classify::classify)
    }
}

/// The fallback for any other result. A trait would need an import, which is unused where
/// [`Returned`] has the method.
#[derive(Debug)]
pub struct Unclassified;

impl Unclassified {
    /// Nothing is known.
    #[must_use]
    pub fn __panora_hooks_class(&self) -> Option<ErrorClass> {
        None
    }
}

impl<T> Deref for Returned<'_, T> {
    type Target = Unclassified;

    fn deref(&self) -> &Unclassified {
        &Unclassified
    }
}
