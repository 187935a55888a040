//! Events that are about to be stored, and stored events.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use bytestring::ByteString;

use super::{EventKey, Lane};
use crate::{
    catalogue,
    delivery::{self, Delivery},
};

/// The most replays of one content that a store keeps. There is a limit because a captured delivery
/// can be sent again under any number of ids. A further replay counts as a duplicate of the
/// original.
pub(crate) const MAX_REPLAYS: usize = 16;

/// A verified event that is about to be stored.
#[derive(Clone)]
pub struct NewEvent {
    content: [u8; 32],
    id: String,
    wire_type: String,
    data: ByteString,
    received_at: SystemTime,
    queue: ByteString,
    lane: Option<Lane>,
    park: Option<ParkReason>,
}

impl NewEvent {
    /// Creates the event that a delivery carries, to be run. Its [queue](Self::queue) is its event
    /// type, if the [catalogue](crate::catalogue) holds that.
    #[must_use]
    pub fn new(delivery: Delivery<'_>) -> Self {
        let event_type = catalogue::find(delivery.wire_type()).map_or("", |known| known.name());
        Self {
            content: *delivery.content(),
            id: delivery.id().to_owned(),
            wire_type: delivery.wire_type().to_owned(),
            received_at: delivery.received_at(),
            data: delivery.into_data(),
            queue: ByteString::from_static(event_type),
            lane: None,
            park: None,
        }
    }

    /// Puts the event into a queue: an event type or a pattern that hooks name.
    #[must_use]
    pub fn in_queue(self, queue: impl Into<ByteString>) -> Self {
        Self { queue: queue.into(), ..self }
    }

    /// Puts the event at the end of a lane, in which events run one at a time.
    #[must_use]
    pub fn in_lane(self, lane: Lane) -> Self {
        Self { lane: Some(lane), ..self }
    }

    /// Parks the event: it is stored but not run until it is [replayed](super::Inbox::replay).
    #[must_use]
    pub fn parked(self, reason: ParkReason) -> Self {
        Self { park: Some(reason), ..self }
    }

    /// Returns the signature that was verified, which identifies the data.
    #[must_use]
    pub fn content(&self) -> &[u8; 32] {
        &self.content
    }

    /// Returns the identity of the event: 32 bytes for its data, the [`content`](Self::content),
    /// and 16 bytes for its id and type.
    ///
    /// A store holds each identity once. The identities of events with the same data are adjacent.
    #[must_use]
    pub fn identity(&self) -> [u8; 48] {
        delivery::identity(&self.content, &self.id, &self.wire_type)
    }

    /// Copies the data out of the body that it is a part of. The body counts as memory while it is
    /// kept.
    pub(crate) fn without_body(self) -> Self {
        Self { data: (*self.data).into(), ..self }
    }

    /// Replaces the data with that of another event with the same content, so that both share one
    /// copy.
    pub(crate) fn with_data_of(self, same: &Self) -> Self {
        Self { data: same.data.clone(), ..self }
    }

    /// Returns the number of bytes to store.
    pub(crate) fn size(&self) -> usize {
        self.data.len() + self.id.len() + self.wire_type.len()
    }

    /// Returns `id_event` of the body. Not authenticated; any text.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns `type` of the body. Not authenticated; any text.
    #[must_use]
    pub fn wire_type(&self) -> &str {
        &self.wire_type
    }

    /// Returns the JSON text of `data`, exactly as it was signed.
    #[must_use]
    pub fn data(&self) -> &str {
        &self.data
    }

    /// Returns when the delivery arrived.
    #[must_use]
    pub fn received_at(&self) -> SystemTime {
        self.received_at
    }

    /// Returns the queue of the event, by which a worker [divides](super::QueueGroup) its slots
    /// among hooks. Empty if the event is in none.
    ///
    /// The router sets the event type under which the hook of the event receives it, or the pattern
    /// of the hook if that is only a prefix of the type. So there are as many queues as event types
    /// and patterns, whatever types arrive.
    #[must_use]
    pub fn queue(&self) -> &str {
        &self.queue
    }

    /// Returns the lane of the event. An event that is [parked](Self::parked) enters it when it is
    /// [replayed](super::Inbox::replay).
    #[must_use]
    pub fn lane(&self) -> Option<Lane> {
        self.lane
    }

