//! An inbox of any type.

use std::{
    pin::Pin,
    time::{Duration, SystemTime},
};

use super::{Depth, Inbox, InboxError, LeaseToken, Leased, NewEvent, Put, Settle, Settled};

type Boxed<'i, T> = Pin<Box<dyn Future<Output = T> + Send + 'i>>;

/// What writer and worker need of an [`Inbox`], as an object.
pub(crate) trait ErasedInbox: Send + Sync {
    fn put(&self, batch: Vec<NewEvent>) -> Boxed<'_, Result<Vec<Put>, InboxError>>;
    fn lease(&self, max: u32, lease_for: Duration) -> Boxed<'_, Result<Vec<Leased>, InboxError>>;
    fn settle(&self, items: Vec<(LeaseToken, Settle)>) -> Boxed<'_, Result<Vec<Settled>, InboxError>>;
    fn depth(&self) -> Boxed<'_, Result<Depth, InboxError>>;
    fn prune(&self, done_before: SystemTime, max: u32) -> Boxed<'_, Result<u64, InboxError>>;
    fn forget(&self, done_before: SystemTime, max: u32) -> Boxed<'_, Result<u64, InboxError>>;
    fn arrived(&self) -> Boxed<'_, ()>;
}

impl<I: Inbox> ErasedInbox for I {
    fn put(&self, batch: Vec<NewEvent>) -> Boxed<'_, Result<Vec<Put>, InboxError>> {
        Box::pin(Inbox::put(self, batch))
    }

    fn lease(&self, max: u32, lease_for: Duration) -> Boxed<'_, Result<Vec<Leased>, InboxError>> {
        Box::pin(Inbox::lease(self, max, lease_for))
    }

    fn settle(&self, items: Vec<(LeaseToken, Settle)>) -> Boxed<'_, Result<Vec<Settled>, InboxError>> {
        Box::pin(Inbox::settle(self, items))
    }

    fn depth(&self) -> Boxed<'_, Result<Depth, InboxError>> {
        Box::pin(Inbox::depth(self))
    }

    fn prune(&self, done_before: SystemTime, max: u32) -> Boxed<'_, Result<u64, InboxError>> {
        Box::pin(Inbox::prune(self, done_before, max))
    }

    fn forget(&self, done_before: SystemTime, max: u32) -> Boxed<'_, Result<u64, InboxError>> {
        Box::pin(Inbox::forget(self, done_before, max))
    }

    fn arrived(&self) -> Boxed<'_, ()> {
        Box::pin(Inbox::arrived(self))
    }
}
