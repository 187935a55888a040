//! Commands of `panora-hooks` that do the same as a page or an action.

use panora_hooks::inbox::EventKey;

use crate::{
    filter::EventFilter,
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
        Target::Filter(EventFilter { filter, text }) => {
            let is_expressible = text.is_none()
                && filter.id.is_none()
                && filter.error_group.is_none()
                && filter.received_from.is_none()
                && filter.received_before.is_none();
            if !is_expressible {
                return None;
            }
            let mut command = format!("panora-hooks inbox {action}");
            if let Some(state) = filter.state {
                command += " --state ";
                command += state.as_str();
            }
            if let Some(event_type) = &filter.event_type {
                // A stranger may have written the type, and the command is pasted into a shell.
                let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
                if event_type.starts_with('-') || !event_type.chars().all(is_plain) {
                    return None;
                }
                command += " --type ";
                command += event_type;
            }
            Some(command)
        }
    }
}

#[cfg(test)]
mod tests {
    use panora_hooks::inbox::{EventState, Filter};

    use super::*;

    #[test]
    fn a_command_holds_no_text_that_a_shell_would_run() {
        let filter = Filter::new().state(EventState::Dead);
        let act = |filter| act(Action::Replay, &Target::Filter(EventFilter::of(filter)));
        let plain = act(filter.clone().event_type("crm.contact.created"));
        let expected = "panora-hooks inbox replay --state dead --type crm.contact.created";
        assert_eq!(plain.as_deref(), Some(expected));
        for hostile in ["$(reboot)", "a;b", "-x", "a b", "a\nb", "'"] {
            assert_eq!(act(filter.clone().event_type(hostile)), None);
        }
        assert_eq!(act(filter.id("a")), None);
    }
}
