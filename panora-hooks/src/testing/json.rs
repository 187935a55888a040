//! JSON as JavaScript holds and writes it.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};

/// A value whose objects keep the order of their keys, as the sender's do.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Json {
    /// The text that `JSON.stringify` makes of it.
    pub(crate) fn stringify(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) {
        match self {
            Self::Null => text.push_str("null"),
            Self::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
            Self::Number(number) => text.push_str(&write_number(*number)),
            Self::Text(value) => text.push_str(&quote(value)),
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
                    text.push_str(&quote(key));
                    text.push(':');
                    value.write(text);
                }
                text.push('}');
            }
        }
    }
}

/// A text as a JSON string. JavaScript escapes what `serde_json` escapes, in the same way.
pub(crate) fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// JavaScript puts keys that look like indices first, in ascending order.
fn in_order(members: &[(String, Json)]) -> Vec<&(String, Json)> {
    let mut members: Vec<_> = members.iter().collect();
    members.sort_by_key(|(key, _)| index(key).unwrap_or(u32::MAX));
    members
}

/// What JavaScript takes for an index.
pub(crate) fn index(key: &str) -> Option<u32> {
    let index: u32 = key.parse().ok()?;
    (index < u32::MAX && index.to_string() == key).then_some(index)
}

/// Rust and JavaScript write the same digits. Where JavaScript has an exponent, Rust has zeros.
pub(crate) fn write_number(number: f64) -> String {
    if number == 0.0 {
        // Minus zero, too.
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

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    #[expect(clippy::cast_precision_loss, reason = "JavaScript's numbers are no more precise")]
    fn visit_i64<E: Error>(self, number: i64) -> Result<Json, E> {
        Ok(Json::Number(number as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "JavaScript's numbers are no more precise")]
    fn visit_u64<E: Error>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Number(number as f64))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Json, E> {
        Ok(Json::Number(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members: Vec<(String, Json)> = Vec::new();
        while let Some((key, value)) = map.next_entry()? {
            match members.iter_mut().find(|(known, _)| *known == key) {
                Some(member) => member.1 = value,
                None => members.push((key, value)),
            }
        }
        // What `serde_json` makes of a number where a crate of the program turns on `arbitrary_precision`.
        if let [(key, Json::Text(digits))] = &*members
            && key == "$serde_json::private::Number"
        {
            return digits.parse().map(Json::Number).map_err(A::Error::custom);
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Node 20 prints for `JSON.stringify(JSON.parse(text))`.
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
            let json: Json = serde_json::from_str(text).unwrap();
            assert_eq!(json.stringify(), written);
        }
    }
}
