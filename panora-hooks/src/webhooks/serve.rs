//! `serve`: runs a receiver until it is told to stop, and stops it cleanly.

use std::{io, time::Duration};

use axum::Router;
use tokio::{net::TcpListener, sync::watch, task::JoinSet};

use super::{Webhooks, WebhooksWithInbox};
use crate::{
    hook::{Definition, Registry, Serial},
    inbox::Worker,
};

/// How long open requests may still take once the receiver is told to stop: as long as hooks have
/// by default.
const REQUEST_GRACE: Duration = Duration::from_secs(25);

impl<S: Clone + Send + Sync + 'static> Webhooks<S> {
    /// Serves deliveries at `path` until SIGTERM or Ctrl-C (Ctrl-C only, except on Unix), and stops
    /// cleanly.
    ///
    /// ```no_run
    /// use panora_hooks::{Event, Verifier, Webhooks, hooks, on};
    /// use tokio::net::TcpListener;
    ///
    /// #[on("crm.contact.created")]
    /// async fn contact_created(Event(contact): Event<serde_json::Value>) { /* .. */ }
    ///
    /// #[tokio::main]
    /// # pub
    /// async fn main() -> anyhow::Result<()> {
    ///     let listener = TcpListener::bind("127.0.0.1:8000").await?;
    ///     Webhooks::new(Verifier::from_env("PANORA_WEBHOOK_SECRET")?)
    ///         .hooks(hooks![contact_created])
    ///         .serve("/webhook", listener)
    ///         .await?;
    ///     Ok(())
    /// }
    /// ```
    ///
    /// At the signal the server stops accepting connections. Open requests, and the hooks that they
    /// wait for, have 25 seconds to end. Then `serve` returns. Requests that have not ended are cut
    /// off when the runtime ends. A Ctrl-C during the stop makes `serve` return at once.
    ///
    /// The signal handlers stay installed afterwards, as tokio's do. A later Ctrl-C does not end
    /// the program by itself.
    ///
    /// # Errors
    ///
    /// Returns an error if the signal handlers cannot be installed, the server fails, or a Ctrl-C
    /// cuts off the stop ([`io::ErrorKind::Interrupted`]).
    ///
    /// # Panics
    ///
    /// Panics if [`Router::route`] does not accept `path`, or if a hook takes a transaction that
    /// [`with_transactions`](Webhooks::with_transactions) does not provide.
    #[track_caller]
    pub fn serve(
        self,
        path: &str,
        listener: TcpListener,
    ) -> impl Future<Output = io::Result<()>> + use<'_, S> {
        self.serve_with(path, Router::new(), listener)
    }

    /// [Serves](Self::serve) deliveries at `path`, and the other routes of an application from
    /// `router`.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`serve`](Self::serve).
    ///
    /// # Panics
    ///
    /// Panics if [`Router::route`] does not accept `path`, if `router` has a route there, or if a
    /// hook takes a transaction that [`with_transactions`](Webhooks::with_transactions) does not
    /// provide.
    #[track_caller]
    pub fn serve_with(
        self,
        path: &str,
        router: Router,
        listener: TcpListener,
    ) -> impl Future<Output = io::Result<()>> + use<'_, S> {
        let hooks = HookSummary::new(&self.registry);
        let router = router.merge(self.into_router(path));
        Receiver { path, hooks, router, worker: None }.run(listener)
    }
}

