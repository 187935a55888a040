//! Checks the grammar of event types and prefixes, and looks them up in the catalogue.

use syn::LitStr;

use super::{Warning, WarningKind};
use crate::{
    catalogue::{self, Meaning, Sender},
    diagnostics::Diagnostics,
    on::{
        attribute::Attribute,
        pattern::{EventPattern, PatternError},
    },
    similar::closest,
};

/// Returns the valid patterns.
pub(super) fn check(
    attribute: &Attribute,
    warnings: &mut Vec<Warning>,
    diagnostics: &mut Diagnostics,
) -> Vec<LitStr> {
    let mut right: Vec<LitStr> = Vec::new();
    let mut unlisted_is_needed = false;
    for literal in &attribute.patterns {
        let text = literal.value();
        if right.iter().any(|earlier| earlier.value() == text) {
            diagnostics.error(literal, format_args!("event `{text}` is listed twice in this attribute"));
            continue;
        }
        match check_pattern(&text, attribute.unlisted.is_some()) {
            Ok(Standing::Listed { is_sent: true }) => {}
            Ok(Standing::Listed { is_sent: false }) => warnings.push(Warning {
                kind: WarningKind::NeverSent,
                message: never_sent(&text),
                span: literal.span(),
            }),
            Ok(Standing::Unlisted) => unlisted_is_needed = true,
            Err(PatternError { message, help }) => {
                match help {
                    Some(help) => diagnostics.error_with_help(literal, message, help),
                    None => diagnostics.error(literal, message),
                }
                continue;
            }
        }
        right.push(literal.clone());
    }
    if let (Some(unlisted), Some(first)) = (&attribute.unlisted, right.first())
        && !unlisted_is_needed
        && right.len() == attribute.patterns.len()
    {
        warnings.push(Warning {
            kind: WarningKind::NeedlessOption,
            message: format!("`{}` is in the catalogue\nhelp: remove `unlisted`", first.value()),
            span: unlisted.span(),
        });
    }
    right
}

/// Whether the catalogue holds a valid pattern.
enum Standing {
    Listed { is_sent: bool },
    Unlisted,
}

fn check_pattern(text: &str, accepts_unlisted: bool) -> Result<Standing, PatternError> {
    match EventPattern::parse(text)? {
        EventPattern::Any => Ok(Standing::Listed { is_sent: true }),
        EventPattern::Prefix(prefix) => check_prefix(prefix, accepts_unlisted),
        EventPattern::Exact(name) => check_event_type(name, accepts_unlisted),
    }
}

fn check_prefix(prefix: &str, accepts_unlisted: bool) -> Result<Standing, PatternError> {
    if catalogue::is_prefix(prefix) {
        return Ok(Standing::Listed { is_sent: true });
    }
    if accepts_unlisted {
        return Ok(Standing::Unlisted);
    }
    Err(PatternError {
        message: format!("no event type begins with `{prefix}.`"),
        help: Some(match closest(prefix, catalogue::prefixes()) {
            Some(known) => format!("did you mean `{known}.*`?"),
            None => unlisted_help(&format!("{prefix}.*")),
        }),
    })
}

fn check_event_type(name: &str, accepts_unlisted: bool) -> Result<Standing, PatternError> {
    let refused = |message, help| Err(PatternError { message, help: Some(help) });
    match catalogue::find(name) {
        Some(Meaning::Event(event)) => {
            Ok(Standing::Listed { is_sent: matches!(event.sender, Sender::Current | Sender::Past) })
        }
        Some(Meaning::Passthrough) => Ok(Standing::Listed { is_sent: true }),
        Some(Meaning::WireName(event)) => refused(
            format!("`{name}` is how `{}` is spelled on the wire", event.name),
            format!("write `{}`", event.name),
        ),
        Some(Meaning::Misspelling(event)) => refused(
            format!("`{name}` is a misspelling of `{}` that Panora published", event.name),
            format!("write `{}`", event.name),
        ),
        None if accepts_unlisted => Ok(Standing::Unlisted),
        None => refused(
            format!("unknown event type `{name}`"),
            match closest(name, catalogue::names()) {
                _ if catalogue::is_prefix(name) => format!("did you mean `{name}.*`?"),
                Some(known) => format!("did you mean `{known}`?"),
                None => unlisted_help(name),
            },
        ),
    }
}

fn unlisted_help(pattern: &str) -> String {
    format!(r#"if Panora sends it, write `#[on("{pattern}", unlisted)]`"#)
}

fn never_sent(name: &str) -> String {
    let is_unreachable = matches!(
        catalogue::find(name),
        Some(Meaning::Event(event)) if event.sender == Sender::Unreachable
    );
    let standing = if is_unreachable { "in Panora's source" } else { "documented" };
    format!("`{name}` is {standing}, but no known Panora release sends it")
}
