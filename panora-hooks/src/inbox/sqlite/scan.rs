//! Searches for events that a filter accepts, in order of arrival or in reverse, in steps that read
//! a bounded number of rows.

use std::{collections::BTreeSet, time::SystemTime};

use rusqlite::Connection;

use super::{
    condition::Condition,
    info::info,
    lanes,
    source::{self, Source},
    span::{self, Span},
};
use crate::inbox::{EventInfo, EventState, Filter, Lane, Select, column};

/// The most rows that a step reads of an index.
const STEP: usize = 1000;

/// A position in a search.
pub(super) struct Scan {
    source: Source,
    /// Decides about each event that the source offers.
    condition: Condition,
    span: Span,
}

impl Scan {
    /// Returns the ways to search for events that `filter` accepts, near its times. Each way finds
    /// the same events. The shortest depends on the distribution of states and types.
    pub(super) fn ways(
        connection: &Connection,
        filter: &Filter,
        now: SystemTime,
    ) -> rusqlite::Result<Vec<Self>> {
        Self::ways_within(Span::of(connection, filter, now)?, connection, filter, now)
    }

    fn ways_within(
        span: Span,
        connection: &Connection,
        filter: &Filter,
        now: SystemTime,
    ) -> rusqlite::Result<Vec<Self>> {
        let sources = match selective(filter) {
            Some(source) => vec![source],
            None => match filter.lane {
                Some(lane) => of_lane(connection, filter, lane)?,
                None => by_state(connection, filter, now)?,
            },
        };
        let way = |source| Self { source, condition: Condition::new(filter), span };
        Ok(sources.into_iter().map(way).collect())
    }

    /// Searches for the selected events, without those that arrive meanwhile. An operation may take
    /// long, so it looks at every event, whatever the clocks of receivers were.
    pub(super) fn selected(
        connection: &Connection,
        which: &Select,
        now: SystemTime,
    ) -> rusqlite::Result<Self> {
        match which {
            Select::Keys(keys) => Ok(Self::these(keys.iter().map(|key| column::seq(*key)))),
            Select::All(filter) => {
                let mut ways = Self::ways_within(Span::ALL, connection, filter, now)?;
                let Some(last) = ways.pop() else { return Ok(Self::these(std::iter::empty())) };
                // The search is by type if there is a choice and few events have that type.
                let way = match ways.pop() {
                    Some(own) if !last.source.has_few(connection)? => own,
                    _ => last,
                };
                way.until_now(connection)
            }
        }
    }

    /// Searches for parked and dead events that a filter accepts.
    pub(super) fn over(connection: &Connection, filter: &Filter) -> rusqlite::Result<Self> {
        let condition = Condition::new(filter);
        let over = || Source::over(vec![false, true], condition.prefixes());
        let source = selective(filter).unwrap_or_else(over);
        Self { source, span: Span::ALL, condition }.until_now(connection)
    }

    /// Searches for these events, each of them once.
    fn these(seqs: impl Iterator<Item = i64>) -> Self {
        let seqs: BTreeSet<_> = seqs.collect();
        let source = Source::These(seqs.into_iter().collect());
        Self { source, condition: Condition::default(), span: Span::ALL }
    }

    fn until_now(self, connection: &Connection) -> rusqlite::Result<Self> {
        let until = self.span.until.min(span::last(connection)?);
        Ok(Self { span: Span { until, ..self.span }, ..self })
    }

    /// Sets the order of the search, and begins after an event.
    pub(super) fn in_order(mut self, newest_first: bool, after: Option<i64>) -> Self {
        self.span.newest_first = newest_first;
        if let Some(seq) = after {
            self.span.skip(seq);
        }
        self
    }

    /// Takes a step. Returns up to `limit` candidates, or `None` if there are no more.
    pub(super) fn step(
        &mut self,
        connection: &Connection,
        limit: usize,
        now: SystemTime,
    ) -> rusqlite::Result<Option<Vec<i64>>> {
        let candidates = self.source.next(connection, self.span, limit.clamp(1, STEP), now)?;
        let Some(reached) = candidates.reached else { return Ok(None) };
        self.span.skip(reached);
        Ok(Some(candidates.seqs))
    }

    /// Goes back to just after an event, because the candidates after it were not visited. The
    /// search is one with the oldest event first.
    pub(super) fn back_to(&mut self, seq: i64) {
        self.span.after = seq;
    }

    /// Reads a candidate. Returns `None` if the filter does not accept it, or it is gone.
    pub(super) fn accept(
        &self,
        connection: &Connection,
        seq: i64,
        now: SystemTime,
    ) -> rusqlite::Result<Option<EventInfo>> {
        match info(connection, seq, now)? {
            Some(event) if self.condition.accepts(connection, &event)? => Ok(Some(event)),
            _ => Ok(None),
        }
    }

    /// Returns whether the filter accepts every candidate, as long as the snapshot is the same.
    pub(super) fn accepts_all(&self) -> bool {
        self.source.is_exact() && self.condition.is_of_state()
    }
}

/// Returns the source for a filter that names an id or an error. Few events have one id.
fn selective(filter: &Filter) -> Option<Source> {
    match (filter.error_group, &filter.id) {
        (Some(_), _) if filter.state.is_some_and(|state| state != EventState::Dead) => {
            Some(Source::These(Vec::new()))
        }
        (_, Some(id)) => Some(Source::EventsWithId(id.clone())),
        (Some(error), None) => Some(match Condition::new(filter).prefixes() {
            Some(prefixes) => Source::DeadOfType(error, prefixes),
            None => Source::DeadOf(error),
        }),
        (None, None) => None,
    }
}

/// Returns the sources for a filter that names a lane.
fn of_lane(connection: &Connection, filter: &Filter, lane: Lane) -> rusqlite::Result<Vec<Source>> {
    let of_lane = Source::EventsOfLane(lane);
    Ok(match filter.state {
        Some(EventState::Ready | EventState::Delayed | EventState::Leased) => {
            vec![Source::These(lanes::head(connection, lane)?.into_iter().collect())]
        }
        Some(EventState::Waiting) => match lanes::few_waiting(connection, lane)? {
            Some(few) => vec![Source::These(few)],
            None => vec![Source::Waiting, of_lane],
        },
        Some(EventState::Parked) => vec![Source::Over(vec![true]), of_lane],
        Some(EventState::Dead) => vec![Source::Over(vec![false]), of_lane],
        Some(EventState::Done) => vec![Source::Done, of_lane],
        None => vec![of_lane],
    })
}

/// Returns the sources for a filter that names a state or a type, or neither.
fn by_state(connection: &Connection, filter: &Filter, now: SystemTime) -> rusqlite::Result<Vec<Source>> {
    let prefixes = || Condition::new(filter).prefixes();
    let of_type = || prefixes().map(Source::EventsOfType);
    let own_or_by_type = |source| [source].into_iter().chain(of_type()).collect();
    Ok(match filter.state {
        None => vec![of_type().unwrap_or(Source::Events)],
        Some(EventState::Waiting) => own_or_by_type(Source::Waiting),
        Some(EventState::Done) => own_or_by_type(Source::Done),
        Some(EventState::Parked) => vec![Source::over(vec![true], prefixes())],
        Some(EventState::Dead) => vec![Source::over(vec![false], prefixes())],
        Some(state) => match source::few_due(connection, state, now)? {
            Some(few) => vec![Source::These(few)],
            None => own_or_by_type(Source::Due(state)),
        },
    })
}