impl<S: Clone + Send + Sync + 'static> WebhooksWithInbox<S> {
    /// Serves deliveries at `path` and runs the events of the inbox until SIGTERM or Ctrl-C (Ctrl-C
    /// only, except on Unix), and stops cleanly.
    ///
    /// ```no_run
    /// # #[cfg(feature = "sqlite")] mod example {
    /// use panora_hooks::{Event, Verifier, Webhooks, hooks, inbox::SqliteInbox, on};
    /// use tokio::net::TcpListener;
    ///
    /// #[on("crm.contact.created")]
    /// async fn contact_created(Event(contact): Event<serde_json::Value>) { /* .. */ }
    ///
    /// #[tokio::main]
    /// # pub
    /// async fn main() -> anyhow::Result<()> {
    ///     let listener = TcpListener::bind("127.0.0.1:8000").await?;
    ///     Webhooks::new(Verifier::from_env("PANORA_WEBHOOK_SECRET")?)
    ///         .hooks(hooks![contact_created])
    ///         .with_inbox(SqliteInbox::open("panora-inbox.db")?)
    ///         .serve("/webhook", listener)
    ///         .await?;
    ///     Ok(())
    /// }
    /// # }
    /// # fn main() {}
    /// ```
    ///
    /// At the signal the server stops accepting connections, and the [worker](crate::inbox::Worker)
    /// begins no more hooks. Open requests have 25 seconds to end, and the events that they deliver
    /// are stored. Running hooks have the [`shutdown_grace`](Self::shutdown_grace); then they are
    /// cancelled, and their events run again. Then `serve` returns. Requests that have not ended
    /// are cut off when the runtime ends. A Ctrl-C during the stop makes `serve` return at once,
    /// and the events of the hooks that this cuts off run again, too.
    ///
    /// The signal handlers stay installed afterwards, as tokio's do. A later Ctrl-C does not end
    /// the program by itself.
    ///
    /// # Errors
    ///
    /// Returns an error if the signal handlers cannot be installed, the server fails, the worker
    /// panics, or a Ctrl-C cuts off the stop ([`io::ErrorKind::Interrupted`]). If the server or the
    /// worker fails, the other one is stopped first, as at a signal.
    ///
    /// # Panics
    ///
    /// Panics if [`Router::route`] does not accept `path`, or if a hook takes a transaction that
    /// [`with_transactions`](Webhooks::with_transactions) does not provide.
    #[track_caller]
    pub fn serve(
        self,
        path: &str,
        listener: TcpListener,
    ) -> impl Future<Output = io::Result<()>> + use<'_, S> {
        self.serve_with(path, Router::new(), listener)
    }

    /// [Serves](Self::serve) deliveries at `path`, and the other routes of an application from
    /// `router`.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`serve`](Self::serve).
    ///
    /// # Panics
    ///
    /// Panics if [`Router::route`] does not accept `path`, if `router` has a route there, or if a
    /// hook takes a transaction that [`with_transactions`](Webhooks::with_transactions) does not
    /// provide.
    #[track_caller]
    pub fn serve_with(
        self,
        path: &str,
        router: Router,
        listener: TcpListener,
    ) -> impl Future<Output = io::Result<()>> + use<'_, S> {
        let hooks = HookSummary::new(&self.webhooks.registry);
        let (webhooks, worker) = self.into_parts(path);
        Receiver { path, hooks, router: router.merge(webhooks), worker: Some(worker) }.run(listener)
    }
}

/// A receiver that is about to be served.
struct Receiver<'p> {
    path: &'p str,
    hooks: HookSummary,
    router: Router,
    worker: Option<Worker>,
}

/// The facts about hooks that are logged at the start.
struct HookSummary {
    number: usize,
    /// The options that hooks set, such as `greet(timeout = 30s, serial)`.
    options: Option<String>,
}

impl HookSummary {
    fn new<S>(registry: &Registry<S>) -> Self {
        let options: Vec<_> = registry.definitions().filter_map(|hook| options(&hook)).collect();
        Self {
            number: registry.definitions().count(),
            options: (!options.is_empty()).then(|| options.join(" ")),
        }
    }
}

/// Returns the path of a hook and its options, if it has any.
fn options(hook: &Definition) -> Option<String> {
    let options = [
        hook.timeout.map(|timeout| format!("timeout = {timeout:?}")),
        hook.attempts.map(|attempts| format!("attempts = {attempts}")),
        hook.concurrency.map(|concurrency| format!("concurrency = {concurrency}")),
        hook.serial.map(|serial| match serial {
            Serial::All => "serial".to_owned(),
            Serial::By(pointer) => format!("serial_by = {pointer}"),
        }),
    ];
    let options: Vec<_> = options.into_iter().flatten().collect();
    (!options.is_empty()).then(|| format!("{}({})", hook.path(), options.join(", ")))
}

impl Receiver<'_> {
    async fn run(self, listener: TcpListener) -> io::Result<()> {
        let Self { path, hooks, router, worker } = self;
        let address = listener.local_addr()?;
        // Before the first request is served, because until then a signal ends the program.
        let mut signals = Signals::install()?;
        let (stop, _) = watch::channel(false);
        let server = axum::serve(listener, router).with_graceful_shutdown(stopped(&stop)).into_future();
        let worker = worker.map(|worker| worker.run_until(stopped(&stop)));
        let HookSummary { number, options } = hooks;
        tracing::info!(%address, path, hooks = number, options, "receiving webhooks");
        run(server, worker, &stop, cut_off(&mut signals, &stop)).await
    }
}

