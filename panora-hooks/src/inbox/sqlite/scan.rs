//! Finding events that a filter accepts, in order of arrival, in steps that read a bounded number of rows.
//!
//! SQLite would choose a plan by its statistics, which are missing or old. Here the tables themselves say where there is
//! least to read: states and types are counted up to a limit, and each statement names its index.

use std::{collections::BTreeSet, time::SystemTime};

use rusqlite::{Connection, params};

use super::info::info;
use crate::inbox::{
    EventInfo, EventState, Filter, Select, column,
    time::{micros, time},
};

/// The most rows that a step reads of an index.
const STEP: usize = 1000;

/// So many events, or fewer, are few: all of them are read rather than a larger table.
pub(super) const FEW: usize = 10_000;

/// A position in a search.
pub(super) struct Scan {
    source: Source,
    /// Decides about each event that the source offers.
    condition: Condition,
    after: i64,
    until: i64,
}

/// A filter, prepared for many events. The default accepts all.
#[derive(Default)]
struct Condition {
    state: Option<EventState>,
    wire_types: Option<BTreeSet<String>>,
    received_before: Option<SystemTime>,
}

/// Where candidates come from, in order of their number.
#[derive(Debug)]
enum Source {
    /// These events.
    These(Vec<i64>),
    /// All events.
    Events,
    /// All events whose type begins with one of these prefixes.
    EventsOfType(Vec<String>),
    /// All events that are due some time, if they are in this state.
    Due(EventState),
    /// All events that are done.
    Done,
    /// All events that are dead (`false`) or parked (`true`).
    Over(Vec<bool>),
    /// The same, if their type begins with one of these prefixes.
    OverOfType(Vec<bool>, Vec<String>),
}

impl Scan {
    /// The ways to search for events that `filter` accepts. Which is the shortest depends on how states and types are
    /// spread; each finds the same.
    pub(super) fn ways(
        connection: &Connection,
        filter: &Filter,
        now: SystemTime,
    ) -> rusqlite::Result<Vec<Self>> {
        let of_type = || Condition::new(filter).prefixes().map(Source::EventsOfType);
        let own_or_by_type = |source| [source].into_iter().chain(of_type()).collect();
        let sources = match filter.state {
            None => vec![of_type().unwrap_or(Source::Events)],
            Some(EventState::Done) => own_or_by_type(Source::Done),
            Some(EventState::Parked) => vec![Source::over(vec![true], filter)],
            Some(EventState::Dead) => vec![Source::over(vec![false], filter)],
            Some(state) => match few_due(connection, state, now)? {
                Some(few) => vec![Source::These(few)],
                None => own_or_by_type(Source::Due(state)),
            },
        };
        Ok(sources.into_iter().map(|source| Self::new(source, filter)).collect())
    }

    fn new(source: Source, filter: &Filter) -> Self {
        Self { source, condition: Condition::new(filter), after: 0, until: i64::MAX }
    }

    /// Searches for the selected events. Those that arrive meanwhile are left out.
    pub(super) fn selected(
        connection: &Connection,
        which: &Select,
        now: SystemTime,
    ) -> rusqlite::Result<Self> {
        match which {
            Select::Keys(keys) => Ok(Self::these(keys.iter().map(|key| column::seq(*key)))),
            Select::All(filter) => {
                let mut ways = Self::ways(connection, filter, now)?;
                let last = ways.pop().unwrap_or_else(|| Self::new(Source::Events, filter));
                // By type, if there is a choice and there are few events of that type.
                let way = match ways.pop() {
                    Some(own) if !few(connection, &last.source)? => own,
                    _ => last,
                };
                way.until_now(connection)
            }
        }
    }

    /// Searches for parked and dead events that a filter accepts.
    pub(super) fn over(connection: &Connection, filter: &Filter) -> rusqlite::Result<Self> {
        Self::new(Source::over(vec![false, true], filter), filter).until_now(connection)
    }

    /// Each once.
    fn these(seqs: impl Iterator<Item = i64>) -> Self {
        let seqs: BTreeSet<_> = seqs.collect();
        let source = Source::These(seqs.into_iter().collect());
        Self { source, condition: Condition::default(), after: 0, until: i64::MAX }
    }

    fn until_now(self, connection: &Connection) -> rusqlite::Result<Self> {
        let last: Option<i64> =
            connection.prepare_cached("SELECT max(seq) FROM event")?.query_row([], |row| row.get(0))?;
        Ok(Self { until: last.unwrap_or(0), ..self })
    }

    /// Continues after this event.
    pub(super) fn after(self, seq: i64) -> Self {
        Self { after: seq, ..self }
    }

    /// Takes a step. Returns up to `limit` candidates, or `None` if there are no more.
    pub(super) fn step(
        &mut self,
        connection: &Connection,
        limit: usize,
        now: SystemTime,
    ) -> rusqlite::Result<Option<Vec<i64>>> {
        let candidates = self.source.next(connection, self.after, self.until, limit.clamp(1, STEP), now)?;
        let Some(reached) = candidates.reached else { return Ok(None) };
        self.after = reached;
        Ok(Some(candidates.seqs))
    }

    /// Goes back behind an event, since the candidates after it were not looked at.
    pub(super) fn back_to(&mut self, seq: i64) {
        self.after = seq;
    }

    /// Reads a candidate. Returns `None` if the filter does not accept it, or it is gone.
    pub(super) fn accept(
        &self,
        connection: &Connection,
        seq: i64,
        now: SystemTime,
    ) -> rusqlite::Result<Option<EventInfo>> {
        Ok(info(connection, seq, now)?.filter(|event| self.condition.accepts(event)))
    }
}

impl Condition {
    fn new(filter: &Filter) -> Self {
        let owned = |types: Vec<&str>| types.into_iter().map(str::to_owned).collect();
        Self {
            state: filter.state,
            wire_types: filter.wire_types().map(owned),
            // With the precision of the store.
            received_before: filter.received_before.map(|before| time(micros(before))),
        }
    }

    fn accepts(&self, event: &EventInfo) -> bool {
        self.state.is_none_or(|state| state == event.state)
            && self.wire_types.as_ref().is_none_or(|types| types.contains(&event.wire_type))
            && self.received_before.is_none_or(|before| event.received_at < before)
    }

    /// The types to look for. A statement cuts them like the index that it uses.
    fn prefixes(&self) -> Option<Vec<String>> {
        Some(self.wire_types.as_ref()?.iter().cloned().collect())
    }
}

/// Whether a source has few events.
fn few(connection: &Connection, source: &Source) -> rusqlite::Result<bool> {
    let found = source.next(connection, 0, i64::MAX, FEW + 1, SystemTime::UNIX_EPOCH)?;
    Ok(found.seqs.len() <= FEW)
}

/// All events that are due in this state, if there are few.
fn few_due(
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

struct Candidates {
    seqs: Vec<i64>,
    /// The last event that was read; `None` if there was none.
    reached: Option<i64>,
}

impl Source {
    fn over(states: Vec<bool>, filter: &Filter) -> Self {
        match Condition::new(filter).prefixes() {
            Some(prefixes) => Self::OverOfType(states, prefixes),
            None => Self::Over(states),
        }
    }

    /// Reads up to `limit` rows of each index that is involved.
    fn next(
        &self,
        connection: &Connection,
        after: i64,
        until: i64,
        limit: usize,
        now: SystemTime,
    ) -> rusqlite::Result<Candidates> {
        let range = Range { connection, after, until, limit };
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
struct Range<'c> {
    connection: &'c Connection,
    after: i64,
    until: i64,
    limit: usize,
}

impl Range<'_> {
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
