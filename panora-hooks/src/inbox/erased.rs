//! `Inbox` as a trait object.

use std::{pin::Pin, time::Duration};

use super::{
    Capabilities, Depth, EventKey, Figures, Inbox, InboxError, LeaseRequest, LeaseToken, Leased, NewEvent,
    Put, Settled, Settlement, StoredEvent,
};

type Boxed<'i, T> = Pin<Box<dyn Future<Output = T> + Send + 'i>>;

/// The part of [`Inbox`] that writer and worker need, as a trait object.
pub(crate) trait ErasedInbox: Send + Sync {
    fn put(&self, batch: Vec<NewEvent>) -> Boxed<'_, Result<Vec<Put>, InboxError>>;
    fn lease(&self, request: LeaseRequest) -> Boxed<'_, Result<Vec<Leased>, InboxError>>;
    fn settle(&self, settlements: Vec<Settlement>) -> Boxed<'_, Result<Vec<Settled>, InboxError>>;
    fn depth(&self) -> Boxed<'_, Result<Depth, InboxError>>;
    fn prune(&self, older_than: Duration, max: u32) -> Boxed<'_, Result<u64, InboxError>>;
    fn capabilities(&self) -> Capabilities;
    fn forget(&self, older_than: Duration, max: u32) -> Boxed<'_, Result<u64, InboxError>>;
    fn expedite(&self, longest_delay: Duration, max: u32) -> Boxed<'_, Result<u64, InboxError>>;
    fn next_due(&self) -> Boxed<'_, Result<Option<Duration>, InboxError>>;
    fn get(&self, key: EventKey) -> Boxed<'_, Result<Option<StoredEvent>, InboxError>>;
    fn claim_dead(&self, max: u32, claim_for: Duration) -> Boxed<'_, Result<Vec<LeaseToken>, InboxError>>;
    fn announced(&self, claims: Vec<LeaseToken>) -> Boxed<'_, Result<u64, InboxError>>;
    fn add_figures(&self, figures: Vec<(String, Figures)>) -> Boxed<'_, Result<(), InboxError>>;
    fn prune_figures(
        &self,
        keep_minutes: Duration,
        keep_hours: Duration,
        max: u32,
    ) -> Boxed<'_, Result<u64, InboxError>>;
    fn prune_audit(&self, older_than: Duration, max: u32) -> Boxed<'_, Result<u64, InboxError>>;
    fn arrived(&self) -> Boxed<'_, ()>;
}

impl<I: Inbox> ErasedInbox for I {
    fn put(&self, batch: Vec<NewEvent>) -> Boxed<'_, Result<Vec<Put>, InboxError>> {
        Box::pin(Inbox::put(self, batch))
    }

    fn lease(&self, request: LeaseRequest) -> Boxed<'_, Result<Vec<Leased>, InboxError>> {
        Box::pin(Inbox::lease(self, request))
    }

    fn settle(&self, settlements: Vec<Settlement>) -> Boxed<'_, Result<Vec<Settled>, InboxError>> {
        Box::pin(Inbox::settle(self, settlements))
    }

    fn depth(&self) -> Boxed<'_, Result<Depth, InboxError>> {
        Box::pin(Inbox::depth(self))
    }

    fn prune(&self, older_than: Duration, max: u32) -> Boxed<'_, Result<u64, InboxError>> {
        Box::pin(Inbox::prune(self, older_than, max))
    }

    fn capabilities(&self) -> Capabilities {
        Inbox::capabilities(self)
    }

    fn forget(&self, older_than: Duration, max: u32) -> Boxed<'_, Result<u64, InboxError>> {
        Box::pin(Inbox::forget(self, older_than, max))
    }

    fn expedite(&self, longest_delay: Duration, max: u32) -> Boxed<'_, Result<u64, InboxError>> {
        Box::pin(Inbox::expedite(self, longest_delay, max))
    }

    fn next_due(&self) -> Boxed<'_, Result<Option<Duration>, InboxError>> {
        Box::pin(Inbox::next_due(self))
    }

    fn get(&self, key: EventKey) -> Boxed<'_, Result<Option<StoredEvent>, InboxError>> {
        Box::pin(Inbox::get(self, key))
    }

    fn claim_dead(&self, max: u32, claim_for: Duration) -> Boxed<'_, Result<Vec<LeaseToken>, InboxError>> {
        Box::pin(Inbox::claim_dead(self, max, claim_for))
    }

    fn announced(&self, claims: Vec<LeaseToken>) -> Boxed<'_, Result<u64, InboxError>> {
        Box::pin(Inbox::announced(self, claims))
    }

    fn add_figures(&self, figures: Vec<(String, Figures)>) -> Boxed<'_, Result<(), InboxError>> {
        Box::pin(Inbox::add_figures(self, figures))
    }

    fn prune_figures(
        &self,
        keep_minutes: Duration,
        keep_hours: Duration,
        max: u32,
    ) -> Boxed<'_, Result<u64, InboxError>> {
        Box::pin(Inbox::prune_figures(self, keep_minutes, keep_hours, max))
    }

    fn prune_audit(&self, older_than: Duration, max: u32) -> Boxed<'_, Result<u64, InboxError>> {
        Box::pin(Inbox::prune_audit(self, older_than, max))
    }

    fn arrived(&self) -> Boxed<'_, ()> {
        Box::pin(Inbox::arrived(self))
    }
}
