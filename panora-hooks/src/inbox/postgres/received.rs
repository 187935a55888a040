//! The numbers of the events that were received in a range of time.
//!
//! Events have no index by time. Their numbers and their times grow together, apart from delays and
//! clocks that differ, so the ends of the range are found by a binary search over the primary key.

use sqlx::Row;

use super::PostgresInbox;
use crate::inbox::{Filter, InboxError, figures::HOUR, time::micros};

/// The most that the clocks of receivers differ.
const TOLERANCE: i64 = HOUR;

/// The number of adjacent events of which each step of the search reads the times. The search errs
/// only if as many events in a row come from a receiver whose clock is wrong.
const SAMPLE: i64 = 32;

/// The numbers between two others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) after_seq: i64,
    pub(super) before_seq: i64,
}

impl Span {
    /// Every number.
    pub(super) const ALL: Self = Self { after_seq: 0, before_seq: i64::MAX };
}

impl PostgresInbox {
    /// Returns a range that contains the numbers of the events that a filter accepts, unless many
    /// events in a row have a wrong time. A range that reaches the present has no upper end, so
    /// there such events cannot hide others.
    pub(super) async fn span(&self, filter: &Filter) -> Result<Span, InboxError> {
        if (filter.received_from, filter.received_before) == (None, None) {
            return Ok(Span::ALL);
        }
        // `low` is the first number from which a sample contains an event that is late enough, and
        // `high` the first one from which a sample contains no event that is early enough.
        let search = format!(
            "WITH RECURSIVE ends AS MATERIALIZED (
                SELECT (SELECT seq FROM @event ORDER BY seq LIMIT 1) AS first,
                    (SELECT seq FROM @event ORDER BY seq DESC LIMIT 1) + 1 AS last
             ),
             search AS (
                SELECT is_start, target, first AS low, last AS high
                FROM ends CROSS JOIN (VALUES (true, $1), (false, $2)) AS target(is_start, target)
                UNION ALL
                SELECT is_start, target,
                    CASE WHEN is_reached THEN low ELSE middle + 1 END,
                    CASE WHEN is_reached THEN middle ELSE high END
                FROM (SELECT *, (low + high) / 2 AS middle FROM search WHERE low < high) AS search
                CROSS JOIN LATERAL (
                    SELECT CASE WHEN is_start THEN max(received) ELSE min(received) END >= target AS is_reached
                    FROM (
                        SELECT received FROM @event WHERE seq >= middle ORDER BY seq LIMIT {SAMPLE}
                    ) AS sample
                ) AS sample
             )
             SELECT is_start, low, low = (SELECT last FROM ends) OR $2 >= :now AS is_open
             FROM search WHERE low = high"
        );
        let from = filter.received_from.map_or(i64::MIN, micros).saturating_sub(TOLERANCE);
        let before = filter.received_before.map_or(i64::MAX, micros).saturating_add(TOLERANCE);
        let mut span = Span::ALL;
        for row in self.sessions.fetch(self.schema.query(&search).bind(from).bind(before)).await? {
            let end: i64 = row.try_get("low")?;
            match (row.try_get("is_start")?, row.try_get("is_open")?) {
                (true, _) => span.after_seq = end - 1,
                (false, false) => span.before_seq = end,
                // Events that are stored from now on are not excluded.
                (false, true) => {}
            }
        }
        Ok(span)
    }
}
