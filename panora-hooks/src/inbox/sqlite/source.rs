//! Sources of a search: the index that has the fewest rows to read.
//!
//! SQLite would choose a plan by its statistics, which are missing or old. Instead, each statement
//! names its index, reads no more rows than it is told, and needs no sorting.

use std::time::SystemTime;

use rusqlite::{Connection, params};

use crate::inbox::{EventState, time::micros};

/// The most events that count as few. All of them are read instead of a larger table.
pub(super) const FEW: usize = 10_000;

/// The source of candidates, in order of their number.
pub(super) enum Source {
    /// These events.
    These(Vec<i64>),
    /// All events.
    Events,
    /// All events whose type begins with one of these prefixes.
    EventsOfType(Vec<String>),
    /// Events in this state, found among all events that are to run now or later.
    Due(EventState),
    /// All events that are done.
    Done,
    /// All events that are dead (`false`) or parked (`true`).
    Over(Vec<bool>),
    /// All events that are dead (`false`) or parked (`true`), and whose type begins with one of
    /// these prefixes.
    OverOfType(Vec<bool>, Vec<String>),
}

/// Returns all events that are due in this state, if there are few.
pub(super) fn few_due(
    connection: &Connection,
    state: EventState,
    now: SystemTime,
) -> rusqlite::Result<Option<Vec<i64>>> {
    let sql = match state {
        EventState::Ready => "SELECT seq FROM due INDEXED BY due_by_time WHERE due <= ?1 LIMIT ?2",
        EventState::Leased => {
            "SELECT seq FROM due INDEXED BY due_leased WHERE due > ?1 AND fence IS NOT NULL LIMIT ?2"
        }
        _ => "SELECT seq FROM due INDEXED BY due_by_time WHERE due > ?1 LIMIT ?2",
    };
    let mut few = connection.prepare_cached(sql)?;
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
    /// The last event that was read; `None` if there was none.
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

    /// Returns whether the source has few events.
    pub(super) fn has_few(&self, connection: &Connection) -> rusqlite::Result<bool> {
        let found = self.next(connection, 0, i64::MAX, FEW + 1, SystemTime::UNIX_EPOCH)?;
        Ok(found.seqs.len() <= FEW)
    }

    /// Reads up to `limit` rows of each index that is involved.
    pub(super) fn next(
        &self,
        connection: &Connection,
        after: i64,
        until: i64,
        limit: usize,
        now: SystemTime,
    ) -> rusqlite::Result<Candidates> {
        let range = IndexRange { connection, after, until, limit };
        let mut seqs = Vec::new();
        match self {
            Self::These(all) => {
                let rest = all.partition_point(|seq| *seq <= after);
                seqs.extend(all.iter().skip(rest).take_while(|seq| **seq <= until).take(limit));
            }
            Self::Due(state) => return range.due(*state, micros(now)),
            Self::Events => range.read(
                "SELECT seq FROM event WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3",
                params![after, until, size(limit)],
                &mut seqs,
            )?,
            Self::Done => range.read(
                "SELECT seq FROM done WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3",
                params![after, until, size(limit)],
                &mut seqs,
            )?,
            Self::EventsOfType(prefixes) => {
                for prefix in prefixes {
                    range.read(
                        "SELECT seq FROM event INDEXED BY event_by_type
                         WHERE substr(type, 1, 64) = substr(?4, 1, 64) AND seq > ?1 AND seq <= ?2
                         ORDER BY seq LIMIT ?3",
                        params![after, until, size(limit), prefix],
                        &mut seqs,
                    )?;
                }
            }
            Self::Over(states) => {
                for is_parked in states {
                    range.read(
                        "SELECT seq FROM dead INDEXED BY dead_by_state
                         WHERE is_parked = ?4 AND seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3",
                        params![after, until, size(limit), is_parked],
                        &mut seqs,
                    )?;
                }
            }
            Self::OverOfType(states, prefixes) => {
                for (is_parked, prefix) in
                    states.iter().flat_map(|state| prefixes.iter().map(move |prefix| (state, prefix)))
                {
                    range.read(
                        "SELECT seq FROM dead INDEXED BY dead_by_type
                         WHERE is_parked = ?4 AND prefix = substr(?5, 1, 64) AND seq > ?1 AND seq <= ?2
                         ORDER BY seq LIMIT ?3",
                        params![after, until, size(limit), is_parked, prefix],
                        &mut seqs,
                    )?;
                }
            }
        }
        // The first `limit` of all are among the first `limit` of each.
        seqs.sort_unstable();
        seqs.dedup();
        seqs.truncate(limit);
        Ok(Candidates { reached: seqs.last().copied(), seqs })
    }
}

/// A part of an index.
struct IndexRange<'c> {
    connection: &'c Connection,
    after: i64,
    until: i64,
    limit: usize,
}

impl IndexRange<'_> {
    fn read(&self, sql: &str, params: impl rusqlite::Params, seqs: &mut Vec<i64>) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(sql)?;
        for seq in statement.query_map(params, |row| row.get(0))? {
            seqs.push(seq?);
        }
        Ok(())
    }

    fn due(&self, state: EventState, now: i64) -> rusqlite::Result<Candidates> {
        let mut due = self.connection.prepare_cached(
            "SELECT seq, due, fence IS NOT NULL FROM due
             WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3",
        )?;
        let mut rows = due.query([self.after, self.until, size(self.limit)])?;
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
