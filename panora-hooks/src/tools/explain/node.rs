//! JSON whose tokens are kept as they arrived.

use std::borrow::Cow;

use serde::de::IgnoredAny;

/// A value of a JSON text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node<'t> {
    /// A string, a number or a word.
    Token(&'t str),
    List(Vec<Self>),
    Object(Vec<Member<'t>>),
}

/// The token of a key, and its value.
pub(super) type Member<'t> = (&'t str, Node<'t>);

/// As deep as `serde_json` goes: what works on nodes calls itself.
const MAX_DEPTH: usize = 128;

impl<'t> Node<'t> {
    /// The value, unless the text is not JSON or nested too deep.
    pub(super) fn parse(text: &'t str) -> Option<Self> {
        // This does not call itself, so that what follows can take the text for JSON.
        serde_json::from_str::<IgnoredAny>(text).ok()?;
        Parser { rest: text }.value(MAX_DEPTH)
    }
}

/// The text that a token of a string stands for; `None` if it is no string, or no Unicode.
pub(super) fn decode(token: &str) -> Option<Cow<'_, str>> {
    let text = token.strip_prefix('"')?.strip_suffix('"')?;
    if text.contains('\\') { serde_json::from_str(token).ok().map(Cow::Owned) } else { Some(text.into()) }
}

struct Parser<'t> {
    rest: &'t str,
}

impl<'t> Parser<'t> {
    fn value(&mut self, depth: usize) -> Option<Node<'t>> {
        let depth = depth.checked_sub(1)?;
        if self.eat('[') {
            let mut items = Vec::new();
            while !self.eat(']') {
                items.push(self.value(depth)?);
                self.eat(',');
            }
            return Some(Node::List(items));
        }
        if self.eat('{') {
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
        assert_eq!(Node::parse(text), Some(expected));
    }

    #[test]
    fn what_is_not_json_or_too_deep_is_nothing() {
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(Node::parse(&nested(MAX_DEPTH)).is_some());
        for text in ["", "{", "[1", "{\"a\"}", "\"", "1 2", "\u{feff}1", "nul"] {
            assert_eq!(Node::parse(text), None, "{text}");
        }
        assert_eq!(Node::parse(&nested(MAX_DEPTH + 1)), None);
        assert_eq!(Node::parse(&nested(10_000)), None);
    }
}
