//! The future that a hook returns.

use std::{
    marker::PhantomData,
    pin::Pin,
    process::{ExitCode, Termination},
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

pin_project! {
    /// The future of a call of the hook that the `Id` identifies.
    ///
    /// It wraps the future of the user's function. Its type tells lists which hook returned it.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct FutureOf<Id, F> {
        id: PhantomData<Id>,
        #[pin]
        future: F,
    }
}

/// Identifies a hook in the signature of its function, by hashes of its name and patterns and of
/// its place in the source.
///
/// The signature cannot name the marker of the hook, which is inside the function. It cannot be
/// beside the function, because an `impl` block contains no types.
#[derive(Debug)]
pub struct HookId<const KNOWN: u64, const PLACE: u64>;

/// The marker `H` of the hook that an id identifies.
///
/// An id has one implementation, so the compiler finds the marker. A local type among the
/// parameters lets the user's crate implement the trait for our type.
pub trait Identifies<H> {}

impl<Id, F> FutureOf<Id, F> {
    /// Marks a future of the hook.
    pub fn new(future: F) -> Self {
        Self { id: PhantomData, future }
    }
}

impl<Id, F: Future> Future for FutureOf<Id, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.project().future.poll(context)
    }
}

// A `main` under `#[on]` has one error, that of the attribute.
impl<Id, F> Termination for FutureOf<Id, F> {
    fn report(self) -> ExitCode {
        ExitCode::FAILURE
    }
}
