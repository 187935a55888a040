//! `Inbox` as a trait object, so that the pages are compiled once and not for each store.

use std::{
    ops::Range,
    pin::Pin,
    time::{Duration, SystemTime},
};

use panora_hooks::inbox::{
    AttemptInfo, AuditEntry, AuditRecord, Capabilities, Count, Depth, ErrorGroup, EventInfo, EventKey,
    Filter, Inbox, InboxError, Page, Query, Select, StatisticsStep, StoredEvent,
};

pub(crate) type Boxed<'s, T> = Pin<Box<dyn Future<Output = Result<T, InboxError>> + Send + 's>>;

/// The part of [`Inbox`] that the dashboard uses.
pub(crate) trait Store: Send + Sync {
    fn capabilities(&self) -> Capabilities;
    fn depth(&self) -> Boxed<'_, Depth>;
    fn list(&self, query: Query) -> Boxed<'_, Page<EventInfo>>;
    fn get(&self, key: EventKey) -> Boxed<'_, Option<StoredEvent>>;
    fn count(&self, filter: Filter) -> Boxed<'_, Count>;
    fn attempts(&self, key: EventKey) -> Boxed<'_, Vec<AttemptInfo>>;
    fn error_groups(&self, limit: u32) -> Boxed<'_, Vec<ErrorGroup>>;
    fn statistics(&self, range: Range<SystemTime>, step: Duration) -> Boxed<'_, Vec<StatisticsStep>>;
    fn replay(&self, which: Select, max: u32) -> Boxed<'_, u64>;
    fn discard(&self, which: Select, max: u32) -> Boxed<'_, u64>;
    fn pause(&self, pattern: String) -> Boxed<'_, bool>;
    fn resume(&self, pattern: String) -> Boxed<'_, bool>;
    fn paused(&self) -> Boxed<'_, Vec<String>>;
    fn add_audit(&self, record: AuditRecord) -> Boxed<'_, ()>;
    fn audit(&self, before: Option<u64>, limit: u32) -> Boxed<'_, Vec<AuditEntry>>;
}

impl<I: Inbox> Store for I {
    fn capabilities(&self) -> Capabilities {
        Inbox::capabilities(self)
    }

    fn depth(&self) -> Boxed<'_, Depth> {
        Box::pin(Inbox::depth(self))
    }

    fn list(&self, query: Query) -> Boxed<'_, Page<EventInfo>> {
        Box::pin(Inbox::list(self, query))
    }

    fn get(&self, key: EventKey) -> Boxed<'_, Option<StoredEvent>> {
        Box::pin(Inbox::get(self, key))
    }

    fn count(&self, filter: Filter) -> Boxed<'_, Count> {
        Box::pin(Inbox::count(self, filter))
    }

    fn attempts(&self, key: EventKey) -> Boxed<'_, Vec<AttemptInfo>> {
        Box::pin(Inbox::attempts(self, key))
    }

    fn error_groups(&self, limit: u32) -> Boxed<'_, Vec<ErrorGroup>> {
        Box::pin(Inbox::error_groups(self, limit))
    }

    fn statistics(&self, range: Range<SystemTime>, step: Duration) -> Boxed<'_, Vec<StatisticsStep>> {
        Box::pin(Inbox::statistics(self, range, step))
    }

    fn replay(&self, which: Select, max: u32) -> Boxed<'_, u64> {
        Box::pin(Inbox::replay(self, which, max))
    }

    fn discard(&self, which: Select, max: u32) -> Boxed<'_, u64> {
        Box::pin(Inbox::discard(self, which, max))
    }

    fn pause(&self, pattern: String) -> Boxed<'_, bool> {
        Box::pin(Inbox::pause(self, pattern))
    }

    fn resume(&self, pattern: String) -> Boxed<'_, bool> {
        Box::pin(Inbox::resume(self, pattern))
    }

    fn paused(&self) -> Boxed<'_, Vec<String>> {
        Box::pin(Inbox::paused(self))
    }

    fn add_audit(&self, record: AuditRecord) -> Boxed<'_, ()> {
        Box::pin(Inbox::add_audit(self, record))
    }

    fn audit(&self, before: Option<u64>, limit: u32) -> Boxed<'_, Vec<AuditEntry>> {
        Box::pin(Inbox::audit(self, before, limit))
    }
}
