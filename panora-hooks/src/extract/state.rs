//! [`State`]: parts of the application's state, extracted with axum's own type.

use axum::extract::{FromRef, State};

use super::FromDelivery;
use crate::{delivery::Delivery, hook::HookError};

impl<S: HasPart<T>, T> FromDelivery<S> for State<T> {
    fn from_delivery(_delivery: &Delivery<'_>, state: &S) -> Result<Self, HookError> {
        Ok(Self(state.part()))
    }
}

/// `T: FromRef<Self>` with the state as the implementing type, so that the compile error for a
/// missing part can name a fix.
#[diagnostic::on_unimplemented(
    message = "`{T}: FromRef<{Self}>` is not satisfied",
    label = "the state is `{Self}`, which has no part `{T}`",
    note = "call `.with_state(..)` before `.hooks(..)`; without it the state is `()`",
    note = "in a list that takes a bare `&mut Registry` the state is `()`, too: write `&mut Registry<YourState>`",
    note = "derive `FromRef` for `{Self}` (feature `macros` of axum), or implement `FromRef<{Self}>` for `{T}`"
)]
pub trait HasPart<T> {
    /// Returns the part.
    fn part(&self) -> T;
}

#[diagnostic::do_not_recommend]
impl<S, T: FromRef<S>> HasPart<T> for S {
    fn part(&self) -> T {
        T::from_ref(self)
    }
}