    /// Returns why the event is parked, or `None` if it is to be run.
    #[must_use]
    pub fn park_reason(&self) -> Option<ParkReason> {
        self.park
    }

    /// Returns whether the same data under another id or type is a replay.
    ///
    /// That is so for an object, which belongs to one event. Lists are often the same from sync to
    /// sync, most of all empty ones, and so is the `null` that the sender sends when it has nothing
    /// to send.
    #[must_use]
    pub fn is_unique(&self) -> bool {
        first_character(&self.data) == Some('{')
    }
}

/// Returns the first character of the JSON that `data` is, or that it contains if it is a string.
/// White space does not count.
fn first_character(data: &str) -> Option<char> {
    let Some(text) = data.strip_prefix('"') else { return data.chars().next() };
    let mut text = text.chars();
    loop {
        let first = match text.next()? {
            '\\' => match text.next()? {
                'n' | 'r' | 't' => ' ',
                'u' => {
                    let code = u32::from_str_radix(text.as_str().get(..4)?, 16).ok()?;
                    text.nth(3);
                    char::from_u32(code)?
                }
                escaped => escaped,
            },
            plain => plain,
        };
        match first {
            ' ' | '\n' | '\r' | '\t' => {}
            first => return Some(first),
        }
    }
}

/// Leaves out the data, which may hold credentials.
impl fmt::Debug for NewEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewEvent")
            .field("id", &self.id)
            .field("wire_type", &self.wire_type)
            .field("data_bytes", &self.data.len())
            .field("received_at", &self.received_at)
            .field("queue", &self.queue)
            .field("lane", &self.lane)
            .field("park", &self.park)
            .finish_non_exhaustive()
    }
}

/// The result of putting an event into an inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Put {
    /// The event was stored and will run.
    Stored(EventKey),
    /// Nothing was stored. The event was stored before, with the same id and type. Or it is a
    /// [replay](ParkReason::Replayed) of data of which the store already holds as many replays as
    /// it allows, 16 in the stores of this crate. The key is then that of an earlier event with
    /// this data.
    Duplicate(EventKey),
    /// The event was stored but will not run until it is [replayed](super::Inbox::replay).
    Parked(EventKey, ParkReason),
}

impl Put {
    /// Returns the key of the event in the inbox.
    #[must_use]
    pub const fn key(self) -> EventKey {
        match self {
            Self::Stored(key) | Self::Duplicate(key) | Self::Parked(key, _) => key,
        }
    }
}

/// The reason why an event is stored but not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParkReason {
    /// Its data was seen under another id or type, neither of which the sender signs.
    Replayed,
    /// No hook names its type. A later release of the program may have such a hook.
    Unhandled,
}

impl ParkReason {
    /// Returns the word for the reason in stores, logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Replayed => "replayed",
            Self::Unhandled => "unhandled",
        }
    }
}

impl fmt::Display for ParkReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The state of a stored event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EventState {
    /// The event runs as soon as a worker has room.
    Ready,
    /// The event waits until the earlier events of its [lane](Lane) are done or dead.
    Waiting,
    /// The event failed and runs again later.
    Delayed,
    /// A worker runs the event.
    Leased,
    /// The event is kept but not run. [`EventInfo::reason`] says why.
    Parked,
    /// The event is not run again, because it failed too often or because retrying cannot help.
    /// [`EventInfo::reason`] says why.
    Dead,
    /// The hook succeeded, or the event was [discarded](super::Inbox::discard).
    Done,
}

impl EventState {
    /// Every state, in the order in which events pass through them.
    pub const ALL: &'static [Self] =
        &[Self::Ready, Self::Waiting, Self::Delayed, Self::Leased, Self::Parked, Self::Dead, Self::Done];

    /// Returns the state of an event from the columns of a database: when it is due, if it is to
    /// run at all; whether it is leased until then; and, if it is not to run, whether it is parked.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn of(due: Option<i64>, now: i64, is_leased: bool, is_parked: Option<bool>) -> Self {
        match (due, is_parked) {
            (Some(due), _) if due <= now => Self::Ready,
            (Some(_), _) if is_leased => Self::Leased,
            (Some(_), _) => Self::Delayed,
            (None, Some(true)) => Self::Parked,
            (None, Some(false)) => Self::Dead,
            (None, None) => Self::Done,
        }
    }

    /// Returns the word for the state in logs, metrics and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Waiting => "waiting",
            Self::Delayed => "delayed",
            Self::Leased => "leased",
            Self::Parked => "parked",
            Self::Dead => "dead",
            Self::Done => "done",
        }
    }
}

