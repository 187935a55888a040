//! Commands of `panora-hooks` that do the same as a page or an action.

use panora_hooks::inbox::EventKey;

use crate::{
    filter::EventFilter,
    format,
    jobs::{Action, Target},
};

/// Returns the command that shows an event.
pub(crate) fn show(key: EventKey) -> String {
    format!("panora-hooks inbox show {key}")
}

/// Returns the command for an action, if the command line can express its filter.
pub(crate) fn act(action: Action, target: &Target) -> Option<String> {
    let action = action.as_str();
    match target {
        Target::Event(key) => Some(format!("panora-hooks inbox {action} {key}")),
        Target::Filter(EventFilter { text: Some(_), .. }) => None,
        Target::Filter(EventFilter { filter, text: None }) => {
            let time = |time| format::strftime(time, "%Y-%m-%dT%H:%M:%S%.fZ");
            let options = [
                ("--state", filter.state.map(|state| state.to_string())),
                ("--type", filter.event_type.clone()),
                ("--id-event", filter.id.clone()),
                ("--lane", filter.lane.map(|lane| lane.to_string())),
                ("--error-group", filter.error_group.map(|group| group.to_string())),
                ("--newer-than", filter.received_from.map(time)),
                ("--older-than", filter.received_before.map(time)),
            ];
            let mut command = format!("panora-hooks inbox {action}");
            for (option, value) in options {
                let Some(value) = value else { continue };
                if !is_plain(&value) {
                    return None;
                }
                for word in [option, &value] {
                    command.push(' ');
                    command.push_str(word);
                }
            }
            Some(command)
        }
    }
}

/// Returns the command that pauses a pattern, if a shell takes it as it is.
pub(crate) fn pause(pattern: &str) -> Option<String> {
    let is_safe = is_plain(pattern.strip_suffix('*').unwrap_or(pattern));
    is_safe.then(|| format!("panora-hooks inbox pause '{pattern}'"))
}

/// Returns whether a shell takes a text as it is. A stranger may have written types and ids, and
/// the command is pasted into a shell.
fn is_plain(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ':');
    !text.starts_with('-') && text.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use panora_hooks::inbox::{EventState, Filter, Fingerprint, Lane};

    use super::*;

    #[test]
    fn a_command_holds_no_text_that_a_shell_would_run() {
        let filter = Filter::new().state(EventState::Dead);
        let act = |filter| act(Action::Replay, &Target::Filter(EventFilter::of(filter)));
        let plain = act(filter.clone().event_type("crm.contact.created"));
        let expected = "panora-hooks inbox replay --state dead --type crm.contact.created";
        assert_eq!(plain.as_deref(), Some(expected));
        for hostile in ["$(reboot)", "a;b", "-x", "a b", "a\nb", "'", "~"] {
            assert_eq!(act(filter.clone().event_type(hostile)), None);
            assert_eq!(act(filter.clone().id(hostile)), None);
            assert_eq!(pause(hostile), None);
            assert_eq!(pause(&format!("{hostile}*")), None);
        }
        assert_eq!(pause("crm.*").as_deref(), Some("panora-hooks inbox pause 'crm.*'"));
    }

    #[test]
    fn a_command_has_every_part_of_the_filter() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_micros(1_764_243_025_000_001);
        let filter =
            Filter::new().id("a-1").lane(Lane::from_bytes([7; 16])).error_group(Fingerprint::new(0xab));
        let filter = filter.received_from(time);
        let mut filter = EventFilter::of(filter.received_before(time + Duration::from_secs(1)));
        let act = |filter: &EventFilter| act(Action::Drop, &Target::Filter(filter.clone()));
        let expected = "panora-hooks inbox drop --id-event a-1 --lane 07070707070707070707070707070707 \
                        --error-group 00000000000000ab \
                        --newer-than 2025-11-27T11:30:25.000001Z --older-than 2025-11-27T11:30:26.000001Z";
        assert_eq!(act(&filter).as_deref(), Some(expected));
        filter.text = Some("busy".to_owned());
        assert_eq!(act(&filter), None);
    }
}
