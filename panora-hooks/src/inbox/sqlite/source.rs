//! Sources of a search: the index that has the fewest rows to read.
//!
//! SQLite would choose a plan by its statistics, which are missing or old. Instead, each statement
//! names its index, reads no more rows than it is told, and needs no sorting.

use std::time::SystemTime;

use rusqlite::{Connection, ToSql};

use super::{fingerprint, queues::DUE, span::Span};
use crate::inbox::{EventState, Fingerprint, Lane, time::micros};

/// The most events that count as few. All of them are read instead of a larger table.
pub(super) const FEW: usize = 10_000;

/// The events whose id ends as `?4` does, with numbers near those above `?1` and up to `?2`. The
/// index of ids has a part for each range of numbers.
const WITH_ID: &str = "(
    WITH RECURSIVE range(n) AS (
        SELECT max(?1, (SELECT min(seq) FROM event)) >> 10
        UNION ALL SELECT n + 1 FROM range WHERE n < min(?2, (SELECT max(seq) FROM event)) >> 10
    )
    SELECT event.seq FROM range CROSS JOIN event INDEXED BY event_by_id
    WHERE event.seq >> 10 = range.n AND substr(id_event, -8) = substr(?4, -8)
)";

/// The source of candidates, in order of their number.
pub(super) enum Source {
    /// These events.
    These(Vec<i64>),
    /// All events.
    Events,
    /// All events whose type begins with one of these prefixes.
    EventsOfType(Vec<String>),
    /// All events whose id ends as this one does.
    EventsWithId(String),
    /// All events of this lane.
    EventsOfLane(Lane),
    /// Events in this state, found among all events that are to run now or later.
    Due(EventState),
    /// All events that wait in their lanes.
    Waiting,
    /// All events that are done.
    Done,
    /// All events that are dead (`false`) or parked (`true`).
    Over(Vec<bool>),
    /// All events that are dead (`false`) or parked (`true`), and whose type begins with one of
    /// these prefixes.
    OverOfType(Vec<bool>, Vec<String>),
    /// All events that are dead because of this error.
    DeadOf(Fingerprint),
    /// All events that are dead because of this error, and whose type begins with one of these
    /// prefixes.
    DeadOfType(Fingerprint, Vec<String>),
}

/// Returns all events that are due in this state, if there are few.
pub(super) fn few_due(
    connection: &Connection,
    state: EventState,
    now: SystemTime,
) -> rusqlite::Result<Option<Vec<i64>>> {
    let rows = match state {
        EventState::Ready => format!("{DUE} WHERE due.due <= ?1"),
        EventState::Leased => "due INDEXED BY due_leased WHERE due > ?1 AND fence IS NOT NULL".to_owned(),
        _ => format!("{DUE} WHERE due.due > ?1"),
    };
    let mut few = connection.prepare_cached(&format!("SELECT seq FROM {rows} LIMIT ?2"))?;
    let few = few.query_map([micros(now), size(FEW + 1)], |row| row.get(0))?;
    let mut few: Vec<i64> = few.collect::<rusqlite::Result<_>>()?;
    few.sort_unstable();
    Ok(if few.len() > FEW { None } else { Some(few) })
}

