//! A receiver: a server, a worker, and hooks whose behaviour the test defines.

use std::{
    pin::Pin,
    sync::{Arc, mpsc},
    time::Duration,
};

use panora_hooks::{Event, HookError, Metadata, State, Webhooks, WebhooksWithInbox, hooks, inbox::Inbox, on};
use serde::Deserialize;
use tokio::{
    runtime::{self, Runtime},
    sync::oneshot,
    task::JoinHandle,
};

use crate::support::{Delivery, Server, verifier};

/// The longest wait of a test. Past this, something hangs.
pub const PATIENCE: Duration = Duration::from_secs(60);

type Ending = Pin<Box<dyn Future<Output = Result<(), HookError>> + Send>>;

/// The behaviour of the hooks.
#[derive(Clone)]
pub struct App {
    begun: mpsc::Sender<Metadata>,
    hook: Arc<dyn Fn(Metadata) -> Ending + Send + Sync>,
}

impl App {
    /// Creates the state of hooks with this behaviour, and a channel that reports the start of
    /// each.
    pub fn new<F>(hook: impl Fn(Metadata) -> F + Send + Sync + 'static) -> (Self, mpsc::Receiver<Metadata>)
    where
        F: Future<Output = Result<(), HookError>> + Send + 'static,
    {
        let (begun, beginnings) = mpsc::channel();
        (Self { begun, hook: Arc::new(move |meta| Box::pin(hook(meta))) }, beginnings)
    }

    /// Creates the state of hooks that succeed.
    pub fn happy() -> (Self, mpsc::Receiver<Metadata>) {
        Self::new(async |_| Ok(()))
    }

    /// Runs a hook, and reports its start.
    pub async fn run(&self, meta: Metadata) -> Result<(), HookError> {
        self.begun.send(meta.clone())?;
        (self.hook)(meta).await
    }
}

#[on("crm.contact.created")]
async fn contact_created(meta: Metadata, State(app): State<App>) -> Result<(), HookError> {
    app.run(meta).await
}

#[on("crm.contact.pulled", "connection.created")]
async fn others(meta: Metadata, State(app): State<App>) -> Result<(), HookError> {
    app.run(meta).await
}

#[derive(Deserialize)]
pub struct Deal {
    #[allow(dead_code)]
    amount: u32,
}

#[on("crm.deal.created")]
async fn deal_created(Event(_): Event<Deal>, meta: Metadata, State(app): State<App>) {
    let _ = app.begun.send(meta);
}

/// Returns a builder without delays between attempts.
pub fn webhooks(app: App, inbox: impl Inbox) -> WebhooksWithInbox<App> {
    Webhooks::new(verifier())
        .with_state(app)
        .hooks(hooks![contact_created, others, deal_created])
        .with_inbox(inbox)
        .backoff(Duration::ZERO, Duration::ZERO)
}

pub struct Receiver {
    pub server: Server,
    runtime: Runtime,
    stop: Option<oneshot::Sender<()>>,
    worker: Option<JoinHandle<()>>,
}

impl Receiver {
    pub fn start<S: Clone + Send + Sync + 'static>(webhooks: WebhooksWithInbox<S>) -> Self {
        let runtime = runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (router, worker) = webhooks.into_parts("/webhook");
        let (stop, stopped) = oneshot::channel();
        let worker = runtime.spawn(worker.run_until(async { drop(stopped.await) }));
        Self { server: Server::start(router), runtime, stop: Some(stop), worker: Some(worker) }
    }

    pub fn deliver(&self, delivery: &Delivery) -> u16 {
        let answer = self.server.send(&delivery.request());
        assert_eq!(answer.body, "");
        answer.status
    }

    pub fn on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Tells the worker to stop.
    pub fn tell_to_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Stops the worker and waits for it.
    pub fn stop(&mut self) {
        self.tell_to_stop();
        let worker = self.worker.take().unwrap();
        self.runtime.block_on(async { tokio::time::timeout(PATIENCE, worker).await }).unwrap().unwrap();
    }
}

pub trait Next<T> {
    /// Waits for the next value.
    fn next(&self) -> T;
}

impl<T> Next<T> for mpsc::Receiver<T> {
    #[track_caller]
    fn next(&self) -> T {
        self.recv_timeout(PATIENCE).unwrap()
    }
}
