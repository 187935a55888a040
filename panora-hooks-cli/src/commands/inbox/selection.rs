//! The selection of events.

use std::time::SystemTime;

use panora_hooks::inbox::{EventKey, EventState, Filter, Fingerprint, Lane, Select};

use crate::{failure::Failure, moment, print};

/// Filters that combine by "and".
#[derive(clap::Args, Clone)]
pub(super) struct Filters {
    /// Only events in this state
    #[arg(long, value_name = "STATE", value_parser = state)]
    state: Option<EventState>,
    /// Only events of this type
    #[arg(long = "type", value_name = "EVENT")]
    event_type: Option<String>,
    /// Only older events: an age such as `7d`, or a time
    #[arg(long, value_name = "AGE", value_parser = moment::moment)]
    older_than: Option<SystemTime>,
    /// Only newer events: an age such as `7d`, or a time
    #[arg(long, value_name = "AGE", value_parser = moment::moment)]
    newer_than: Option<SystemTime>,
    /// Only events with this `id_event`
    #[arg(long, value_name = "ID")]
    id_event: Option<String>,
    /// Only events of this lane
    #[arg(long)]
    pub(super) lane: Option<Lane>,
    /// Only dead events of this group of errors
    #[arg(long, value_name = "ID", value_parser = error_group)]
    error_group: Option<Fingerprint>,
}

/// Single events, or all events that match the filters.
#[derive(clap::Args)]
pub(super) struct Selection {
    /// Single events
    #[arg(value_name = "ID", value_parser = key, conflicts_with = "Filters")]
    keys: Vec<EventKey>,
    #[command(flatten)]
    pub(super) filters: Filters,
    /// Does not ask for confirmation
    #[arg(long)]
    pub(super) yes: bool,
}

impl From<Filters> for Filter {
    fn from(filters: Filters) -> Self {
        let Filters { state, event_type, older_than, newer_than, id_event, lane, error_group } = filters;
        // An event that arrives while the command runs is not selected.
        let mut filter = Self::new().received_before(older_than.unwrap_or_else(SystemTime::now));
        (filter.state, filter.event_type, filter.received_from) = (state, event_type, newer_than);
        (filter.id, filter.lane, filter.error_group) = (id_event, lane, error_group);
        filter
    }
}

impl Selection {
    /// Describes the selection, for a question.
    pub(super) fn describe(&self) -> String {
        let Filters { state, event_type, older_than, newer_than, id_event, lane, error_group } =
            &self.filters;
        if !self.keys.is_empty() {
            let keys: Vec<_> = self.keys.iter().map(|key| format!("{key}")).collect();
            return format!("event {}", keys.join(", "));
        }
        let mut words = vec!["all".to_owned()];
        words.extend(state.map(|state| state.to_string()));
        words.push("events".to_owned());
        words.extend(event_type.as_ref().map(|event_type| format!("of type {}", print::foreign(event_type))));
        words.extend(id_event.as_ref().map(|id| format!("with the id_event {}", print::foreign(id))));
        words.extend(lane.map(|lane| format!("of lane {lane}")));
        words.extend(error_group.map(|group| format!("with the error {group}")));
        words.extend(older_than.map(|time| format!("that arrived before {}", print::time(time))));
        words.extend(newer_than.map(|time| format!("that arrived since {}", print::time(time))));
        words.join(" ")
    }

    pub(super) fn select(self) -> Result<Select, Failure> {
        let Self { keys, filters, .. } = self;
        let is_filtered = filters.state.is_some()
            || filters.event_type.is_some()
            || filters.older_than.is_some()
            || filters.newer_than.is_some()
            || filters.id_event.is_some()
            || filters.lane.is_some()
            || filters.error_group.is_some();
        match (keys.is_empty(), is_filtered) {
            (false, _) => Ok(Select::Keys(keys)),
            (true, true) => Ok(Select::All(filters.into())),
            (true, false) => {
                Err(Failure::usage("which events? Give their ids, or a filter such as --state or --type"))
            }
        }
    }
}

pub(super) fn key(text: &str) -> Result<EventKey, String> {
    text.parse().map_err(|_| "expected the number of an event, such as `17`".to_owned())
}

fn state(text: &str) -> Result<EventState, String> {
    let state = EventState::ALL.iter().find(|state| state.as_str() == text);
    let names = || EventState::ALL.iter().map(|state| state.as_str()).collect::<Vec<_>>().join(", ");
    state.copied().ok_or_else(|| format!("expected one of {}", names()))
}

fn error_group(text: &str) -> Result<Fingerprint, String> {
    text.parse().map_err(|_| "expected 16 hexadecimal digits".to_owned())
}
