//! The verdict: acknowledged events that are neither stored nor handled.

use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime},
};

use panora_hooks::inbox::{Inbox, InboxError};

use super::{handled::Handled, plan::Plan, record::Record};

/// The number of ids that are looked up at once.
const BATCH: usize = 1000;

/// An event that was acknowledged and is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lost {
    /// The `id_event`.
    pub id: String,
    /// The event type.
    pub event_type: String,
    /// The time of the first acknowledgement.
    pub acknowledged_at: SystemTime,
    /// The time from the acknowledgement to the next kill.
    pub killed_after: Option<Duration>,
    /// Whether another event of this type was handled or stored.
    pub is_type_known: bool,
}

/// Returns the numbers of these events that an inbox holds, in any state.
///
/// # Errors
///
/// Returns an error if the inbox cannot be read.
pub async fn stored(
    inbox: &impl Inbox,
    plan: &Plan,
    events: impl IntoIterator<Item = u64>,
) -> Result<BTreeSet<u64>, InboxError> {
    let events: Vec<_> = events.into_iter().collect();
    let mut stored = BTreeSet::new();
    for batch in events.chunks(BATCH) {
        let ids = batch.iter().map(|event| plan.id(*event)).collect();
        let contained = inbox.contains_ids(ids, None).await?;
        stored
            .extend(batch.iter().zip(contained).filter(|(_, is_stored)| *is_stored).map(|(event, _)| event));
    }
    Ok(stored)
}

/// Returns the acknowledged events that are neither stored nor handled, in the order of their
/// numbers.
#[must_use]
pub fn lost(plan: &Plan, record: &Record, stored: &BTreeSet<u64>, handled: &Handled) -> Vec<Lost> {
    let is_kept = |event: u64| stored.contains(&event) || handled.contains(event);
    let known: BTreeSet<_> =
        (0..plan.events()).filter(|event| is_kept(*event)).map(|event| plan.event_type(event)).collect();
    let lost = record.acknowledged_events().filter(|event| !is_kept(*event)).filter_map(|event| {
        let (acknowledged_at, killed_after) = record.acknowledged_at(event)?;
        let (id, event_type) = (plan.id(event), plan.event_type(event).to_owned());
        let is_type_known = known.contains(&*event_type);
        Some(Lost { id, event_type, acknowledged_at, killed_after, is_type_known })
    });
    lost.collect()
}
