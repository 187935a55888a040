//! JSON trees that keep tokens unchanged.

use std::borrow::Cow;

use serde::de::IgnoredAny;

/// A value of a JSON text.
#[derive(Debug, Clone, PartialEq)]
pub enum Node<'t> {
    /// A string, a number or a word.
    Token(&'t str),
    /// An array.
    List(Vec<Self>),
    /// An object.
    Object(Vec<Member<'t>>),
}

/// The token of a key, and its value.
pub type Member<'t> = (&'t str, Node<'t>);

/// The limit of nesting, the same as in `serde_json`, because code that works on nodes is
/// recursive.
const MAX_DEPTH: usize = 127;

/// The reason why a text cannot be used as JSON. It contains no part of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// The text is not JSON.
    #[error("line {line}, column {column}")]
    Syntax {
        /// The line of the error, starting at 1.
        line: usize,
        /// Its column, starting at 1.
        column: usize,
    },
    /// The text is nested too deeply.
    #[error("it is nested deeper than {MAX_DEPTH}")]
    TooDeep,
    /// A number is too large.
    #[error("a number is larger than 1.8e308, the largest of JavaScript's")]
    Number,
}

impl<'t> Node<'t> {
    /// Parses a value.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is not JSON or is nested too deeply.
    pub fn parse(text: &'t str) -> Result<Self, JsonError> {
        // This check is not recursive; the parser below can then rely on valid JSON.
        serde_json::from_str::<IgnoredAny>(text)
            .map_err(|error| JsonError::Syntax { line: error.line(), column: error.column() })?;
        Parser { rest: text }.value(MAX_DEPTH).ok_or(JsonError::TooDeep)
    }
}

/// Returns the text of a string token. `None` if the token is not a string or not Unicode.
#[must_use]
pub fn decode(token: &str) -> Option<Cow<'_, str>> {
    let text = token.strip_prefix('"')?.strip_suffix('"')?;
    if text.contains('\\') { serde_json::from_str(token).ok().map(Cow::Owned) } else { Some(text.into()) }
}

struct Parser<'t> {
    rest: &'t str,
}

impl<'t> Parser<'t> {
    fn value(&mut self, depth: usize) -> Option<Node<'t>> {
        if self.eat('[') {
            let depth = depth.checked_sub(1)?;
            let mut items = Vec::new();
            while !self.eat(']') {
                items.push(self.value(depth)?);
                self.eat(',');
            }
            return Some(Node::List(items));
        }
        if self.eat('{') {
            let depth = depth.checked_sub(1)?;
            let mut members = Vec::new();
            while !self.eat('}') {
                let key = self.token()?;
                self.eat(':');
                members.push((key, self.value(depth)?));
                self.eat(',');
            }
            return Some(Node::Object(members));
        }
        self.token().map(Node::Token)
    }

    fn eat(&mut self, c: char) -> bool {
        self.rest = self.rest.trim_ascii_start();
        let rest = self.rest.strip_prefix(c);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn token(&mut self) -> Option<&'t str> {
        self.rest = self.rest.trim_ascii_start();
        let end = if self.rest.starts_with('"') { self.end_of_string()? } else { self.end_of_word() };
        let (token, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        (!token.is_empty()).then_some(token)
    }

    fn end_of_string(&self) -> Option<usize> {
        let mut bytes = self.rest.bytes().enumerate().skip(1);
        loop {
            match bytes.next()? {
                (end, b'"') => return Some(end + 1),
                (_, b'\\') => drop(bytes.next()),
                _ => {}
            }
        }
    }

    fn end_of_word(&self) -> usize {
        let is_end = |byte: u8| matches!(byte, b',' | b']' | b'}' | b':') || byte.is_ascii_whitespace();
        self.rest.bytes().position(is_end).unwrap_or(self.rest.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_kept() {
        let text = " { \"a\\u0062\" : [ 1.0 , -2E+05,true ] ,\n\"\\\"]\":{} , \"\":\"\\\\\" } ";
        let expected = Node::Object(vec![
            ("\"a\\u0062\"", Node::List(["1.0", "-2E+05", "true"].map(Node::Token).to_vec())),
            ("\"\\\"]\"", Node::Object(vec![])),
            ("\"\"", Node::Token("\"\\\\\"")),
        ]);
        assert_eq!(Node::parse(text), Ok(expected));
    }

    #[test]
    fn a_text_that_is_not_json_or_too_deep_is_an_error() {
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(Node::parse(&nested(MAX_DEPTH)).is_ok());
        for text in ["", "{", "[1", "{\"a\"}", "\"", "1 2", "\u{feff}1", "nul"] {
            assert!(matches!(Node::parse(text), Err(JsonError::Syntax { .. })), "{text}");
        }
        assert_eq!(Node::parse(&nested(MAX_DEPTH + 1)), Err(JsonError::TooDeep));
        assert_eq!(Node::parse(&nested(10_000)), Err(JsonError::TooDeep));
    }
}
