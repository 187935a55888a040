//! Runs hooks without HTTP.

use std::{
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    task::Poll,
};

use super::Outcome;
use crate::{
    delivery::Delivery,
    hook::{Dispatch, Match, Registry},
};

pub(super) async fn run<S>(delivery: Delivery<'static>, state: S, registry: Registry<S>) -> Outcome {
    let dispatch = Dispatch::new(registry);
    let Some(Match { hook, event_type, .. }) = dispatch.find(delivery.wire_type()) else {
        return Outcome::Unhandled;
    };
    let (hook, call) = (hook.definition.path(), hook.call);
    let mut running = call(delivery.with_event_type(event_type), state);
    let ended = poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| running.as_mut().poll(context)));
        polled.map_or(Poll::Ready(None), |poll| poll.map(Some))
    });
    match ended.await {
        Some(Ok(())) => Outcome::Handled { hook },
        Some(Err(error)) => Outcome::Failed { hook, error },
        None => Outcome::Panicked { hook },
    }
}
