//! Runs hooks without HTTP.

use super::Outcome;
use crate::{
    delivery::Delivery,
    hook::{Dispatch, Ended, HookError, Match},
};

pub(super) async fn run<S: Send + 'static>(
    delivery: Delivery<'static>,
    state: S,
    dispatch: Dispatch<S>,
) -> Outcome {
    let Some(Match { hook, event_type, .. }) = dispatch.find(delivery.wire_type()) else {
        return Outcome::Unhandled;
    };
    let call = dispatch.call(hook, delivery.with_event_type(event_type), state, None);
    let hook = call.hook();
    match call.ended().await {
        Ended::Returned(Ok(())) => Outcome::Handled { hook },
        Ended::AlreadyDone => Outcome::AlreadyDone { hook },
        Ended::Returned(Err(error)) | Ended::NotMarked(error) => Outcome::Failed { hook, error },
        Ended::Unresolved(error) => Outcome::Failed { hook, error: HookError::Retry(error) },
        Ended::Panicked => Outcome::Panicked { hook },
        Ended::NotDone | Ended::TimedOut(_) => unreachable!(),
    }
}
