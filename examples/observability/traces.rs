//! Traces through OpenTelemetry, and a page that finds the spans of an event.
//!
//! The delivery of an event and each of its attempts are traces of their own, because an attempt
//! can come hours later and in another process. They share the attribute `event.id`.

use std::{
    collections::VecDeque,
    fmt::Write,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{Router, extract::Path, routing::get};
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{SdkTracerProvider, SpanData, SpanExporter},
};
use tracing::Subscriber;
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    registry::LookupSpan,
};

/// The number of spans that are kept.
const KEPT: usize = 1000;

/// The latest spans of this process. It takes the place of a collector, to which a receiver in
/// operation exports its spans.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spans(Arc<Mutex<VecDeque<SpanData>>>);

impl SpanExporter for Spans {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let mut spans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        spans.extend(batch);
        let excess = spans.len().saturating_sub(KEPT);
        spans.drain(..excess);
        Ok(())
    }
}

impl Spans {
    /// Returns the spans of an event in the order of their beginning, one per line.
    fn of_event(&self, id: &str) -> String {
        let spans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_of_event = |span: &&SpanData| {
            let mut attributes = span.attributes.iter();
            attributes.any(|attribute| attribute.key.as_str() == "event.id" && attribute.value.as_str() == id)
        };
        let mut found: Vec<_> = spans.iter().filter(is_of_event).collect();
        found.sort_by_key(|span| span.start_time);
        found.into_iter().fold(String::new(), |mut page, span| {
            let took = span.end_time.duration_since(span.start_time).unwrap_or_default();
            let _ = write!(page, "{} trace={} took={took:.1?}", span.name, span.span_context.trace_id());
            for attribute in &span.attributes {
                let _ = write!(page, " {}={}", attribute.key, attribute.value);
            }
            page.push('\n');
            page
        })
    }
}

/// Returns a layer that exports the spans of the library. Other crates have many more.
pub(crate) fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(spans: Spans) -> impl Layer<S> {
    // A batch exporter suits a collector better, because it does not block the code that ends a
    // span.
    let provider = SdkTracerProvider::builder().with_simple_exporter(spans).build();
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("observability"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_target(false)
        .with_filter(Targets::new().with_target("panora_hooks", LevelFilter::INFO))
}

/// Returns a router with the page of an event.
pub(crate) fn router(spans: Spans) -> Router {
    Router::new().route("/traces/{event_id}", get(async move |Path(id): Path<String>| spans.of_event(&id)))
}