impl fmt::Display for EventState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The record of an event in an inbox, without its data.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventInfo {
    /// The key of the event in the inbox.
    pub key: EventKey,
    /// `id_event` of the body. Not authenticated.
    pub id: String,
    /// `type` of the body, such as `crm.company.push`. Not authenticated.
    pub wire_type: String,
    /// When the event arrived.
    pub received_at: SystemTime,
    /// The lane of the event; `None` if it runs whatever other events do.
    pub lane: Option<Lane>,
    /// The state of the event.
    pub state: EventState,
    /// The number of attempts so far, in this run.
    pub attempts: u32,
    /// The run of the event: 1, and one more for each [replay](super::Inbox::replay) after the
    /// event was dead or done.
    pub run: u32,
    /// The time until which the event is delayed or leased.
    pub until: Option<SystemTime>,
    /// The reason why the event is parked or dead.
    pub reason: Option<String>,
    /// The error of the last failed attempt, from this run or an earlier one. `None` if none is
    /// recorded.
    pub last_error: Option<String>,
    /// When the event became done.
    pub done_at: Option<SystemTime>,
    /// How long the hook of a done event ran when it succeeded. `None` if that is not recorded, as
    /// for an event that was [discarded](super::Inbox::discard).
    pub duration: Option<Duration>,
    /// The size of the data in bytes; `None` once the data is pruned.
    pub size: Option<u64>,
}

impl EventInfo {
    /// Creates a record of the first run. The remaining fields are 0 or `None`, to be filled in.
    #[must_use]
    pub fn new(
        key: EventKey,
        id: String,
        wire_type: String,
        received_at: SystemTime,
        state: EventState,
    ) -> Self {
        Self {
            key,
            id,
            wire_type,
            received_at,
            lane: None,
            state,
            attempts: 0,
            run: 1,
            until: None,
            reason: None,
            last_error: None,
            done_at: None,
            duration: None,
            size: None,
        }
    }

    /// Returns whether the event is the head of its lane: the one that runs, or runs next.
    #[must_use]
    pub fn is_head(&self) -> bool {
        self.lane.is_some()
            && matches!(self.state, EventState::Ready | EventState::Delayed | EventState::Leased)
    }

    /// Returns the type under the name that hooks and endpoints use, such as `crm.company.created`.
    /// A type that the [catalogue](crate::catalogue) does not hold is returned as on the wire.
    #[must_use]
    pub fn event_type(&self) -> &str {
        match catalogue::find(&self.wire_type) {
            Some(known) => known.name(),
            None => &self.wire_type,
        }
    }
}

/// A stored event with its data.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredEvent {
    /// The record of the event.
    pub info: EventInfo,
    /// The JSON text of `data`, exactly as it was signed; `None` once the data is pruned.
    pub data: Option<String>,
}

impl StoredEvent {
    /// Creates an event with its data.
    #[must_use]
    pub fn new(info: EventInfo, data: Option<String>) -> Self {
        Self { info, data }
    }
}

/// Leaves out the data, which may hold credentials.
impl fmt::Debug for StoredEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredEvent").field("info", &self.info).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_displayed_as_one_word() {
        let words: Vec<_> = EventState::ALL.iter().map(ToString::to_string).collect();
        assert_eq!(words, ["ready", "waiting", "delayed", "leased", "parked", "dead", "done"]);
    }

    #[test]
    fn the_first_character_is_of_the_json_inside() {
        for (data, first) in [
            (r#"{"a":1}"#, Some('{')),
            (r#""{\"a\":1}""#, Some('{')),
            (r#""[]""#, Some('[')),
            ("[]", Some('[')),
            (r#"" \n\t\r\u0020\u007b""#, Some('{')),
            (r#""\\u007b""#, Some('\\')),
            (r#""\ud83d\ude00""#, None),
            (r#""null""#, Some('n')),
            (r#""""#, Some('"')),
        ] {
            assert_eq!(first_character(data), first, "{data}");
        }
    }
}
