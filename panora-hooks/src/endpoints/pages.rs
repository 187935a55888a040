//! Pages of the sender's list of events.
//!
//! The sender cuts pages by offset, sorts by time alone, and adds rows at the front. So rows that
//! were read come again on the next page. Rows of one millisecond have a different order in each
//! answer, and where they lie across the end of a page, one of them could be on neither page. Such
//! a group is read again, with pages that end elsewhere.

use std::{collections::HashSet, ops::Range, time::SystemTime};

use reqwest::Method;
use tokio::time::{Duration, sleep};

use super::{ApiError, Client, EventRow};

/// The rows of a page.
const LIMIT: u64 = 1000;

/// The waits before a request is repeated that was answered with 429, in seconds: three minutes
/// together, because the API counts the requests of a minute.
const WAITS: [u64; 10] = [1, 2, 4, 8, 15, 30, 30, 30, 30, 30];

/// The most pages in a row without a new row. An API that ignores the number of the page would be
/// read forever.
const MAX_REPEATED: u32 = 3;

/// A position in the list.
pub(super) struct Pages<'c> {
    client: &'c Client,
    period: Range<SystemTime>,
    /// The number of pages that were read.
    read: u64,
    /// The time of the last row of the previous page.
    last: Option<SystemTime>,
    seen: HashSet<String>,
    repeated: u32,
    is_over: bool,
}

impl<'c> Pages<'c> {
    pub(super) fn new(client: &'c Client, period: Range<SystemTime>) -> Self {
        let is_over = period.is_empty();
        Self { client, period, read: 0, last: None, seen: HashSet::new(), repeated: 0, is_over }
    }

    /// Returns the new rows of the next page that belong to the period; `None` after the last page.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<EventRow>>, ApiError> {
        if self.is_over {
            return Ok(None);
        }
        let mut rows = self.client.event_page(self.read + 1, LIMIT).await?;
        let last = rows.last().map(|row| row.timestamp);
        self.is_over = rows.len() as u64 != LIMIT || last.is_none_or(|last| last < self.period.start);
        if let (Some(first), Some(previous)) = (rows.first(), self.last)
            && first.timestamp == previous
            && self.period.contains(&previous)
        {
            rows.extend(self.whole_group(previous).await?);
        }
        (self.last, self.read) = (last, self.read + 1);
        rows.retain(|row| self.seen.insert(row.id.clone()));
        self.repeated = if rows.is_empty() { self.repeated + 1 } else { 0 };
        if self.repeated > MAX_REPEATED {
            return Err(ApiError::Malformed);
        }
        rows.retain(|row| self.period.contains(&row.timestamp));
        Ok(Some(rows))
    }

    /// Returns a page that contains every row of a time, which lie across the end of the last page.
    async fn whole_group(&self, time: SystemTime) -> Result<Vec<EventRow>, ApiError> {
        let end = self.read * LIMIT;
        let mut margin = LIMIT / 2;
        loop {
            // The page with this number and size reaches from `end - margin` to `end + margin`.
            let page = ((end + margin) / (2 * margin)).max(1);
            let limit = (end + margin).div_ceil(page);
            let rows = self.client.event_page(page, limit).await?;
            let begins = page == 1 || rows.first().is_some_and(|row| row.timestamp > time);
            let ends = (rows.len() as u64) < limit || rows.last().is_some_and(|row| row.timestamp < time);
            if begins && ends {
                return Ok(rows);
            }
            margin *= 2;
        }
    }
}

impl Client {
    async fn event_page(&self, page: u64, limit: u64) -> Result<Vec<EventRow>, ApiError> {
        let query = [("page", page), ("limit", limit)];
        let mut waits = WAITS.into_iter();
        let rows = loop {
            match self.call(Method::GET, &["events"], &query, None).await {
                Err(ApiError::TooManyRequests) => match waits.next() {
                    Some(seconds) => sleep(Duration::from_secs(seconds)).await,
                    None => return Err(ApiError::TooManyRequests),
                },
                // An unknown key is the only known reason for this answer to the first page.
                Err(ApiError::Status { status: 500 }) if page == 1 => return Err(ApiError::UnknownKey),
                answer => break answer?.event_rows()?,
            }
        };
        // In another order, the end of the period could not be found.
        let is_sorted = rows.is_sorted_by(|newer, older| newer.timestamp >= older.timestamp);
        if is_sorted { Ok(rows) } else { Err(ApiError::Malformed) }
    }
}