fn size(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The result of one step of a search.
pub(super) struct Candidates {
    pub(super) seqs: Vec<i64>,
    /// The number up to which events were read, in the order of the search; `None` if there was
    /// none.
    pub(super) reached: Option<i64>,
}

impl Source {
    /// Returns the source of parked and dead events: all of them, or those of some types.
    pub(super) fn over(states: Vec<bool>, prefixes: Option<Vec<String>>) -> Self {
        match prefixes {
            Some(prefixes) => Self::OverOfType(states, prefixes),
            None => Self::Over(states),
        }
    }

    /// Returns whether a search for one state or error, and nothing else, accepts every event of
    /// its source in the snapshot that the event was found in.
    pub(super) fn is_exact(&self) -> bool {
        // The events in a list were found before the search began.
        !matches!(self, Self::These(_))
    }

    /// Returns whether the source has few events.
    pub(super) fn has_few(&self, connection: &Connection) -> rusqlite::Result<bool> {
        let found = self.next(connection, Span::ALL, FEW + 1, SystemTime::UNIX_EPOCH)?;
        Ok(found.seqs.len() <= FEW)
    }

    /// Reads up to `limit` rows of each index that is involved.
    pub(super) fn next(
        &self,
        connection: &Connection,
        span: Span,
        limit: usize,
        now: SystemTime,
    ) -> rusqlite::Result<Candidates> {
        let mut range = IndexRange { connection, span, limit, seqs: Vec::new() };
        match self {
            Self::These(all) => range.seqs = span.first_of(all, limit),
            Self::Due(state) => return range.due(*state, micros(now)),
            Self::Events => range.read("event", "", &[])?,
            Self::Waiting => range.read("waiting", "", &[])?,
            Self::Done => range.read("done", "", &[])?,
            Self::EventsOfLane(lane) => {
                let of_lane = "AND lane = ?4";
                range.read("event INDEXED BY event_by_lane", of_lane, &[&lane.to_bytes()])?;
            }
            Self::EventsOfType(prefixes) => {
                for prefix in prefixes {
                    let of_type = "AND substr(type, 1, 64) = substr(?4, 1, 64)";
                    range.read("event INDEXED BY event_by_type", of_type, &[prefix])?;
                }
            }
            Self::EventsWithId(id) => {
                range.read(WITH_ID, "", &[id])?;
            }
            Self::Over(states) => {
                for is_parked in states {
                    range.read("dead INDEXED BY dead_by_state", "AND is_parked = ?4", &[is_parked])?;
                }
            }
            Self::OverOfType(states, prefixes) => {
                for (is_parked, prefix) in
                    states.iter().flat_map(|state| prefixes.iter().map(move |prefix| (state, prefix)))
                {
                    let of_type = "AND is_parked = ?4 AND prefix = substr(?5, 1, 64)";
                    range.read("dead INDEXED BY dead_by_type", of_type, &[is_parked, prefix])?;
                }
            }
            Self::DeadOf(error) => {
                let of_error = "AND is_parked = 0 AND coalesce(fingerprint, 0) = ?4";
                range.read("dead INDEXED BY dead_by_error", of_error, &[&fingerprint::column(*error)])?;
            }
            Self::DeadOfType(error, prefixes) => {
                for prefix in prefixes {
                    let of_both = "AND is_parked = 0 AND coalesce(fingerprint, 0) = ?4
                         AND prefix = substr(?5, 1, 64)";
                    let error = fingerprint::column(*error);
                    range.read("dead INDEXED BY dead_by_error_and_type", of_both, &[&error, prefix])?;
                }
            }
        }
        Ok(range.first())
    }
}

/// A part of an index, and the events that were read of it.
struct IndexRange<'c> {
    connection: &'c Connection,
    span: Span,
    limit: usize,
    seqs: Vec<i64>,
}

impl IndexRange<'_> {
    /// Reads the first events of a table that meet a condition. Its parameters begin at `?4`.
    fn read(&mut self, table: &str, condition: &str, parameters: &[&dyn ToSql]) -> rusqlite::Result<()> {
        let order = self.order();
        let sql = format!(
            "SELECT seq FROM {table} WHERE seq > ?1 AND seq <= ?2 {condition} ORDER BY seq {order} LIMIT ?3"
        );
        let limit = size(self.limit);
        let range: [&dyn ToSql; 3] = [&self.span.after, &self.span.until, &limit];
        let mut statement = self.connection.prepare_cached(&sql)?;
        for seq in statement.query_map(&*[&range, parameters].concat(), |row| row.get(0))? {
            self.seqs.push(seq?);
        }
        Ok(())
    }

    fn order(&self) -> &'static str {
        if self.span.newest_first { "DESC" } else { "ASC" }
    }

    /// Returns the first events. The first `limit` of all are among the first `limit` of each part.
    fn first(self) -> Candidates {
        let Self { span, limit, mut seqs, .. } = self;
        seqs.sort_unstable();
        seqs.dedup();
        if span.newest_first {
            seqs.reverse();
        }
        let is_all = seqs.len() < limit;
        seqs.truncate(limit);
        let reached = seqs.last().map(|last| if is_all { span.last() } else { *last });
        Candidates { seqs, reached }
    }

    fn due(&self, state: EventState, now: i64) -> rusqlite::Result<Candidates> {
        let order = self.order();
        let mut due = self.connection.prepare_cached(&format!(
            "SELECT seq, due, fence IS NOT NULL FROM due
             WHERE seq > ?1 AND seq <= ?2 ORDER BY seq {order} LIMIT ?3"
        ))?;
        let mut rows = due.query([self.span.after, self.span.until, size(self.limit)])?;
        let mut candidates = Candidates { seqs: Vec::new(), reached: None };
        while let Some(row) = rows.next()? {
            let seq = row.get(0)?;
            candidates.reached = Some(seq);
            if EventState::of(row.get(1)?, now, row.get(2)?, None) == state {
                candidates.seqs.push(seq);
            }
        }
        Ok(candidates)
    }
}
