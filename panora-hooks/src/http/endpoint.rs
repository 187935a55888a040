//! The HTTP endpoint: turns each request into a response.

use std::sync::Arc;

use axum::{Router, extract::Request, response::Response, routing};
use bytestring::ByteString;
use tracing::{Instrument, field};

use super::{
    body,
    drain::drain,
    execution::Execution,
    head::{check_method, signature},
    outcome::{DeliveryOutcome, Tally},
    refusal::Refusal,
};
use crate::{
    delivery::Delivery,
    hook::{Dispatch, RegisteredHook, hook_to_paste_once, lane},
    inbox::{
        Lane, NewEvent, ParkReason, Put,
        writer::{NotStored, Writer},
    },
    printable::Printable,
    transactions::pruning::Pruning,
    verify::{Signature, Verifier, VerifyError},
};

/// Answers requests. All requests of a router share it.
pub(crate) struct DeliveryEndpoint<S> {
    pub(crate) verifier: Verifier,
    pub(crate) state: S,
    pub(crate) dispatch: Arc<Dispatch<S>>,
    /// Stores events. `None` without an inbox.
    pub(crate) writer: Option<Arc<Writer>>,
    /// Deletes old markers. `None` with an inbox, whose worker does that, or without transactions.
    pub(crate) pruning: Option<Pruning>,
    pub(crate) bodies: body::BodyReader,
}

impl<S: Clone + Send + Sync + 'static> DeliveryEndpoint<S> {
    /// Returns a router that answers at `path`, with and without a trailing slash.
    #[track_caller]
    pub(crate) fn into_router<S2: Clone + Send + Sync + 'static>(self, path: &str) -> Router<S2> {
        assert!(path.starts_with('/'), "the path `{path}` does not begin with `/`: write `/{path}`");
        let endpoint = Arc::new(self);
        let answer = routing::any(move |request: Request| Arc::clone(&endpoint).answer(request));
        let path = path.trim_end_matches('/');
        let router = Router::new().route(&format!("{path}/"), answer.clone());
        if path.is_empty() { router } else { router.route(path, answer) }
    }

    /// Answers a request, and counts it under exactly one outcome.
    pub(crate) async fn answer(self: Arc<Self>, request: Request) -> Response {
        let span = tracing::info_span!(
            "delivery",
            event.id = field::Empty,
            event.r#type = field::Empty,
            attempt = field::Empty,
            outcome = field::Empty,
        );
        let tally = Tally::new(span.clone());
        let outcome = self.process(request, tally).instrument(span).await;
        outcome.into_response(self.writer.is_some())
    }

    async fn process(self: &Arc<Self>, request: Request, mut tally: Tally) -> DeliveryOutcome {
        let (body, signature) = match self.read(request).await {
            Ok(read) => read,
            Err(refusal) => return refuse(refusal, tally),
        };
        let delivery = match self.verifier.verify_text(&body, &signature) {
            Ok(delivery) => delivery,
            Err(error) => return refuse(Refusal::Unverified(error), tally),
        };
        tally.set_event_type(delivery.wire_type());
        let found = self.dispatch.find(delivery.wire_type());
        let delivery = delivery.with_event_type(found.as_ref().and_then(|found| found.event_type));
        let (id, event_type) = (Printable(delivery.id()), Printable(delivery.event_type()));
        tally.span().record("event.id", field::display(id));
        tally.span().record("event.type", field::display(event_type));
        tally.span().record("attempt", delivery.attempt());
        if found.is_none() {
            tracing::warn!(
                event.id = %id,
                event.r#type = %event_type,
                size = delivery.data().len(),
                hook_to_paste = hook_to_paste_once(delivery.event_type()).map(field::display),
                "no hook for this event type"
            );
        }
        let delivery = delivery.into_shared(&body);
        let (hook, queue) = (found.as_ref().map(|found| *found.hook), found.map(|found| found.queue));
        let Some(writer) = &self.writer else { return self.run(hook, delivery, tally).await };
        let event = NewEvent::new(delivery.clone());
        let event = match queue {
            Some(queue) => event.in_queue(ByteString::from_static(queue)),
            None => event.parked(ParkReason::Unhandled),
        };
        let event = match hook.and_then(|hook| lane(&hook.definition, &delivery)) {
            Some(lane) => event.in_lane(Lane::from_bytes(lane)),
            None => event,
        };
        let storing = Arc::clone(self).store(Arc::clone(writer), event, hook, delivery, tally);
        // A task of its own stores the event even if the sender disconnects.
        tokio::spawn(storing.in_current_span()).await.unwrap_or(DeliveryOutcome::Abandoned)
    }

    /// Reads the parts of a request that are verified. The body is not read before the header has
    /// the right shape.
    async fn read(&self, request: Request) -> Result<(ByteString, Signature), Refusal> {
        let (head, mut body) = request.into_parts();
        let read = async {
            check_method(&head.method)?;
            let signature = Signature::parse(signature(&head.headers)?.as_bytes());
            let signature = signature.ok_or(Refusal::Unverified(VerifyError::SignatureFormat))?;
            let body = self.bodies.read(&mut body).await?;
            Ok((body, signature))
        };
        let read = read.await;
        if read.is_err() {
            drain(&head.headers, body, self.bodies.timeout());
        }
        read
    }

    /// Runs the hook of an event before the answer.
    async fn run(
        &self,
        hook: Option<RegisteredHook<S>>,
        delivery: Delivery<'static>,
        tally: Tally,
    ) -> DeliveryOutcome {
        let Some(hook) = hook else { return tally.close(DeliveryOutcome::Unhandled) };
        if let Some(pruning) = &self.pruning {
            pruning.start();
        }
        let call = self.dispatch.call(&hook, delivery, self.state.clone(), hook.definition.timeout);
        Execution::new(call, tally).await
    }

    /// Stores an event. If the store is unreachable, the hook runs before the answer.
    async fn store(
        self: Arc<Self>,
        writer: Arc<Writer>,
        event: NewEvent,
        hook: Option<RegisteredHook<S>>,
        delivery: Delivery<'static>,
        tally: Tally,
    ) -> DeliveryOutcome {
        let outcome = match writer.store(event).await {
            Ok(Put::Stored(_)) => DeliveryOutcome::Stored,
            Ok(Put::Duplicate(_)) => DeliveryOutcome::Duplicate,
            Ok(Put::Parked(_, reason)) => {
                tracing::warn!("the event is stored but not run: {reason}");
                DeliveryOutcome::Parked(reason)
            }
            Err(NotStored { is_transient: true }) if hook.is_some() => {
                tracing::warn!("the inbox cannot be reached: the hook runs before the answer");
                return self.run(hook, delivery, tally).await;
            }
            Err(_) => DeliveryOutcome::NotStored,
        };
        tally.close(outcome)
    }
}

fn refuse(refusal: Refusal, tally: Tally) -> DeliveryOutcome {
    tracing::warn!("delivery refused: {refusal}");
    tally.close(DeliveryOutcome::Refused(refusal))
}
