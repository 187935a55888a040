//! The verdict: acknowledged events that are neither stored nor handled.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, SystemTime},
};

use panora_hooks::inbox::{Inbox, InboxError};

use super::{handled::Handled, plan::Plan, record::Record};

/// The number of ids that are looked up at once.
const BATCH: usize = 1000;

/// The verdict about the acknowledged events.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Verdict {
    /// The events that are neither stored nor handled, in the order of their numbers.
    pub lost: Vec<Lost>,
    /// The types of which no event was handled, with the number of acknowledged events. Without an
    /// inbox, these types may have no hook.
    pub not_judged: BTreeMap<String, u64>,
}

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

/// Looks for every acknowledged event among the stored and the handled ones. `stored` is `None` for
/// a receiver without an inbox.
#[must_use]
pub fn verdict(plan: &Plan, record: &Record, stored: Option<&BTreeSet<u64>>, handled: &Handled) -> Verdict {
    let is_kept =
        |event: u64| stored.is_some_and(|stored| stored.contains(&event)) || handled.contains(event);
    let known: BTreeSet<_> =
        (0..plan.events()).filter(|event| is_kept(*event)).map(|event| plan.event_type(event)).collect();
    let mut verdict = Verdict::default();
    for event in record.acknowledged_events().filter(|event| !is_kept(*event)) {
        let event_type = plan.event_type(event).to_owned();
        // A receiver that has handled nothing has lost everything.
        if stored.is_none() && !known.is_empty() && !known.contains(&*event_type) {
            *verdict.not_judged.entry(event_type).or_default() += 1;
        } else if let Some((acknowledged_at, killed_after)) = record.acknowledged_at(event) {
            verdict.lost.push(Lost { id: plan.id(event), event_type, acknowledged_at, killed_after });
        }
    }
    verdict
}
