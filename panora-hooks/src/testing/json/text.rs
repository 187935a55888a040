//! JavaScript strings.

use std::{fmt, ops::Deref};

use super::quote;
use crate::delivery::json_string;

/// A JavaScript string, which may hold unpaired surrogates. It dereferences to its text, in which
/// they are U+FFFD.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Text {
    text: String,
    /// The JSON string that JavaScript writes, if it cannot be derived from the text.
    literal: Option<String>,
}

impl Text {
    /// Parses a JSON string. Returns `None` if the token is not one.
    #[must_use]
    pub fn parse(token: &str) -> Option<Self> {
        let Some(replaced) = json_string::replace_unpaired(token) else {
            return serde_json::from_str::<String>(token).ok().map(Self::from);
        };
        let text = serde_json::from_str(&replaced).ok()?;
        let mut literal = String::from('"');
        let mut rest = token.strip_prefix('"')?.strip_suffix('"')?;
        while let Some(escape) = json_string::unpaired(rest).next() {
            let (before, escape_and_rest) = rest.split_at_checked(escape)?;
            let (escape, after) = escape_and_rest.split_at_checked(r"\ud800".len())?;
            push_unquoted(&mut literal, before)?;
            literal.push_str(&escape.to_ascii_lowercase());
            rest = after;
        }
        push_unquoted(&mut literal, rest)?;
        literal.push('"');
        Some(Self { text, literal: Some(literal) })
    }

    /// Returns the JSON string that JavaScript writes.
    #[must_use]
    pub fn to_literal(&self) -> String {
        self.literal.clone().unwrap_or_else(|| quote(&self.text))
    }
}

/// Appends a part of a JSON string, with the escapes that JavaScript writes.
fn push_unquoted(literal: &mut String, part: &str) -> Option<()> {
    let text: String = serde_json::from_str(&format!("\"{part}\"")).ok()?;
    literal.push_str(quote(&text).strip_prefix('"')?.strip_suffix('"')?);
    Some(())
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self { text, literal: None }
    }
}

/// Equal only if the string has no unpaired surrogates.
impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.literal.is_none() && self.text == other
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_as_javascript_writes_it() {
        for (token, literal) in [
            (r#""\u0041\/\u00e9""#, r#""A/é""#),
            (r#""\uD83D""#, r#""\ud83d""#),
            (r#""\u0041\uDE00\ud83d\ude00\"\ud83d""#, r#""A\ude00😀\"\ud83d""#),
        ] {
            assert_eq!(Text::parse(token).unwrap().to_literal(), literal);
        }
        assert_eq!(&*Text::parse(r#""x\ud83d""#).unwrap(), "x\u{fffd}");
        assert_ne!(Text::parse(r#""\ud83d""#), Text::parse(r#""\ud83e""#));
        assert_ne!(Text::parse(r#""\ud83d""#), Text::parse(r#""\ufffd""#));
        for token in ["", "\"", "1", r#""\ud83d"#, r#""\ud83d\x""#, "\"\\ud83d\"\""] {
            assert_eq!(Text::parse(token), None, "{token}");
        }
    }
}
