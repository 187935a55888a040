//! Events that the sender has sent and an inbox has never received.

use std::{
    collections::BTreeMap,
    ops::Range,
    time::{Duration, SystemTime},
};

use futures_util::{Stream, TryStreamExt};

use super::{ApiError, Endpoint, EventRow};
use crate::{
    catalogue,
    inbox::{Filter, Inbox, InboxError, Query},
};

/// The most by which the clocks of sender and receiver may differ.
const SKEW: Duration = Duration::from_secs(5 * 60);

/// The range of time before an event was sent in which its arrival is looked for, as stores allow
/// for clocks that were set.
const DISORDER: Duration = Duration::from_secs(60 * 60);

const HOUR: Duration = Duration::from_secs(60 * 60);

/// The events that an inbox should have received: those of some event types in a period.
#[derive(Debug, Clone)]
pub struct GapSearch {
    period: Range<SystemTime>,
    /// The names, and the time since when an endpoint subscribes to each.
    names: BTreeMap<String, SystemTime>,
}

impl GapSearch {
    /// Creates a search for events that were sent in a period, by the sender's clock.
    ///
    /// Let the period end some minutes ago, because later events may be under way.
    #[must_use]
    pub fn new(period: Range<SystemTime>) -> Self {
        Self { period, names: BTreeMap::new() }
    }

    /// Adds event types, by name, to which an endpoint subscribed during the whole period.
    #[must_use]
    pub fn names(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        for name in names {
            self.subscribe(name.into(), SystemTime::UNIX_EPOCH);
        }
        self
    }

    /// Adds the scopes of those endpoints that are active, each from the endpoint's creation on.
    #[must_use]
    pub fn endpoints(mut self, endpoints: &[Endpoint]) -> Self {
        for endpoint in endpoints.iter().filter(|endpoint| endpoint.is_active) {
            let created = endpoint.created_at.as_ref().and_then(|time| time.parse().ok());
            let created = created.and_then(|time: jiff::Timestamp| SystemTime::try_from(time).ok());
            for name in &endpoint.scope {
                self.subscribe(name.clone(), created.unwrap_or(SystemTime::UNIX_EPOCH));
            }
        }
        self
    }

    fn subscribe(&mut self, name: String, since: SystemTime) {
        let earliest = self.names.entry(name).or_insert(since);
        *earliest = since.min(*earliest);
    }

    /// Returns the period.
    #[must_use]
    pub fn period(&self) -> Range<SystemTime> {
        self.period.clone()
    }

    /// Returns the event type of a row if it stands for a delivery, with the time since when an
    /// endpoint subscribes to it.
    fn expected(&self, row: &EventRow) -> Option<(&'static str, SystemTime)> {
        let event_type = catalogue::find(&row.wire_type).filter(|known| known.is_sent())?;
        let is_of_delivery = event_type.wire_names().any(|name| name == row.wire_type);
        let since = self.names.get(event_type.name()).filter(|_| is_of_delivery)?;
        self.period.contains(&row.timestamp).then_some((event_type.name(), *since))
    }
}

/// An event that was sent and is not in the inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gap {
    /// The row in the sender's list.
    pub row: EventRow,
    /// The event type, by the name that endpoints subscribe to.
    pub event_type: &'static str,
}

/// The events of one type that were sent in one hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct GapCount {
    /// The number of events that were sent.
    pub sent: u64,
    /// The number of these events that are missing.
    pub missing: u64,
}

/// The result of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct GapReport {
    /// The number of events that were sent and are in the inbox.
    pub received: u64,
    /// The events that were sent and are not in the inbox, oldest first.
    pub missing: Vec<Gap>,
    /// The events that were sent before the inbox was in use, as far as it shows, and are not in
    /// it. Whether they were received is not known.
    pub before_inbox: Vec<Gap>,
    /// The events that were sent before an active endpoint subscribed to their type, and are not in
    /// the inbox. Whether they were delivered is not known.
    pub before_endpoint: Vec<Gap>,
    /// The time since when the inbox is in use, as far as it shows; `None` if it is empty.
    pub inbox_since: Option<SystemTime>,
    /// The events that were received or are missing, by the hour in which they were sent and the
    /// event type.
    pub by_hour: BTreeMap<(SystemTime, &'static str), GapCount>,
}

