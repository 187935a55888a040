//! Whether an inbox does its work.

use std::{sync::Arc, time::Duration};

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{self, MethodRouter},
};

use super::{Inbox, error::chain};

/// A store that takes longer to answer is not ready.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A handler for what watches the receiver: 200 while the inbox takes events and no event has been ready for longer than
/// `max_wait`, else 503. The answer is one line of text that says which.
///
/// It is for an alarm. A load balancer that stops sending to the last receiver loses events which that would have stored:
/// a backlog, as after a restart, is no reason to receive nothing.
///
/// ```
/// # use std::time::Duration;
/// use axum::Router;
/// use panora_hooks::inbox::{self, MemoryInbox};
///
/// let inbox = MemoryInbox::new();
/// let router: Router =
///     Router::new().route("/ready", inbox::readiness(inbox, Duration::from_secs(300)));
/// ```
pub fn readiness<S2: Clone + Send + Sync + 'static>(
    inbox: impl Inbox,
    max_wait: Duration,
) -> MethodRouter<S2> {
    let inbox = Arc::new(inbox);
    routing::get(move || {
        let inbox = Arc::clone(&inbox);
        async move {
            let answer = tokio::time::timeout(TIMEOUT, check(&*inbox, max_wait)).await;
            answer.unwrap_or_else(|_| not_ready("the inbox does not answer"))
        }
    })
}

async fn check(inbox: &impl Inbox, max_wait: Duration) -> Response {
    let depth = match inbox.put(Vec::new()).await {
        Ok(_) => inbox.depth().await,
        Err(error) => Err(error),
    };
    match depth {
        Ok(depth) => match depth.oldest_ready {
            Some(wait) if wait > max_wait => {
                not_ready(&format!("an event has been waiting for {} s", wait.as_secs()))
            }
            _ => "ready\n".into_response(),
        },
        Err(error) => {
            tracing::warn!("not ready: {}", chain(&error));
            // Without the cause, which is for the log.
            not_ready(&error.to_string())
        }
    }
}

fn not_ready(why: &str) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {why}\n")).into_response()
}
