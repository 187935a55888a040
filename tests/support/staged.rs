//! An inbox that fails on command, and reports settlements.

use std::{
    future::pending,
    ops::Range,
    sync::{Arc, Mutex, mpsc},
    time::{Duration, SystemTime},
};

use panora_hooks::inbox::{
    AttemptInfo, AuditEntry, AuditRecord, Capabilities, Decision, Depth, ErrorGroup, EventInfo, EventKey,
    Figures, Inbox, InboxError, LeaseRequest, LeaseToken, Leased, NewEvent, Page, Put, Query, Select,
    Settled, Settlement, StatisticsStep, StoredEvent,
};

/// A fault of an operation.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    Busy,
    Away,
    Full,
    Hangs,
    Panics,
    /// Fails because of one event, for example a value that the database refuses.
    Refused,
    /// Succeeds, but the answer is lost.
    AnswerLost,
    /// Succeeds, and answers later.
    Late(Duration),
    /// Succeeds, and answers when the plan has no more faults.
    Slow,
}

type Plan = Mutex<Box<dyn FnMut() -> Option<Fault> + Send>>;
type LeasedChange = Mutex<Box<dyn FnMut(&mut Leased) + Send>>;
type PutPlan = Mutex<Box<dyn FnMut(&[NewEvent]) -> Option<Fault> + Send>>;

#[derive(Clone)]
pub struct Staged<I> {
    pub inner: I,
    put: Arc<PutPlan>,
    lease: Arc<Plan>,
    leased: Arc<LeasedChange>,
    settle: Arc<Plan>,
    add_figures: Arc<Plan>,
    claim_dead: Arc<Plan>,
    settled: mpsc::Sender<(Decision, Settled)>,
}

impl<I: Inbox> Staged<I> {
    /// Wraps an inbox. The channel reports settlements, except for extensions of leases.
    pub fn new(inner: I) -> (Self, mpsc::Receiver<(Decision, Settled)>) {
        let (settled, settlements) = mpsc::channel();
        let plan = || Arc::new(Mutex::new(Box::new(|| None) as Box<dyn FnMut() -> _ + Send>));
        let put = Arc::new(Mutex::new(Box::new(|_: &[NewEvent]| None) as Box<dyn FnMut(&_) -> _ + Send>));
        let leased = Arc::new(Mutex::new(Box::new(|_: &mut Leased| {}) as Box<dyn FnMut(&mut _) + Send>));
        (
            Self {
                inner,
                put,
                lease: plan(),
                leased,
                settle: plan(),
                add_figures: plan(),
                claim_dead: plan(),
                settled,
            },
            settlements,
        )
    }

    pub fn on_put(&self, mut plan: impl FnMut() -> Option<Fault> + Send + 'static) {
        self.on_batch(move |_| plan());
    }

    /// Sets a plan that depends on the batch.
    pub fn on_batch(&self, plan: impl FnMut(&[NewEvent]) -> Option<Fault> + Send + 'static) {
        *self.put.lock().unwrap() = Box::new(plan);
    }

    pub fn on_lease(&self, plan: impl FnMut() -> Option<Fault> + Send + 'static) {
        *self.lease.lock().unwrap() = Box::new(plan);
    }

    /// Changes the events that are leased.
    pub fn on_leased(&self, change: impl FnMut(&mut Leased) + Send + 'static) {
        *self.leased.lock().unwrap() = Box::new(change);
    }

    pub fn on_settle(&self, plan: impl FnMut() -> Option<Fault> + Send + 'static) {
        *self.settle.lock().unwrap() = Box::new(plan);
    }

    pub fn on_claim_dead(&self, plan: impl FnMut() -> Option<Fault> + Send + 'static) {
        *self.claim_dead.lock().unwrap() = Box::new(plan);
    }

    pub fn on_add_figures(&self, plan: impl FnMut() -> Option<Fault> + Send + 'static) {
        *self.add_figures.lock().unwrap() = Box::new(plan);
    }
}

async fn stage<T>(
    mut plan: impl FnMut() -> Option<Fault>,
    work: impl Future<Output = Result<T, InboxError>>,
) -> Result<T, InboxError> {
    match plan() {
        None => work.await,
        Some(Fault::Busy) => Err(InboxError::Busy),
        Some(Fault::Away) => Err(InboxError::Unavailable("connection refused".into())),
        Some(Fault::Full) => Err(InboxError::Full("no space left".into())),
        Some(Fault::Hangs) => pending().await,
        Some(Fault::Refused) => Err(InboxError::Other("value out of range".into())),
        Some(Fault::Late(delay)) => {
            let done = work.await;
            tokio::time::sleep(delay).await;
            done
        }
        Some(Fault::Panics) => panic!("the store panics"),
        Some(Fault::AnswerLost) => {
            work.await?;
            Err(InboxError::Unavailable("connection reset".into()))
        }
        Some(Fault::Slow) => {
            let done = work.await;
            while plan().is_some() {
                tokio::task::yield_now().await;
            }
            done
        }
    }
}

