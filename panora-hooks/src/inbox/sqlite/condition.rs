//! A filter, prepared for many events.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::fingerprint;
use crate::inbox::{
    EventInfo, Filter, column,
    time::{micros, time},
};

/// The default accepts every event.
#[derive(Default)]
pub(super) struct Condition {
    filter: Filter,
    wire_types: Option<BTreeSet<String>>,
}

impl Condition {
    pub(super) fn new(filter: &Filter) -> Self {
        let owned = |types: Vec<&str>| types.into_iter().map(str::to_owned).collect();
        // Times are rounded to the precision of the store.
        let round = |at| time(micros(at));
        Self {
            wire_types: filter.wire_types().map(owned),
            filter: Filter {
                received_before: filter.received_before.map(round),
                received_from: filter.received_from.map(round),
                ..filter.clone()
            },
        }
    }

    pub(super) fn accepts(&self, connection: &Connection, event: &EventInfo) -> rusqlite::Result<bool> {
        let Filter { state, received_before, received_from, id, lane, error_group, .. } = &self.filter;
        let is_accepted = state.is_none_or(|state| state == event.state)
            && self.wire_types.as_ref().is_none_or(|types| types.contains(&event.wire_type))
            && received_before.is_none_or(|before| event.received_at < before)
            && received_from.is_none_or(|from| event.received_at >= from)
            && lane.is_none_or(|lane| event.lane == Some(lane))
            && id.as_ref().is_none_or(|id| *id == event.id);
        match error_group {
            Some(group) if is_accepted => connection
                .prepare_cached(
                    "SELECT 1 FROM dead WHERE seq = ?1 AND is_parked = 0 AND coalesce(fingerprint, 0) = ?2",
                )?
                .exists([column::seq(event.key), fingerprint::column(*group)]),
            _ => Ok(is_accepted),
        }
    }

    /// Returns whether an event is accepted because of its state and error alone.
    pub(super) fn is_of_state(&self) -> bool {
        let Filter { state, error_group, .. } = self.filter;
        self.filter == Filter { state, error_group, ..Filter::default() }
    }

    /// Returns the types to look for. The statements cut them in the same way as their indexes.
    pub(super) fn prefixes(&self) -> Option<Vec<String>> {
        Some(self.wire_types.as_ref()?.iter().cloned().collect())
    }
}
