//! Searches for events that a filter accepts, in order of arrival, in steps that read a bounded
//! number of rows.

use std::{collections::BTreeSet, time::SystemTime};

use rusqlite::Connection;

use super::{
    info::info,
    source::{self, Source},
};
use crate::inbox::{
    EventInfo, EventState, Filter, Select, column,
    time::{micros, time},
};

/// The most rows that a step reads of an index.
const STEP: usize = 1000;

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

impl Scan {
    /// Returns the ways to search for events that `filter` accepts. Each way finds the same events.
    /// The shortest depends on the distribution of states and types.
    pub(super) fn ways(
        connection: &Connection,
        filter: &Filter,
        now: SystemTime,
    ) -> rusqlite::Result<Vec<Self>> {
        let of_type = || Condition::new(filter).prefixes().map(Source::EventsOfType);
        let over = |states| Source::over(states, Condition::new(filter).prefixes());
        let own_or_by_type = |source| [source].into_iter().chain(of_type()).collect();
        let sources = match filter.state {
            None => vec![of_type().unwrap_or(Source::Events)],
            Some(EventState::Done) => own_or_by_type(Source::Done),
            Some(EventState::Parked) => vec![over(vec![true])],
            Some(EventState::Dead) => vec![over(vec![false])],
            Some(state) => match source::few_due(connection, state, now)? {
                Some(few) => vec![Source::These(few)],
                None => own_or_by_type(Source::Due(state)),
            },
        };
        Ok(sources.into_iter().map(|source| Self::new(source, filter)).collect())
    }

    fn new(source: Source, filter: &Filter) -> Self {
        Self { source, condition: Condition::new(filter), after: 0, until: i64::MAX }
    }

    /// Searches for the selected events, without those that arrive meanwhile.
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
        let source = Source::over(vec![false, true], Condition::new(filter).prefixes());
        Self::new(source, filter).until_now(connection)
    }

    /// Searches for these events, each of them once.
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

    /// Goes back to just after an event, because the candidates after it were not visited.
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
            // Rounded to the precision of the store.
            received_before: filter.received_before.map(|before| time(micros(before))),
        }
    }

    fn accepts(&self, event: &EventInfo) -> bool {
        self.state.is_none_or(|state| state == event.state)
            && self.wire_types.as_ref().is_none_or(|types| types.contains(&event.wire_type))
            && self.received_before.is_none_or(|before| event.received_at < before)
    }

    /// Returns the types to look for. The statements cut them in the same way as their indexes.
    fn prefixes(&self) -> Option<Vec<String>> {
        Some(self.wire_types.as_ref()?.iter().cloned().collect())
    }
}
