//! Events that the sender has sent and an inbox has never received.

use std::{
    collections::BTreeMap,
    mem,
    ops::Range,
    pin::pin,
    time::{Duration, SystemTime},
};

use futures_util::{Stream, TryStreamExt};
use jiff::Timestamp;
use tokio::time::timeout;

use super::{ApiError, Endpoint, EventRow};
use crate::{
    catalogue,
    inbox::{Filter, Inbox, InboxError, Query},
    models::DateTime,
};

/// The most by which the clocks of sender and receiver may differ.
const SKEW: Duration = Duration::from_secs(5 * 60);

/// The time limit of a call of the inbox.
const TIMEOUT: Duration = Duration::from_secs(40);

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
    ///
    /// A name that the [catalogue] does not hold stands for the wire type with the same text.
    #[must_use]
    pub fn names(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        for name in names {
            self.subscribe(name.into(), SystemTime::UNIX_EPOCH);
        }
        self
    }

    /// Adds the names to which an active endpoint subscribes, each from the time on at which the
    /// first endpoint with that name was created. That endpoint may be inactive now, because a
    /// change of the scope or the secret replaces an endpoint.
    #[must_use]
    pub fn endpoints(mut self, endpoints: &[Endpoint]) -> Self {
        let subscriptions = |endpoint: &Endpoint| {
            let created = endpoint.created_at.as_ref().and_then(time).unwrap_or(SystemTime::UNIX_EPOCH);
            endpoint.scope.clone().into_iter().map(move |name| (name, created))
        };
        let (active, inactive): (Vec<_>, Vec<_>) = endpoints.iter().partition(|endpoint| endpoint.is_active);
        for (name, created) in active.into_iter().flat_map(subscriptions) {
            self.subscribe(name, created);
        }
        for (name, created) in inactive.into_iter().flat_map(subscriptions) {
            if self.names.contains_key(&name) {
                self.subscribe(name, created);
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

    /// Returns the event type of a row if the row stands for a delivery, with the time since when
    /// an endpoint subscribes to it.
    fn expected(&self, row: &EventRow) -> Option<(&str, SystemTime)> {
        let name = match catalogue::find(&row.wire_type) {
            Some(known) if known.is_sent() && known.wire_names().any(|name| name == row.wire_type) => {
                known.name()
            }
            Some(_) => return None,
            // No release delivers these, although it lists each passthrough request.
            None if row.wire_type.ends_with(".passthrough") => return None,
            None => &row.wire_type,
        };
        let (name, since) =
            self.names.get_key_value(name).filter(|_| self.period.contains(&row.timestamp))?;
        Some((name, *since))
    }
}

/// Returns the time that the API has written.
fn time(text: &DateTime) -> Option<SystemTime> {
    text.parse().ok().and_then(|time: Timestamp| SystemTime::try_from(time).ok())
}

/// An event that was sent and is not in the inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gap {
    /// The row in the sender's list.
    pub row: EventRow,
    /// The event type, by the name that endpoints subscribe to.
    pub event_type: String,
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
    /// The events that were sent before [`inbox_since`](Self::inbox_since) and are not in the
    /// inbox. Whether they were received is not known. Up to five minutes are added, because the
    /// clocks of sender and receiver may differ.
    pub before_inbox: Vec<Gap>,
    /// The events that were sent before an active endpoint subscribed to their type, and are not in
    /// the inbox. Whether they were delivered is not known.
    pub before_endpoint: Vec<Gap>,
    /// The time at which the oldest event of the inbox arrived, or at which an event in it was
    /// sent, if that was earlier. `None` if the inbox is empty.
    pub inbox_since: Option<SystemTime>,
    /// The events that were received or are missing, by the hour in which they were sent and the
    /// event type.
    pub by_hour: BTreeMap<(SystemTime, String), GapCount>,
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
/// data was pruned. An inbox forgets events some time after they are done, 90 days by default
/// ([`retention`](crate::WebhooksWithInbox::retention)). The period should not begin earlier: while
/// the inbox still holds a dead or parked event from before, forgotten events count as missing.
///
/// A row stands for a delivery if the search has its type, and if a release of the sender is known
/// to send that type or the catalogue does not hold it. The list does not show what the sender did
/// with the event, so a missing event may also be one that waits in the sender's queue, or that was
/// sent while its endpoint was disabled.
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
/// Returns an error if a page is an error, or the inbox cannot be read within 40 seconds.
pub async fn find_gaps(
    pages: impl Stream<Item = Result<Vec<EventRow>, ApiError>>,
    inbox: &impl Inbox,
    search: &GapSearch,
) -> Result<GapReport, GapError> {
    let mut pages = pin!(pages);
    let mut comparison =
        Comparison { search, earliest: None, absent: Vec::new(), report: GapReport::default() };
    while let Some(rows) = pages.try_next().await? {
        comparison.add(rows, inbox).await?;
    }
    let oldest = in_time(inbox.list(Query::new(Filter::new()).limit(1))).await?;
    Ok(comparison.finish(oldest.items.first().map(|event| event.received_at)))
}

/// Limits the time of a call, because a server that has stalled does not close its connections.
async fn in_time<T>(call: impl Future<Output = Result<T, InboxError>>) -> Result<T, InboxError> {
    let elapsed = |_| InboxError::Unavailable("it did not answer within 40 seconds".into());
    timeout(TIMEOUT, call).await.map_err(elapsed)?
}

struct Comparison<'s> {
    search: &'s GapSearch,
    /// The time at which the earliest event that is in the inbox was sent.
    earliest: Option<SystemTime>,
    /// The events that are not in the inbox, and when an endpoint subscribed to their type.
    absent: Vec<(Gap, SystemTime)>,
    report: GapReport,
}

impl Comparison<'_> {
    async fn add(&mut self, rows: Vec<EventRow>, inbox: &impl Inbox) -> Result<(), InboxError> {
        let expected = |row: EventRow| {
            let (event_type, since) = self.search.expected(&row)?;
            Some((Gap { event_type: event_type.to_owned(), row }, since))
        };
        let events: Vec<_> = rows.into_iter().filter_map(expected).collect();
        let Some(first) = events.iter().map(|(event, _)| event.row.timestamp).min() else { return Ok(()) };
        let ids = events.iter().map(|(event, _)| event.row.id.clone()).collect();
        let are_stored = in_time(inbox.contains_ids(ids, first.checked_sub(SKEW))).await?;
        for ((event, since), is_stored) in events.into_iter().zip(are_stored) {
            if !is_stored {
                self.absent.push((event, since));
                continue;
            }
            let sent = event.row.timestamp;
            self.earliest = Some(self.earliest.map_or(sent, |earliest| earliest.min(sent)));
            self.report.received += 1;
            self.count(&event).sent += 1;
        }
        Ok(())
    }

    /// Decides which of the absent events are missing. `oldest` is when the oldest event of the
    /// inbox arrived.
    fn finish(mut self, oldest: Option<SystemTime>) -> GapReport {
        // The sender dates `earliest`, so only `oldest` depends on another clock.
        let earliest = self.earliest;
        let earlier = |time: SystemTime| earliest.map_or(time, |earliest| earliest.min(time));
        self.report.inbox_since = oldest.map(earlier);
        let known_since = oldest.map(|oldest| earlier(oldest + SKEW));
        for (gap, subscribed_since) in mem::take(&mut self.absent) {
            let sent = gap.row.timestamp;
            if sent < subscribed_since {
                self.report.before_endpoint.push(gap);
            } else if known_since.is_some_and(|since| sent < since) {
                self.report.before_inbox.push(gap);
            } else {
                let count = self.count(&gap);
                (count.sent, count.missing) = (count.sent + 1, count.missing + 1);
                self.report.missing.push(gap);
            }
        }
        let GapReport { missing, before_inbox, before_endpoint, .. } = &mut self.report;
        for gaps in [missing, before_inbox, before_endpoint] {
            gaps.sort_by(|a, b| (a.row.timestamp, &a.row.id).cmp(&(b.row.timestamp, &b.row.id)));
        }
        self.report
    }

    /// Returns the count of the hour and the type of an event.
    fn count(&mut self, event: &Gap) -> &mut GapCount {
        self.report.by_hour.entry((hour(event.row.timestamp), event.event_type.clone())).or_default()
    }
}

/// Returns the beginning of the hour of a time.
fn hour(time: SystemTime) -> SystemTime {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs() / HOUR.as_secs() * HOUR.as_secs())
}
