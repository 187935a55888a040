//! From an HTTP request to its answer.

use std::{error::Error, sync::Arc, time::Duration};

use axum::{
    body::{Body, HttpBody},
    extract::Request,
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse, Response},
};
use bytestring::ByteString;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tracing::{Instrument, field};

use crate::{
    dispatch::Dispatch,
    execution::Execution,
    linger::linger,
    printable::Printable,
    refusal::Refusal,
    tally::{Outcome, Tally},
    verify::{Signature, Verifier, VerifyError},
};

const SIGNATURE_HEADER: &str = "panora-signature";

/// What a router needs to answer.
pub(crate) struct Endpoint<S> {
    pub(crate) verifier: Verifier,
    pub(crate) state: S,
    pub(crate) dispatch: Dispatch<S>,
    pub(crate) max_body_bytes: usize,
    pub(crate) read_timeout: Duration,
}

impl<S: Clone + Send + Sync + 'static> Endpoint<S> {
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
        let answer = async {
            match self.read(request).await {
                Ok((body, signature)) => self.handle(&body, &signature, tally).await,
                Err(refusal) => refuse(refusal, tally),
            }
        };
        answer.instrument(span).await
    }

    /// Reads what is to be verified. The body is not touched before the header has the right shape.
    async fn read(&self, request: Request) -> Result<(ByteString, Signature), Refusal> {
        let (head, mut body) = request.into_parts();
        let read = async {
            if head.method != Method::POST {
                return Err(Refusal::Method);
            }
            let signature = signature(&head.headers)?;
            let body = self.read_body(&mut body).await?;
            Ok((body, signature))
        };
        let read = read.await;
        if read.is_err() {
            linger(&head.headers, body, self.read_timeout);
        }
        read
    }

    async fn read_body(&self, body: &mut Body) -> Result<ByteString, Refusal> {
        let limit = self.max_body_bytes;
        if body.size_hint().lower() > limit as u64 {
            return Err(Refusal::TooLarge { limit });
        }
        let collect = Limited::new(body, limit).collect();
        let collected = tokio::time::timeout(self.read_timeout, collect).await;
        match collected.map_err(|_elapsed| Refusal::TooSlow)? {
            Ok(body) => ByteString::try_from(body.to_bytes()).map_err(|_| VerifyError::Malformed.into()),
            Err(error) if is_over_limit(&*error) => Err(Refusal::TooLarge { limit }),
            Err(_) => Err(Refusal::Incomplete),
        }
    }

    async fn handle(&self, body: &ByteString, signature: &Signature, tally: Tally) -> Response {
        let delivery = match self.verifier.verify_text(body, signature) {
            Ok(delivery) => delivery,
            Err(error) => return refuse(error.into(), tally),
        };
        let hook = self.dispatch.find(delivery.wire_type());
        let delivery = delivery.with_event_type(hook.and_then(|(_, event_type)| event_type));
        let (id, event_type) = (Printable(delivery.id()), Printable(delivery.event_type()));
        tally.span().record("event.id", field::display(id));
        tally.span().record("event.type", field::display(event_type));
        tally.span().record("attempt", delivery.attempt());
        let Some((hook, _)) = hook else {
            tracing::warn!(
                event.id = %id,
                event.r#type = %event_type,
                size = delivery.data().len(),
                "no hook for this event type"
            );
            tally.close(&Outcome::Unhandled);
            return StatusCode::OK.into_response();
        };
        let running = (hook.call)(delivery.into_shared(body), self.state.clone());
        match Execution::new(hook.definition, running, tally).await {
            Outcome::Handled => StatusCode::OK.into_response(),
            _ => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}

fn refuse(refusal: Refusal, tally: Tally) -> Response {
    tracing::warn!("delivery refused: {refusal}");
    let response = (&refusal).into_response();
    tally.close(&Outcome::Refused(refusal));
    response
}

fn signature(headers: &HeaderMap) -> Result<Signature, Refusal> {
    let mut values = headers.get_all(SIGNATURE_HEADER).iter();
    let value = values.next().ok_or(Refusal::NoSignature)?;
    if values.next().is_some() {
        return Err(Refusal::TwoSignatures);
    }
    Signature::parse(value.as_bytes()).ok_or(Refusal::Unverified(VerifyError::SignatureFormat))
}

/// Whether the limit was ours or a layer's: either way the body is too large.
fn is_over_limit(error: &(dyn Error + 'static)) -> bool {
    let mut error = Some(error);
    while let Some(current) = error {
        if current.is::<LengthLimitError>() {
            return true;
        }
        error = current.source();
    }
    false
}
