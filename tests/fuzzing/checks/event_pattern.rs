//! An accepted pattern follows the grammar, and so does a pattern that an error suggests.

use crate::pattern::{EventPattern, PatternError};

/// # Panics
///
/// Panics if a pattern does not.
pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match EventPattern::parse(text) {
        Ok(EventPattern::Any) => assert_eq!(text, "*"),
        Ok(EventPattern::Prefix(prefix)) => {
            assert_eq!(format!("{prefix}.*"), text);
            assert!(prefix.split('.').all(is_segment));
        }
        Ok(EventPattern::Exact(name)) => {
            assert_eq!(name, text);
            assert!(name.contains('.') && name.split('.').all(is_segment));
        }
        Err(PatternError { message, help }) => {
            let is_clean = |text: &str| !text.chars().any(|c| c.is_control() && c != '\n');
            assert!(is_clean(&message) && help.as_deref().is_none_or(is_clean));
            if let Some(name) = help.as_deref().and_then(|help| help.strip_prefix("write `")) {
                let name = name.strip_suffix('`').unwrap();
                assert!(EventPattern::parse(name).is_ok(), "{name} for {text:?}");
            }
        }
    }
}

fn is_segment(segment: &str) -> bool {
    !segment.is_empty() && segment.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}