/// Tells the receiver to stop at a signal. Resolves at a Ctrl-C while the receiver stops.
async fn cut_off(signals: &mut Signals, stop: &watch::Sender<bool>) {
    let signal = tokio::select! {
        signal = signals.next() => Some(signal),
        // The server or the worker has failed.
        () = stopped(stop) => None,
    };
    tracing::info!(signal, "stopping: waiting for open requests and running hooks");
    stop.send_replace(true);
    signals.interrupt().await;
}

/// Resolves when the receiver is told to stop, or is dropped.
fn stopped(stop: &watch::Sender<bool>) -> impl Future<Output = ()> + Send + 'static {
    let mut stop = stop.subscribe();
    async move { drop(stop.wait_for(|is_stopping| *is_stopping).await) }
}

/// Runs a server and a worker, both of which end once they are told to `stop`. If either ends
/// earlier, the other is told to stop. Cuts both off when `cut_off` resolves.
async fn run(
    server: impl Future<Output = io::Result<()>>,
    worker: Option<impl Future<Output = ()> + Send + 'static>,
    stop: &watch::Sender<bool>,
    cut_off: impl Future<Output = ()>,
) -> io::Result<()> {
    let server = async {
        let grace = async {
            stopped(stop).await;
            tokio::time::sleep(REQUEST_GRACE).await;
        };
        let ended = tokio::select! {
            ended = server => ended,
            () = grace => {
                tracing::warn!("requests are cut off: they did not end within {REQUEST_GRACE:?}");
                Ok(())
            }
        };
        stop.send_replace(true);
        ended
    };
    // Aborted if this future is dropped.
    let mut tasks = JoinSet::new();
    let has_worker = worker.map(|worker| tasks.spawn(worker)).is_some();
    let worker = async {
        if !has_worker {
            return Ok(());
        }
        let ended = tasks.join_next().await;
        stop.send_replace(true);
        match ended {
            // The payload of the panic may hold anything. The panic hook has printed it.
            Some(Err(_)) => Err(io::Error::other("the worker panicked, so the receiver has stopped")),
            _ => Ok(()),
        }
    };
    let both = async {
        let (server, worker) = tokio::join!(server, worker);
        server.and(worker)
    };
    tokio::select! {
        ended = both => ended,
        () = cut_off => {
            Err(io::Error::new(io::ErrorKind::Interrupted, "Ctrl-C while stopping: hooks and requests that had not ended were cut off"))
        }
    }
}

/// The signals that stop a receiver.
struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(not(unix))]
    interrupt: tokio::signal::windows::CtrlC,
}

impl Signals {
    #[cfg(unix)]
    fn install() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    #[cfg(not(unix))]
    fn install() -> io::Result<Self> {
        Ok(Self { interrupt: tokio::signal::windows::ctrl_c()? })
    }

    /// Waits for a signal to stop, and returns its name.
    async fn next(&mut self) -> &'static str {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
        #[cfg(not(unix))]
        {
            self.interrupt().await;
            "Ctrl-C"
        }
    }

    /// Waits for a Ctrl-C. SIGTERM does not count: a supervisor may send it to a process group and
    /// once more to the process.
    async fn interrupt(&mut self) {
        let _ = self.interrupt.recv().await;
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::{pending, poll_fn, ready},
        pin::pin,
        task::Poll,
    };

    use super::*;

    #[tokio::test]
    async fn the_worker_stops_if_the_server_fails() {
        let (stop, _) = watch::channel(false);
        let worker = stopped(&stop);
        let server = ready(Err(io::Error::other("no more connections")));
        let ended = run(server, Some(worker), &stop, pending()).await;
        assert_eq!(ended.map_err(|error| error.to_string()), Err("no more connections".to_owned()));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn one_ctrl_c_cuts_off_a_stop_that_a_failure_has_begun() {
        let mut signals = Signals::install().unwrap();
        let (stop, _) = watch::channel(true);
        let mut cut_off = pin!(cut_off(&mut signals, &stop));
        assert!(poll_fn(|context| Poll::Ready(cut_off.as_mut().poll(context))).await.is_pending());
        // Uses the shell's built-in `kill`, because the program is not installed everywhere.
        let kill = format!("kill -INT {}", std::process::id());
        assert!(std::process::Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        tokio::time::timeout(Duration::from_secs(60), cut_off).await.unwrap();
    }
}
