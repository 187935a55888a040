//! JSON as JavaScript represents and writes it.

pub(crate) mod node;
mod text;

use std::collections::HashMap;

use self::node::Node;
pub use self::{node::JsonError, text::Text};

/// A value whose objects keep the order of their keys, as the sender's do.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A string.
    Text(Text),
    /// An array.
    List(Vec<Self>),
    /// An object.
    Object(Vec<(Text, Self)>),
}

impl Json {
    /// Parses a JSON text as `JSON.parse` does: of several members with one key, the last counts.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is not JSON, is nested too deeply, or has a number beyond
    /// JavaScript's range.
    pub fn parse(text: &str) -> Result<Self, JsonError> {
        Self::of_node(&Node::parse(text)?).ok_or(JsonError::Number)
    }

    /// Returns `None` if a number is beyond JavaScript's range.
    fn of_node(node: &Node<'_>) -> Option<Self> {
        Some(match node {
            Node::Token("null") => Self::Null,
            Node::Token("true") => Self::Bool(true),
            Node::Token("false") => Self::Bool(false),
            Node::Token(token) => match Text::parse(token) {
                Some(text) => Self::Text(text),
                None => Self::Number(token.parse().ok().filter(|number: &f64| number.is_finite())?),
            },
            Node::List(items) => Self::List(items.iter().map(Self::of_node).collect::<Option<_>>()?),
            Node::Object(members) => {
                let mut known: Vec<(Text, Self)> = Vec::with_capacity(members.len());
                let mut places = HashMap::with_capacity(members.len());
                for (key, value) in members {
                    let key = Text::parse(key)?;
                    let value = Self::of_node(value)?;
                    let place = *places.entry(key.clone()).or_insert(known.len());
                    match known.get_mut(place) {
                        Some(member) => member.1 = value,
                        None => known.push((key, value)),
                    }
                }
                Self::Object(known)
            }
        })
    }

    /// Returns the text that `JSON.stringify` writes for this value.
    #[must_use]
    pub fn stringify(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) {
        match self {
            Self::Null => text.push_str("null"),
            Self::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
            Self::Number(number) => text.push_str(&write_number(*number)),
            Self::Text(value) => text.push_str(&value.to_literal()),
            Self::List(items) => {
                text.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        text.push(',');
                    }
                    item.write(text);
                }
                text.push(']');
            }
            Self::Object(members) => {
                text.push('{');
                for (index, (key, value)) in in_order(members).into_iter().enumerate() {
                    if index > 0 {
                        text.push(',');
                    }
                    text.push_str(&key.to_literal());
                    text.push(':');
                    value.write(text);
                }
                text.push('}');
            }
        }
    }
}

/// Returns a text as a JSON string. JavaScript and `serde_json` escape the same characters in the
/// same way.
#[must_use]
pub fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Returns the members in JavaScript's order: keys that look like indices come first, in ascending
/// order.
fn in_order(members: &[(Text, Json)]) -> Vec<&(Text, Json)> {
    let mut members: Vec<_> = members.iter().collect();
    members.sort_by_key(|(key, _)| index(key).unwrap_or(u32::MAX));
    members
}

/// Parses a key that JavaScript treats as an index.
#[must_use]
pub fn index(key: &str) -> Option<u32> {
    let index: u32 = key.parse().ok()?;
    (index < u32::MAX && index.to_string() == key).then_some(index)
}

/// Returns a number as JavaScript writes it. Rust writes the same digits, but zeros where
/// JavaScript has an exponent.
#[must_use]
pub fn write_number(number: f64) -> String {
    if number == 0.0 {
        // Also minus zero.
        "0".to_owned()
    } else if !number.is_finite() {
        "null".to_owned()
    } else if (1e-6..1e21).contains(&number.abs()) {
        number.to_string()
    } else {
        let text = format!("{number:e}");
        if text.contains("e-") { text } else { text.replace('e', "e+") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected texts are the output of Node 20 for `JSON.stringify(JSON.parse(text))`.
    #[test]
    fn it_writes_what_javascript_writes() {
        for (text, written) in [
            ("1.0", "1"),
            ("-0", "0"),
            ("0.1", "0.1"),
            ("1500", "1500"),
            ("9007199254740993", "9007199254740992"),
            ("9223372036854775807", "9223372036854776000"),
            ("123456789012345680000", "123456789012345680000"),
            ("1e21", "1e+21"),
            ("1.5e300", "1.5e+300"),
            ("0.000001", "0.000001"),
            ("0.0000001", "1e-7"),
            ("-1.25e-9", "-1.25e-9"),
            (
                r#""\u0001\u0008\t\n\f\r\u001f\u007f\"\\\/é\u2028""#,
                "\"\\u0001\\b\\t\\n\\f\\r\\u001f\u{7f}\\\"\\\\/é\u{2028}\"",
            ),
            (r#"{"b":1,"10":2,"a":3,"9":4,"01":5,"b":6}"#, r#"{"9":4,"10":2,"b":6,"a":3,"01":5}"#),
            (r"[ null , [ ] , { } , true , false ]", "[null,[],{},true,false]"),
        ] {
            let json = Json::parse(text).unwrap();
            assert_eq!(json.stringify(), written);
        }
    }
}
