// A hook is still the function that it was.
#![deny(warnings)]

use std::future::Future;

use panora_hooks::{Event, HookError, Metadata, Verifier, Webhooks, hooks, on};

#[on("crm.contact.created")]
async fn contact_created(Event(name): Event<String>) -> Result<(), std::fmt::Error> {
    if name.is_empty() { Err(std::fmt::Error) } else { Ok(()) }
}

#[on("crm.deal.created")]
async fn counts_down(Event(mut rest): Event<u32>) {
    if rest > 0 {
        rest -= 1;
        Box::pin(counts_down(Event(rest))).await;
    }
}

#[on("crm.company.created")]
async fn returns_early(Event(name): Event<Option<String>>) -> Result<(), HookError> {
    let Some(name) = name else { return Ok(()) };
    Err(HookError::permanent(std::io::Error::other(name)))?
}

#[on("crm.task.created")]
async fn never_returns() -> ! {
    std::future::pending().await
}

#[on("crm.note.created")]
async fn opaque_error() -> Result<(), impl std::error::Error + Send + Sync + use<>> {
    Ok::<(), std::fmt::Error>(())
}

// The attribute rewrites the function, above and below.
#[tracing::instrument(skip_all)]
#[on("ticketing.ticket.created")]
async fn instrumented_above(Event(name): Event<String>) -> Result<(), std::fmt::Error> {
    contact_created(Event(name)).await
}

#[on("ticketing.comment.created")]
#[tracing::instrument(skip_all, err)]
async fn instrumented_below(Event(name): Event<String>) -> Result<(), std::fmt::Error> {
    contact_created(Event(name)).await
}

#[on("ticketing.user.pulled")]
#[cfg_attr(all(), expect(unused_variables, reason = "fulfilled in the user's function"))]
#[inline]
async fn with_levels(meta: Metadata) {}

#[on("ticketing.team.pulled")]
#[rustfmt::skip]
#[allow(clippy::too_many_arguments)]
async fn sixteen_arguments(
    _: Metadata, _: Metadata, _: Metadata, _: Metadata, _: Metadata, _: Metadata, _: Metadata, _: Metadata,
    _: Metadata, _: Metadata, _: Metadata, _: Metadata, _: Metadata, _: Metadata, _: Metadata, _: Metadata,
) {
}

fn output<F: Future + Send + 'static>(future: F) -> F {
    future
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![
        contact_created,
        counts_down,
        instrumented_above,
        instrumented_below,
        never_returns,
        opaque_error,
        returns_early,
        sixteen_arguments,
        with_levels,
    ]);
    assert!(contact_created(Event("Ada".to_owned())).await.is_ok());
    let as_a_value: fn(_) -> _ = contact_created;
    assert!(as_a_value(Event(String::new())).await.is_err());
    assert!(tokio::spawn(contact_created(Event(String::new()))).await.unwrap().is_err());
    counts_down(Event(3)).await;
    assert!(returns_early(Event(None)).await.is_ok());
    assert!(output(returns_early(Event(Some("Ada".to_owned())))).await.is_err());
    assert!(opaque_error().await.is_ok());
    assert!(instrumented_above(Event(String::new())).await.is_err());
    assert!(instrumented_below(Event(String::new())).await.is_err());
    drop(never_returns());
}
