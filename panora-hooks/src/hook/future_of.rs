//! The future that a hook returns.

use std::{
    marker::PhantomData,
    pin::Pin,
    process::{ExitCode, Termination},
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

pin_project! {
    /// The future of a call of the hook `H`.
    ///
    /// It wraps the future of the user's function. Its type tells lists which hook returned it.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct FutureOf<H, F> {
        hook: PhantomData<H>,
        #[pin]
        future: F,
    }
}

impl<H, F> FutureOf<H, F> {
    /// Wraps a future of the hook.
    pub fn new(future: F) -> Self {
        Self { hook: PhantomData, future }
    }
}

impl<H, F: Future> Future for FutureOf<H, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.project().future.poll(context)
    }
}

// A `main` under `#[on]` then causes a single error, that of the attribute.
impl<H, F> Termination for FutureOf<H, F> {
    fn report(self) -> ExitCode {
        ExitCode::FAILURE
    }
}
