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

/// The largest page that is requested, for a group of rows of one time. Its answer has about 12 MB.
const MAX_LIMIT: u64 = 32_000;

/// The waits before a request is repeated that was answered with 429, in seconds: three minutes
/// together, because the API counts the requests of a minute.
const WAITS: [u64; 10] = [1, 2, 4, 8, 15, 30, 30, 30, 30, 30];

/// The number of rows that the API returns if the request does not say how many.
const DEFAULT_LIMIT: usize = 10;

/// The most pages in a row that do not reach further back. Rows that are added meanwhile move the
/// end of a page, but an API that ignores the number of the page would be read forever.
const MAX_STALLED: u32 = 5;

/// A position in the list.
pub(super) struct Pages<'c> {
    client: &'c Client,
    period: Range<SystemTime>,
    /// The number of pages that were read.
    read: u64,
    previous: Option<Previous>,
    /// The number of pages in a row that did not reach further back.
    stalled: u32,
    /// The ids of the rows of the period that were returned.
    seen: HashSet<String>,
    is_over: bool,
}

/// The previous page.
struct Previous {
    length: usize,
    first: String,
    /// The time of the last row.
    last: SystemTime,
}

impl<'c> Pages<'c> {
    pub(super) fn new(client: &'c Client, period: Range<SystemTime>) -> Self {
        let is_over = period.is_empty();
        Self { client, period, read: 0, previous: None, stalled: 0, seen: HashSet::new(), is_over }
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
        let (Some(first), Some(last)) = (page.first(), page.last()) else {
            self.is_over = true;
            return Ok(None);
        };
        let now = Previous { length: page.len(), first: first.id.clone(), last: last.timestamp };
        let mut rows = page;
        if let Some(previous) = &self.previous {
            if (previous.length as u64) < LIMIT {
                // Rows that were added have moved the last ones to this page.
                self.is_over = true;
                let is_default = [previous.length, now.length] == [DEFAULT_LIMIT; 2];
                if now.last < previous.last {
                    return Err(ApiError::EventList("a page is shorter than requested"));
                }
                if is_default && now.first == previous.first {
                    return Err(ApiError::EventList("the API ignores the number and the size of the page"));
                }
                return Ok(None);
            }
            self.stalled = if now.last < previous.last { 0 } else { self.stalled + 1 };
            if self.stalled > MAX_STALLED {
                return Err(ApiError::EventList("the pages do not reach further back"));
            }
            let is_split = rows.first().is_some_and(|first| first.timestamp == previous.last);
            if is_split && self.period.contains(&previous.last) {
                rows.extend(self.whole_group(previous.last).await?);
            }
        }
        rows.retain(|row| self.period.contains(&row.timestamp) && self.seen.insert(row.id.clone()));
        self.is_over = now.last < self.period.start;
        (self.previous, self.read) = (Some(now), self.read + 1);
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
