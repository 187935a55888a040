//! A handler that reports whether an inbox works and keeps up.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{self, MethodRouter},
};
use tokio::sync::watch;

use super::{Inbox, InboxError, error::chain, patience::within};

/// The time after which a store that does not answer is not ready.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Returns a handler for monitoring. It answers 200 while the inbox accepts events and no event has
/// been ready for longer than `max_wait`, otherwise 503. The body is one line of text that says
/// which.
///
/// Requests that arrive together share one [probe](Inbox::probe) of the inbox, so that probes
/// cannot pile up while a store is slow. The probe continues if a client disconnects.
///
/// Use the handler for an alarm. A load balancer that stops sending to the last receiver loses
/// events that this receiver would have stored. A backlog, for example after a restart, is not a
/// reason to receive nothing.
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
    let probe = Arc::new(Probe { inbox, running: Mutex::default() });
    routing::get(move || {
        let probe = Arc::clone(&probe);
        async move {
            match probe.ask().await {
                Err(why) => not_ready(&why),
                Ok(Some(wait)) if wait > max_wait => {
                    not_ready(&format!("an event has been waiting for {} s", wait.as_secs()))
                }
                Ok(_) => "ready\n".into_response(),
            }
        }
    })
}

/// How long the oldest ready event has been ready, or why the inbox is not ready.
type ProbeResult = Result<Option<Duration>, String>;

/// Probes an inbox, one request at a time.
struct Probe<I> {
    inbox: I,
    /// Receives the answer to the running request, if there is one.
    running: Mutex<Option<watch::Receiver<Option<ProbeResult>>>>,
}

impl<I> Probe<I> {
    fn running(&self) -> MutexGuard<'_, Option<watch::Receiver<Option<ProbeResult>>>> {
        // No code panics while it holds the lock.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<I: Inbox> Probe<I> {
    /// Waits for the running request, or starts one.
    async fn ask(self: &Arc<Self>) -> ProbeResult {
        let mut answer = self.running().get_or_insert_with(|| self.start()).clone();
        // The task ends without an answer if the store panics.
        let answered = answer.wait_for(Option::is_some).await;
        let answered = answered.ok().and_then(|answer| answer.clone());
        answered.unwrap_or_else(|| Err("the inbox does not answer".to_owned()))
    }

    /// Starts a request, which clears `running` when it is answered.
    fn start(self: &Arc<Self>) -> watch::Receiver<Option<ProbeResult>> {
        let (sender, receiver) = watch::channel(None);
        let ended = ProbeGuard(Arc::clone(self));
        tokio::spawn(async move {
            let answer = within(TIMEOUT, ended.0.inbox.probe()).await;
            drop(ended);
            sender.send_replace(Some(answer.map_err(|error| why(&error))));
        });
        receiver
    }
}

/// Lets the next request start, even if the store panics.
struct ProbeGuard<I>(Arc<Probe<I>>);

impl<I> Drop for ProbeGuard<I> {
    fn drop(&mut self) {
        *self.0.running() = None;
    }
}

fn why(error: &InboxError) -> String {
    tracing::warn!("not ready: {}", chain(error));
    // The cause is for the log only.
    error.to_string()
}

fn not_ready(why: &str) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {why}\n")).into_response()
}
