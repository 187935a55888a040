//! Pages of the sender's list of events.
//!
//! The sender cuts pages by offset, sorts by time alone, and adds rows at the front. So rows that
//! were read come again on the next page. Rows of one millisecond have a different order in each
//! answer, and where they lie across the end of a page, one of them could be on neither page. Such
//! a group is read again, with a page that ends elsewhere.

use std::{collections::HashSet, ops::Range, time::SystemTime};

use reqwest::Method;
use tokio::time::{Duration, sleep};

use super::{ApiError, Client, EventRow};

/// The number of rows of a page.
const LIMIT: u64 = 1000;

/// The largest page that is requested, for a group of rows of one time.
const MAX_LIMIT: u64 = 1_000_000;

/// The waits before a request is repeated that was answered with 429, in seconds: three minutes
/// together, because the API counts the requests of a minute.
const WAITS: [u64; 10] = [1, 2, 4, 8, 15, 30, 30, 30, 30, 30];

/// A position in the list.
pub(super) struct Pages<'c> {
    client: &'c Client,
    period: Range<SystemTime>,
    /// The number of pages that were read.
    read: u64,
    /// The previous page.
    previous: Vec<EventRow>,
    /// The ids of the rows of the period that were returned.
    seen: HashSet<String>,
    is_over: bool,
}

impl<'c> Pages<'c> {
    pub(super) fn new(client: &'c Client, period: Range<SystemTime>) -> Self {
        let is_over = period.is_empty();
        Self { client, period, read: 0, previous: Vec::new(), seen: HashSet::new(), is_over }
    }

    /// Returns the new rows of the next page that belong to the period; `None` after the last page.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<EventRow>>, ApiError> {
        if self.is_over {
            return Ok(None);
        }
        let page = match self.client.event_page(self.read + 1, LIMIT).await {
            // An unknown key is the only known reason for this answer to the first request.
            Err(ApiError::Status { status: 500 }) if self.read == 0 => return Err(ApiError::UnknownKey),
            page => page?,
        };
        let is_repeated = !page.is_empty() && page == self.previous;
        let is_after_last = self.read > 0 && (self.previous.len() as u64) < LIMIT;
        let mut rows = page.clone();
        if let (Some(first), Some(last)) = (page.first(), self.previous.last())
            && first.timestamp == last.timestamp
            && self.period.contains(&last.timestamp)
            && !is_repeated
        {
            rows.extend(self.whole_group(last.timestamp).await?);
        }
        rows.retain(|row| self.period.contains(&row.timestamp) && self.seen.insert(row.id.clone()));
        if is_after_last {
            // Rows that were added have moved the last ones to this page.
            self.is_over = true;
            let is_cut = !rows.is_empty();
            return if is_cut {
                Err(ApiError::EventList("a page is shorter than requested"))
            } else {
                Ok(None)
            };
        }
        if is_repeated {
            return Err(ApiError::EventList("two pages are the same"));
        }
        self.is_over = page.last().is_none_or(|last| last.timestamp < self.period.start);
        (self.previous, self.read) = (page, self.read + 1);
        Ok(Some(rows))
    }

    /// Returns a page that contains every row of a time. They lie across the end of the last page.
    async fn whole_group(&self, time: SystemTime) -> Result<Vec<EventRow>, ApiError> {
        let end = self.read * LIMIT;
        let mut margin = LIMIT / 2;
        loop {
            // The page with this number and size reaches from about `end - margin` to
            // `end + margin`. The rows show whether that is enough.
            let number = ((end + margin) / (2 * margin)).max(1);
            let limit = (end + margin).div_ceil(number);
            if limit > MAX_LIMIT {
                return Err(ApiError::EventList("too many rows have the same time"));
            }
            let rows = self.client.event_page(number, limit).await?;
            let begins = number == 1 || rows.first().is_some_and(|row| row.timestamp > time);
            let ends = (rows.len() as u64) < limit || rows.last().is_some_and(|row| row.timestamp < time);
            if begins && ends {
                return Ok(rows);
            }
            margin *= 2;
        }
    }
}

impl Client {
    async fn event_page(&self, number: u64, limit: u64) -> Result<Vec<EventRow>, ApiError> {
        let query = [("page", number), ("limit", limit)];
        let mut waits = WAITS.into_iter();
        let rows = loop {
            match (self.call(Method::GET, &["events"], &query, None).await, waits.next()) {
                (Err(ApiError::TooManyRequests), Some(seconds)) => sleep(Duration::from_secs(seconds)).await,
                (answer, _) => break answer?.event_rows()?,
            }
        };
        // In another order, the end of the period could not be found.
        if rows.is_sorted_by(|newer, older| newer.timestamp >= older.timestamp) {
            Ok(rows)
        } else {
            Err(ApiError::EventList("the newest row is not the first"))
        }
    }
}