impl<I: Inbox> Inbox for Staged<I> {
    async fn put(&self, batch: Vec<NewEvent>) -> Result<Vec<Put>, InboxError> {
        let events = batch.clone();
        stage(|| (self.put.lock().unwrap())(&events), async { self.inner.put(batch).await }).await
    }

    async fn lease(&self, request: LeaseRequest) -> Result<Vec<Leased>, InboxError> {
        let leasing = stage(|| (self.lease.lock().unwrap())(), async { self.inner.lease(request).await });
        let mut leased = leasing.await?;
        for leased in &mut leased {
            (self.leased.lock().unwrap())(leased);
        }
        Ok(leased)
    }

    async fn settle(&self, items: Vec<Settlement>) -> Result<Vec<Settled>, InboxError> {
        let settled =
            stage(|| (self.settle.lock().unwrap())(), async { self.inner.settle(items.clone()).await })
                .await?;
        for (item, settled) in items.into_iter().zip(&settled) {
            if !matches!(item.decision, Decision::Extend(_)) {
                let _ = self.settled.send((item.decision, *settled));
            }
        }
        Ok(settled)
    }

    async fn list(&self, query: Query) -> Result<Page<EventInfo>, InboxError> {
        self.inner.list(query).await
    }

    async fn get(&self, id: EventKey) -> Result<Option<StoredEvent>, InboxError> {
        self.inner.get(id).await
    }

    async fn replay(&self, which: Select, max: u32) -> Result<u64, InboxError> {
        self.inner.replay(which, max).await
    }

    async fn depth(&self) -> Result<Depth, InboxError> {
        self.inner.depth().await
    }

    async fn prune(&self, older_than: Duration, max: u32) -> Result<u64, InboxError> {
        self.inner.prune(older_than, max).await
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn discard(&self, which: Select, max: u32) -> Result<u64, InboxError> {
        self.inner.discard(which, max).await
    }

    async fn forget(&self, older_than: Duration, max: u32) -> Result<u64, InboxError> {
        self.inner.forget(older_than, max).await
    }

    async fn claim_dead(&self, max: u32, claim_for: Duration) -> Result<Vec<LeaseToken>, InboxError> {
        stage(|| (self.claim_dead.lock().unwrap())(), self.inner.claim_dead(max, claim_for)).await
    }

    async fn announced(&self, claims: Vec<LeaseToken>) -> Result<u64, InboxError> {
        self.inner.announced(claims).await
    }

    async fn next_due(&self) -> Result<Option<Duration>, InboxError> {
        self.inner.next_due().await
    }

    async fn expedite(&self, longest_delay: Duration, max: u32) -> Result<u64, InboxError> {
        self.inner.expedite(longest_delay, max).await
    }

    async fn attempts(&self, key: EventKey) -> Result<Vec<AttemptInfo>, InboxError> {
        self.inner.attempts(key).await
    }

    async fn error_groups(&self, limit: u32) -> Result<Vec<ErrorGroup>, InboxError> {
        self.inner.error_groups(limit).await
    }

    async fn add_figures(&self, figures: Vec<(String, Figures)>) -> Result<(), InboxError> {
        stage(|| (self.add_figures.lock().unwrap())(), async { self.inner.add_figures(figures).await }).await
    }

    async fn statistics(
        &self,
        range: Range<SystemTime>,
        step: Duration,
    ) -> Result<Vec<StatisticsStep>, InboxError> {
        self.inner.statistics(range, step).await
    }

    async fn prune_figures(&self, minutes: Duration, hours: Duration, max: u32) -> Result<u64, InboxError> {
        self.inner.prune_figures(minutes, hours, max).await
    }

    async fn pause(&self, pattern: String) -> Result<bool, InboxError> {
        self.inner.pause(pattern).await
    }

    async fn resume(&self, pattern: String) -> Result<bool, InboxError> {
        self.inner.resume(pattern).await
    }

    async fn paused(&self) -> Result<Vec<String>, InboxError> {
        self.inner.paused().await
    }

    async fn add_audit(&self, record: AuditRecord) -> Result<(), InboxError> {
        self.inner.add_audit(record).await
    }

    async fn audit(&self, before: Option<u64>, limit: u32) -> Result<Vec<AuditEntry>, InboxError> {
        self.inner.audit(before, limit).await
    }
}