/// The error of a comparison.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GapError {
    /// The list of events could not be read.
    #[error("the sender's list of events could not be read")]
    Api(#[from] ApiError),
    /// The inbox could not be read.
    #[error("the inbox could not be read")]
    Inbox(#[from] InboxError),
}

/// Finds the events that were sent and are not in an inbox.
///
/// `pages` are those of [`Client::events`](super::Client::events) for the
/// [period](GapSearch::period) of the search. An event is in the inbox in any state, also after its
/// data was pruned. After 90 days, unless
/// [`retention`](crate::WebhooksWithInbox::retention) says otherwise, the inbox forgets events, and
/// they count as missing.
///
/// A row stands for a delivery if its type is one that a release of the sender is known to send, and
/// if the search has that type. The list does not show what the sender did with the event, so a
/// missing event may also be one that waits in the sender's queue, or that was sent while its
/// endpoint was disabled.
///
/// ```no_run
/// use std::time::{Duration, SystemTime};
///
/// use panora_hooks::{
///     endpoints::{Client, GapSearch, find_gaps},
///     inbox::Inbox,
/// };
///
/// # async fn example(inbox: impl Inbox) -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::from_env("PANORA_API_KEY")?;
/// let now = SystemTime::now();
/// let period = now - Duration::from_secs(24 * 60 * 60)..now - Duration::from_secs(5 * 60);
/// let search = GapSearch::new(period).endpoints(&client.list().await?);
/// let report = find_gaps(client.events(search.period()), &inbox, &search).await?;
/// for gap in &report.missing {
///     println!("{} {}", gap.event_type, gap.row.id);
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// Returns an error if a page is an error, or the inbox cannot be read.
pub async fn find_gaps(
    pages: impl Stream<Item = Result<Vec<EventRow>, ApiError>>,
    inbox: &impl Inbox,
    search: &GapSearch,
) -> Result<GapReport, GapError> {
    let mut pages = std::pin::pin!(pages);
    let mut comparison = Comparison { search, received: Vec::new(), absent: Vec::new() };
    while let Some(rows) = pages.try_next().await? {
        comparison.add(rows, inbox).await?;
    }
    let oldest = inbox.list(Query::new(Filter::new()).limit(1)).await?;
    Ok(comparison.report(oldest.items.first().map(|event| event.received_at)))
}

struct Comparison<'s> {
    search: &'s GapSearch,
    received: Vec<(SystemTime, &'static str)>,
    /// The events that are not in the inbox, and when an endpoint subscribed to their type.
    absent: Vec<(Gap, SystemTime)>,
}

impl Comparison<'_> {
    async fn add(&mut self, rows: Vec<EventRow>, inbox: &impl Inbox) -> Result<(), InboxError> {
        let expected = |row: EventRow| {
            let (event_type, since) = self.search.expected(&row)?;
            Some((Gap { row, event_type }, since))
        };
        let events: Vec<_> = rows.into_iter().filter_map(expected).collect();
        let Some(first) = events.iter().map(|(event, _)| event.row.timestamp).min() else { return Ok(()) };
        let ids = events.iter().map(|(event, _)| event.row.id.clone()).collect();
        let are_stored = inbox.contains_ids(ids, first.checked_sub(DISORDER)).await?;
        for ((event, since), is_stored) in events.into_iter().zip(are_stored) {
            if is_stored {
                self.received.push((event.row.timestamp, event.event_type));
            } else {
                self.absent.push((event, since));
            }
        }
        Ok(())
    }

    /// Decides which of the absent events are missing. `oldest` is when the oldest event of the
    /// inbox arrived.
    fn report(self, oldest: Option<SystemTime>) -> GapReport {
        // The clocks may differ, but the earliest event that was received is dated by the sender.
        let earliest = self.received.iter().map(|(time, _)| *time).min();
        let inbox_since = oldest.map(|oldest| earliest.map_or(oldest + SKEW, |time| time.min(oldest + SKEW)));
        let mut report =
            GapReport { inbox_since, received: self.received.len() as u64, ..Default::default() };
        for (time, event_type) in self.received {
            report.by_hour.entry((hour(time), event_type)).or_default().sent += 1;
        }
        for (gap, subscribed_since) in self.absent {
            let time = gap.row.timestamp;
            if time < subscribed_since {
                report.before_endpoint.push(gap);
            } else if inbox_since.is_some_and(|since| time < since) {
                report.before_inbox.push(gap);
            } else {
                let count = report.by_hour.entry((hour(time), gap.event_type)).or_default();
                (count.sent, count.missing) = (count.sent + 1, count.missing + 1);
                report.missing.push(gap);
            }
        }
        for gaps in [&mut report.missing, &mut report.before_inbox, &mut report.before_endpoint] {
            gaps.sort_by(|a, b| (a.row.timestamp, &a.row.id).cmp(&(b.row.timestamp, &b.row.id)));
        }
        report
    }
}

/// Returns the beginning of the hour of a time.
fn hour(time: SystemTime) -> SystemTime {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs() / HOUR.as_secs() * HOUR.as_secs())
}
