//! The sender's list of events.

use std::{ops::Range, time::SystemTime};

use futures_util::stream::{BoxStream, StreamExt, try_unfold};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

use super::{ApiError, Client, endpoint::lenient, pages::Pages};

/// A row of the sender's list of events.
///
/// Most rows stand for no delivery: each read through the unified API adds one, too. The payload is
/// not in the row, and no call returns it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct EventRow {
    /// `id_event` of the delivery.
    #[serde(rename = "id_event")]
    pub id: String,
    /// `type` in the body of the delivery, such as `crm.company.push`.
    #[serde(rename = "type")]
    pub wire_type: String,
    /// The time at which the sender wrote the row, by its clock. The delivery follows within
    /// seconds if the sender's queue is idle.
    #[serde(deserialize_with = "timestamp")]
    pub timestamp: SystemTime,
    /// `success` or `fail`: the result of the call to the provider. It says nothing about the
    /// delivery.
    #[serde(default, deserialize_with = "lenient")]
    pub status: Option<String>,
    /// The provider, such as `hubspot`.
    #[serde(default, deserialize_with = "lenient")]
    pub provider: Option<String>,
    /// The id of the connection to the provider.
    #[serde(rename = "id_connection", default, deserialize_with = "lenient")]
    pub connection: Option<String>,
    /// The id of the linked user to whom the connection belongs.
    #[serde(rename = "id_linked_user", default, deserialize_with = "lenient")]
    pub linked_user: Option<String>,
}

fn timestamp<'de, D: Deserializer<'de>>(json: D) -> Result<SystemTime, D::Error> {
    let text = String::deserialize(json)?;
    // The message of `jiff` quotes the text.
    let time: Timestamp = text.parse().map_err(|_| serde::de::Error::custom("expected a time"))?;
    SystemTime::try_from(time).map_err(serde::de::Error::custom)
}

impl Client {
    /// Returns the rows that the sender wrote in a period, newest first, as a stream of pages. Each
    /// row is returned once, although pages shift while rows are added.
    ///
    /// The list begins with the newest row, so a period that ended long ago takes many requests,
    /// each of which returns an empty page. When the API answers 429, the stream waits and repeats
    /// the request.
    ///
    /// Rows without a linked user are not in the list. Only the current API has it
    /// ([`Api::Current`](super::Api::Current)).
    ///
    /// ```no_run
    /// use std::time::{Duration, SystemTime};
    ///
    /// use futures_util::TryStreamExt;
    /// use panora_hooks::endpoints::Client;
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = Client::from_env("PANORA_API_KEY")?;
    /// let now = SystemTime::now();
    /// let mut pages = client.events(now - Duration::from_secs(3600)..now);
    /// while let Some(rows) = pages.try_next().await? {
    ///     for row in rows {
    ///         println!("{} {}", row.id, row.wire_type);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A page is an error if the API is unreachable, refuses the key, or still answers 429 after
    /// three minutes, and if the list cannot be read completely. The stream ends after an error.
    #[must_use]
    pub fn events(&self, period: Range<SystemTime>) -> BoxStream<'_, Result<Vec<EventRow>, ApiError>> {
        try_unfold(Pages::new(self, period), async |mut pages| {
            Ok(pages.next().await?.map(|rows| (rows, pages)))
        })
        .boxed()
    }
}
