//! The grammar of event types and of patterns over them.

use crate::{
    catalogue::{self, Meaning},
    similar::closest,
};

/// The length limit of an event type or pattern, in bytes. Panora's longest event type has 40.
const MAX_BYTES: usize = 128;

/// The event types that a string in `#[on("..")]` matches.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum EventPattern<'t> {
    /// One event type.
    Exact(&'t str),
    /// All event types that begin with this prefix and a dot: `crm` of `crm.*`.
    Prefix(&'t str),
    /// `*`.
    Any,
}

/// The reason why a string is not a pattern.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PatternError {
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl<'t> EventPattern<'t> {
    pub(crate) fn parse(text: &'t str) -> Result<Self, PatternError> {
        if text.is_empty() {
            return Err(PatternError::helped("event type is empty", "for example `crm.contact.created`"));
        }
        if text.len() > MAX_BYTES {
            return Err(PatternError::new(format!("event type is longer than {MAX_BYTES} bytes")));
        }
        if text == "*" {
            return Ok(Self::Any);
        }
        let (name, is_prefix) = match text.strip_suffix(".*") {
            Some(prefix) => (prefix, true),
            None => (text, false),
        };
        if name.contains('*') {
            return Err(misplaced_star(text));
        }
        check_characters(text, name)?;
        check_segments(text, name)?;
        if is_prefix {
            return Ok(Self::Prefix(name));
        }
        if !name.contains('.') {
            let help = if catalogue::is_prefix(name) {
                format!("did you mean `{name}.*`?")
            } else {
                "event types look like `crm.contact.created` or `connection.created`".to_owned()
            };
            return Err(PatternError::helped(format!("event type `{name}` has one segment"), help));
        }
        Ok(Self::Exact(name))
    }
}

impl PatternError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    fn helped(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: Some(help.into()) }
    }

    /// Returns an error that points at the byte `position` of the event type and suggests how to
    /// write it. Stable Rust cannot underline a part of a literal, so the message draws the
    /// underline.
    fn drawn(message: &str, text: &str, position: usize) -> Self {
        let column = text[..position].chars().count();
        let shown: String = text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        Self {
            message: format!("{message}\n  {shown}\n  {:column$}^", ""),
            help: corrected(text).map(|name| format!("write `{name}`")),
        }
    }
}

fn check_characters(text: &str, name: &str) -> Result<(), PatternError> {
    let Some((position, found)) = name.char_indices().find(|(_, c)| !is_plain(*c)) else {
        return Ok(());
    };
    let message = match found {
        'A'..='Z' => "event type has an uppercase letter".to_owned(),
        ' ' => "event type has a space".to_owned(),
        '/' | ':' => format!("event type has a `{found}`, segments are joined by `.`"),
        c if c.is_alphabetic() => format!("event type has the letter `{c}`, which is not ASCII"),
        c => format!("event type has the character {c:?}"),
    };
    Err(PatternError::drawn(&message, text, position))
}

fn is_plain(c: char) -> bool {
    matches!(c, 'a'..='z' | '0'..='9' | '_' | '.')
}

fn check_segments(text: &str, name: &str) -> Result<(), PatternError> {
    let drawn = |message, position| Err(PatternError::drawn(message, text, position));
    if name.is_empty() || name.starts_with('.') {
        drawn("event type starts with a dot", 0)
    } else if let Some(dot) = name.find("..") {
        drawn("event type has an empty segment", dot + 1)
    } else if name.ends_with('.') {
        drawn("event type ends with a dot", name.len() - 1)
    } else {
        Ok(())
    }
}

/// Returns the pattern that `text` was probably meant to be, if the catalogue holds it.
fn corrected(text: &str) -> Option<String> {
    let lower: String = text
        .trim()
        .chars()
        .map(|c| match c {
            ' ' | '/' | ':' => '.',
            '-' => '_',
            c => c.to_ascii_lowercase(),
        })
        .collect();
    let (name, is_prefix) = match lower.strip_suffix('*') {
        Some(prefix) => (prefix, true),
        None => (&*lower, false),
    };
    let segments: Vec<_> = name.split('.').filter(|segment| !segment.is_empty()).collect();
    let name = segments.join(".");
    if is_prefix {
        return closest(&name, catalogue::prefixes()).map(|prefix| format!("{prefix}.*"));
    }
    let spelled = match catalogue::find(&name) {
        Some(Meaning::WireName(event) | Meaning::Misspelling(event)) => event.name,
        _ => &name,
    };
    closest(spelled, catalogue::names()).map(str::to_owned)
}

