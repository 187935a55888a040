//! [`DeadEvent`]: an event that failed for good, as it is announced.

use std::time::SystemTime;

use super::{EventInfo, EventKey, EventState, StoredEvent};
use crate::extract::RawData;

/// An event that is dead, as [`on_dead`](crate::WebhooksWithInbox::on_dead) announces it.
///
/// `Debug` leaves out the data, which may hold credentials.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DeadEvent {
    /// The key of the event in the inbox.
    pub key: EventKey,
    /// `id_event` of the body.
    pub id: String,
    /// The event type, under its name in the [catalogue](crate::catalogue) if that holds it.
    pub event_type: String,
    /// `type` of the body.
    pub wire_type: String,
    /// The reason why the event is dead, as the inbox shows it.
    pub reason: String,
    /// The number of attempts.
    pub attempts: u32,
    /// When the delivery arrived.
    pub received_at: SystemTime,
    /// The JSON text of `data`, exactly as it was signed.
    pub data: RawData,
}

impl DeadEvent {
    /// Returns the event, if it is dead and has its data.
    pub(super) fn of(StoredEvent { info, data }: StoredEvent) -> Option<Self> {
        if info.state != EventState::Dead {
            return None;
        }
        let event_type = info.event_type().to_owned();
        let EventInfo { key, id, wire_type, received_at, attempts, reason, .. } = info;
        let (reason, data) = (reason.unwrap_or_default(), RawData(data?));
        Some(Self { key, id, event_type, wire_type, reason, attempts, received_at, data })
    }
}
