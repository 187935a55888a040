//! Transactions and an inbox with failpoints.

use std::{
    error::Error,
    ops::Range,
    time::{Duration, SystemTime},
};

use panora_hooks::{
    inbox::{
        AttemptInfo, AuditEntry, AuditRecord, Capabilities, Depth, ErrorGroup, EventInfo, EventKey, Figures,
        Inbox, InboxError, LeaseRequest, LeaseToken, Leased, NewEvent, Page, Put, Query, Select, Settled,
        Settlement, StatisticsStep, StoredEvent,
    },
    transactions::{
        CommitError, Marker, PostgresMark, PostgresTransaction, PostgresTransactions, Transactions,
    },
};

use crate::failpoint::Failpoint;

type BoxError = Box<dyn Error + Send + Sync>;

pub(crate) struct FragileTransactions {
    pub(crate) inner: PostgresTransactions,
    pub(crate) failpoint: Failpoint,
}

impl Transactions for FragileTransactions {
    type Transaction = PostgresTransaction;
    type Mark = PostgresMark;

    async fn begin(&self) -> Result<Self::Transaction, BoxError> {
        self.inner.begin().await
    }

    async fn mark(
        &self,
        transaction: &mut Self::Transaction,
        marker: &Marker,
        limit: Duration,
    ) -> Result<Option<PostgresMark>, BoxError> {
        self.failpoint.pass("before-marker");
        let mark = self.inner.mark(transaction, marker, limit).await;
        self.failpoint.pass("after-marker");
        mark
    }

    async fn commit(
        &self,
        transaction: Self::Transaction,
        mark: PostgresMark,
        marker: &Marker,
    ) -> Result<(), CommitError> {
        self.failpoint.pass("before-commit");
        let committed = self.inner.commit(transaction, mark, marker).await;
        self.failpoint.pass("after-commit");
        committed
    }

    async fn rollback(
        &self,
        transaction: Self::Transaction,
        mark: Option<PostgresMark>,
    ) -> Result<(), BoxError> {
        self.inner.rollback(transaction, mark).await
    }

    async fn abandon(&self, mark: PostgresMark) {
        self.inner.abandon(mark).await;
    }

    async fn prune(&self, keep: Duration, limit: u32) -> Result<u64, BoxError> {
        self.inner.prune(keep, limit).await
    }

    fn is_conflict(&self, error: &(dyn Error + 'static)) -> bool {
        self.inner.is_conflict(error)
    }
}

pub(crate) struct FragileInbox<I> {
    pub(crate) inbox: I,
    pub(crate) failpoint: Failpoint,
}

impl<I: Inbox> Inbox for FragileInbox<I> {
    async fn put(&self, batch: Vec<NewEvent>) -> Result<Vec<Put>, InboxError> {
        self.inbox.put(batch).await
    }

    async fn lease(&self, request: LeaseRequest) -> Result<Vec<Leased>, InboxError> {
        self.inbox.lease(request).await
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Result<Vec<Settled>, InboxError> {
        self.failpoint.pass("before-completion");
        let settled = self.inbox.settle(settlements).await;
        self.failpoint.pass("after-completion");
        settled
    }

    async fn list(&self, query: Query) -> Result<Page<EventInfo>, InboxError> {
        self.inbox.list(query).await
    }

    async fn get(&self, key: EventKey) -> Result<Option<StoredEvent>, InboxError> {
        self.inbox.get(key).await
    }

    async fn replay(&self, which: Select, max: u32) -> Result<u64, InboxError> {
        self.inbox.replay(which, max).await
    }

    async fn depth(&self) -> Result<Depth, InboxError> {
        self.inbox.depth().await
    }

    async fn prune(&self, older_than: Duration, max: u32) -> Result<u64, InboxError> {
        self.inbox.prune(older_than, max).await
    }

    fn capabilities(&self) -> Capabilities {
        self.inbox.capabilities()
    }

    async fn discard(&self, which: Select, max: u32) -> Result<u64, InboxError> {
        self.inbox.discard(which, max).await
    }

    async fn forget(&self, older_than: Duration, max: u32) -> Result<u64, InboxError> {
        self.inbox.forget(older_than, max).await
    }

    async fn claim_dead(&self, max: u32, claim_for: Duration) -> Result<Vec<LeaseToken>, InboxError> {
        self.inbox.claim_dead(max, claim_for).await
    }

    async fn announced(&self, claims: Vec<LeaseToken>) -> Result<u64, InboxError> {
        self.inbox.announced(claims).await
    }

    async fn next_due(&self) -> Result<Option<Duration>, InboxError> {
        self.inbox.next_due().await
    }

    async fn expedite(&self, longest_delay: Duration, max: u32) -> Result<u64, InboxError> {
        self.inbox.expedite(longest_delay, max).await
    }

    async fn attempts(&self, key: EventKey) -> Result<Vec<AttemptInfo>, InboxError> {
        self.inbox.attempts(key).await
    }

    async fn error_groups(&self, limit: u32) -> Result<Vec<ErrorGroup>, InboxError> {
        self.inbox.error_groups(limit).await
    }

    async fn add_figures(&self, figures: Vec<(String, Figures)>) -> Result<(), InboxError> {
        self.inbox.add_figures(figures).await
    }

    async fn statistics(
        &self,
        range: Range<SystemTime>,
        step: Duration,
    ) -> Result<Vec<StatisticsStep>, InboxError> {
        self.inbox.statistics(range, step).await
    }

    async fn prune_figures(&self, minutes: Duration, hours: Duration, max: u32) -> Result<u64, InboxError> {
        self.inbox.prune_figures(minutes, hours, max).await
    }

    async fn pause(&self, pattern: String) -> Result<bool, InboxError> {
        self.inbox.pause(pattern).await
    }

    async fn resume(&self, pattern: String) -> Result<bool, InboxError> {
        self.inbox.resume(pattern).await
    }

    async fn paused(&self) -> Result<Vec<String>, InboxError> {
        self.inbox.paused().await
    }

    async fn add_audit(&self, record: AuditRecord) -> Result<(), InboxError> {
        self.inbox.add_audit(record).await
    }

    async fn audit(&self, before: Option<u64>, limit: u32) -> Result<Vec<AuditEntry>, InboxError> {
        self.inbox.audit(before, limit).await
    }
}