fn misplaced_star(text: &str) -> PatternError {
    let before = text.split('*').next().unwrap_or_default();
    let meant = match before.rsplit_once('.') {
        Some((prefix, _)) => catalogue::prefixes().find(|known| *known == prefix),
        None => catalogue::prefixes().find(|known| !before.is_empty() && known.starts_with(before)),
    };
    let help = match meant {
        Some(prefix) => format!("`{prefix}.*`"),
        None if before.is_empty() => "`*`".to_owned(),
        None => "for example `crm.*`".to_owned(),
    };
    PatternError::helped("`*` stands for everything after a dot, at the end", help)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> (String, Option<String>) {
        let PatternError { message, help } = EventPattern::parse(text).unwrap_err();
        (message, help)
    }

    #[test]
    fn patterns() {
        assert_eq!(
            EventPattern::parse("crm.contact.created"),
            Ok(EventPattern::Exact("crm.contact.created"))
        );
        assert_eq!(EventPattern::parse("connection.created"), Ok(EventPattern::Exact("connection.created")));
        assert_eq!(EventPattern::parse("crm.*"), Ok(EventPattern::Prefix("crm")));
        assert_eq!(EventPattern::parse("crm.contact.*"), Ok(EventPattern::Prefix("crm.contact")));
        assert_eq!(EventPattern::parse("*"), Ok(EventPattern::Any));
    }

    #[test]
    fn the_length_counts_bytes() {
        let longest = format!("crm.{}", "x".repeat(124));
        assert!(EventPattern::parse(&longest).is_ok());
        assert_eq!(error(&format!("{longest}x")).0, "event type is longer than 128 bytes");
    }

    #[test]
    fn the_caret_counts_characters() {
        let (message, help) = error("crm.cöntäct.created");
        assert_eq!(
            message,
            "event type has the letter `ö`, which is not ASCII\n  crm.cöntäct.created\n       ^"
        );
        assert_eq!(help.as_deref(), Some("write `crm.contact.created`"));
    }

    #[test]
    fn control_characters_are_not_repeated() {
        let (message, help) = error("crm.contact.created\n");
        assert!(message.starts_with(r"event type has the character '\n'"), "{message}");
        assert_eq!(message.lines().count(), 3, "{message}");
        assert_eq!(help.as_deref(), Some("write `crm.contact.created`"));
    }

    #[test]
    fn misplaced_stars_name_the_pattern_that_was_meant() {
        for (text, pattern) in [
            ("crm.*.created", "`crm.*`"),
            ("cr*", "`crm.*`"),
            ("crm.con*", "`crm.*`"),
            ("crm.contact.*d", "`crm.contact.*`"),
            ("crm.**", "`crm.*`"),
            ("*.created", "`*`"),
            ("**", "`*`"),
            ("crm.*.*", "`crm.*`"),
            ("foo*", "for example `crm.*`"),
            ("contact*", "for example `crm.*`"),
        ] {
            let (message, help) = error(text);
            assert_eq!(message, "`*` stands for everything after a dot, at the end", "{text}");
            assert_eq!(help.as_deref(), Some(pattern), "{text}");
        }
    }

    #[test]
    fn suggestions_are_valid_patterns() {
        for (text, suggestion) in [
            ("CRM.*", Some("crm.*")),
            ("Crm.Contact.*", Some("crm.contact.*")),
            ("crm..*", Some("crm.*")),
            ("CRM.company.push", Some("crm.company.created")),
            ("crm.contact-created", Some("crm.contact.created")),
            ("crm-contact.created", Some("crm.contact.created")),
            ("accounting.credit-note.pulled", Some("accounting.credit_note.pulled")),
            ("Payments.refund", None),
            ("crm..created", None),
        ] {
            let (message, help) = error(text);
            let expected = suggestion.map(|name| format!("write `{name}`"));
            assert_eq!(help, expected, "{text}: {message}");
        }
    }

    #[test]
    fn every_name_of_the_catalogue_is_an_event_type() {
        for name in catalogue::names() {
            assert_eq!(EventPattern::parse(name), Ok(EventPattern::Exact(name)));
        }
    }
}
