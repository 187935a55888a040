//! The lane of an event: a hash of the hook and, for `serial_by`, of a value in the data.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::{Definition, Serial};
use crate::delivery::Delivery;

/// Returns the bytes of the lane of an event of this hook.
///
/// Returns `None` if the hook is not serial, or if the pointer of `serial_by` leads nowhere or to
/// `null`, an object or a list.
pub(crate) fn lane(hook: &Definition, delivery: &Delivery<'_>) -> Option<[u8; 16]> {
    let key = match hook.serial? {
        Serial::All => None,
        Serial::By(pointer) => Some(delivery.read_payload(|text| canonical_at(pointer, text)).flatten()?),
    };
    let mut hash = Sha256::new();
    // The length separates the path from the value.
    hash.update((hook.name.len() as u64).to_le_bytes());
    hash.update(hook.name);
    // No JSON value is empty, so the lane of `serial` differs from those of values.
    hash.update(key.unwrap_or_default());
    hash.finalize().first_chunk().copied()
}

/// Returns the canonical form of the string, number or boolean at a JSON pointer (RFC 6901).
fn canonical_at(pointer: &str, text: &str) -> serde_json::Result<Option<String>> {
    let mut value = text;
    for segment in pointer.split('/').skip(1) {
        let segment = segment.replace("~1", "/").replace("~0", "~");
        match child(value, &segment)? {
            Some(child) => value = child.get(),
            None => return Ok(None),
        }
    }
    canonical(value)
}

/// Returns the member or element of an object or list. Of members with the same name it is the last
/// one, as for `serde_json::Value`.
fn child<'t>(text: &'t str, segment: &str) -> serde_json::Result<Option<&'t RawValue>> {
    let mut json = serde_json::Deserializer::from_str(text);
    let child = match text.trim_ascii_start().as_bytes() {
        [b'{', ..] => json.deserialize_map(Child(segment)),
        [b'[', ..] => json.deserialize_seq(Child(segment)),
        _ => return Ok(None),
    }?;
    json.end()?;
    Ok(child)
}

/// Reads the child with this name or index as text, and skips the others.
///
/// The text does not depend on how other crates of the program configure `serde_json`.
struct Child<'s>(&'s str);

impl<'de> Visitor<'de> for Child<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(is_found) = members.next_key_seed(IsKey(self.0))? {
            if is_found {
                found = Some(members.next_value()?);
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        if let Some(index) = index(self.0) {
            for _ in 0..index {
                if elements.next_element::<IgnoredAny>()?.is_none() {
                    return Ok(None);
                }
            }
            found = elements.next_element()?;
        }
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(found)
    }
}

/// Parses the index of an element. A pointer has no leading zeros and no signs.
fn index(segment: &str) -> Option<usize> {
    let is_canonical = segment == "0" || !segment.starts_with(['0', '+']);
    segment.parse().ok().filter(|_| is_canonical)
}

/// Compares a key with this name.
struct IsKey<'s>(&'s str);

impl<'de> DeserializeSeed<'de> for IsKey<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, key: D) -> Result<bool, D::Error> {
        key.deserialize_str(self)
    }
}

impl Visitor<'_> for IsKey<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<bool, E> {
        Ok(key == self.0)
    }
}

/// Returns one text for all spellings of a string, number or boolean. Returns `None` for `null`, an
/// object and a list.
fn canonical(value: &str) -> serde_json::Result<Option<String>> {
    Ok(match value.as_bytes() {
        [b'"', ..] => Some(serde_json::to_string(&serde_json::from_str::<String>(value)?)?),
        [b't' | b'f', ..] => Some(value.to_owned()),
        [b'-' | b'0'..=b'9', ..] => Some(canonical_number(value)),
        _ => None,
    })
}

/// Returns the significant digits of a number and its exponent. `f64` would round integers beyond
/// 2^53.
fn canonical_number(number: &str) -> String {
    let (sign, unsigned) = number.strip_prefix('-').map_or(("", number), |unsigned| ("-", unsigned));
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    let significant = digits.trim_end_matches('0');
    if significant.is_empty() {
        return "0".to_owned();
    }
    let moved = (digits.len() - significant.len()) as i128 - fraction.len() as i128;
    match exponent.parse::<i64>() {
        Ok(exponent) => format!("{sign}{significant}e{}", i128::from(exponent) + moved),
        // No program can calculate with such a number.
        Err(_) => number.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn definition(name: &'static str, serial: Option<Serial>) -> Definition {
        Definition {
            name,
            patterns: &[],
            is_unlisted: false,
            timeout: None,
            attempts: None,
            concurrency: None,
            serial,
            transaction: None,
            file: "",
            line: 1,
        }
    }

    fn delivery(data: &str) -> Delivery<'_> {
        Delivery::new([0; 32], Cow::Borrowed("id"), Cow::Borrowed("crm.contact.created"), data)
    }

    fn lane_by(pointer: &'static str, data: &str) -> Option<[u8; 16]> {
        lane(&definition("app::hook", Some(Serial::By(pointer))), &delivery(data))
    }

    /// Returns the lane of a value, and checks that it does not matter how the data carries it.
    fn lane_of(value: &str) -> Option<[u8; 16]> {
        let plain = format!(r#"{{"before":[{{"k":0}},1e999],"k":{value},"after":{{"k":0}}}}"#);
        let in_string = serde_json::to_string(&format!(" {plain}\n")).unwrap();
        let lane = lane_by("/k", &plain);
        assert_eq!(lane_by("/k", &in_string), lane, "{value} in a string");
        assert_eq!(lane_by("/rows/1/k", &format!(r#"{{"rows":[null,{plain},{{}}]}}"#)), lane, "{value}");
        lane
    }

    #[test]
    fn equal_values_share_a_lane() {
        let classes: &[&[&str]] = &[
            &["1", "1.0", "1e0", "1E+0", "10e-1", "0.1e1", "100e-2"],
            &[r#""1""#, r#""\u0031""#],
            &["1.5", "15e-1", "1.50"],
            &["0", "-0", "0.0", "-0.0e7", "0e99999999999999999999"],
            &["-1", "-1.0"],
            &["10", "1e1", "1.0e+01"],
            &["9007199254740992", "9007199254740992.0"],
            &["9007199254740993"],
            &["18446744073709551615"],
            &["18446744073709551614"],
            &["-9223372036854775808"],
            &["-9223372036854775807"],
            &["1e400"],
            &["1e401", "10e400"],
            &["1e99999999999999999999"],
            &["true"],
            &["false"],
            &[r#""true""#],
            &[r#""""#],
            &[r#""a""#, r#""\u0061""#],
            &[r#""A""#],
            &[r#""a/é😀""#, r#""a\/\u00e9\ud83d\ude00""#],
            &[r#""\ufffd""#, r#""\ud83d""#, r#""\udc00""#],
            &[r#""null""#],
        ];
        let mut lanes = Vec::new();
        for class in classes {
            let [first, others @ ..] = class else { panic!("an empty class") };
            let lane = lane_of(first).unwrap();
            for other in others {
                assert_eq!(lane_of(other), Some(lane), "{first} and {other}");
            }
            assert!(!lanes.contains(&lane), "{first} has the lane of another value");
            lanes.push(lane);
        }
    }

    #[test]
    fn other_values_have_no_lane() {
        for value in ["null", "{}", "[]", r#"{"k":1}"#, "[1]", "1x", "tru", "01"] {
            assert_eq!(lane_of(value), None, "{value}");
        }
    }

    #[test]
    fn a_pointer_leads_to_one_value() {
        let one = lane_of("1");
        for (pointer, data, is_found) in [
            ("/a", r#"{"a":1}"#, true),
            ("/b", r#"{"a":1}"#, false),
            ("/A", r#"{"a":1}"#, false),
            ("/a/b", r#"{"a":1}"#, false),
            ("/a/b", r#"{"a":{"b":1}}"#, true),
            ("/a/0", r#"{"a":"1"}"#, false),
            ("/", r#"{"":1}"#, true),
            ("/a/", r#"{"a":{"":1}}"#, true),
            ("/a~1b", r#"{"a/b":1}"#, true),
            ("/a~0b", r#"{"a~b":1}"#, true),
            ("/~01", r#"{"~1":1}"#, true),
            ("/é", r#"{"\u00e9":1}"#, true),
            ("/0/a", r#"[{"a":1}]"#, true),
            ("/0/a", "[]", false),
            ("/1", "[0, 1 , 2]", true),
            ("/3", "[0,1,2]", false),
            ("/01", "[0,1]", false),
            ("/+1", "[0,1]", false),
            ("/-", "[0,1]", false),
            ("/99999999999999999999", "[0,1]", false),
            ("/0", r#"{"0":1}"#, true),
            ("/a", r#"{"a":2,"a":1}"#, true),
            ("/a", r#"{"a":1,"a":2}"#, false),
            ("/a", r#"{"a":1,"a":null}"#, false),
            ("/a/b", r#"{"a":{"b":1},"a":{}}"#, false),
            ("/a/b", r#"{"a":0,"a":{"b":1}}"#, true),
            ("/a", r#"{"\ud83d":0,"a":1}"#, true),
            ("/$serde_json::private::Number", "1", false),
            ("/$serde_json::private::RawValue", r#"{"a":1}"#, false),
            ("/a", "", false),
            ("/a", r#""""#, false),
            ("/a", "null", false),
            ("/a", r#"{"a":1"#, false),
            ("/a", r#"{"a":1}}"#, false),
        ] {
            assert_eq!(lane_by(pointer, data) == one, is_found, "{pointer} in {data}");
        }
    }

    #[test]
    fn values_behind_deep_data_are_found() {
        let deep = format!(r#"{{"deep":{}{},"a":1}}"#, "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(lane_by("/a", &deep), lane_of("1"));
    }

    #[test]
    fn lanes_belong_to_one_hook() {
        let lane = |name, serial, data| lane(&definition(name, serial), &delivery(data));
        let (all, by) = (Some(Serial::All), Some(Serial::By("/a")));
        let one = r#"{"a":1}"#;
        assert_eq!(lane("app::hook", None, one), None);
        let of_hook = lane("app::hook", all, one);
        assert!(of_hook.is_some());
        assert_eq!(lane("app::hook", all, "not JSON"), of_hook);
        assert_ne!(lane("app::other", all, one), of_hook);
        assert_ne!(lane("app::hook", by, one), of_hook);
        assert_ne!(lane("app::hook", by, one), lane("app::other", by, one));
    }

    /// Stored events keep their lanes when a program is updated.
    #[test]
    fn lanes_do_not_change() {
        let hex = |lane: Option<[u8; 16]>| format!("{:032x}", u128::from_be_bytes(lane.unwrap()));
        let all = definition("app::hook", Some(Serial::All));
        assert_eq!(hex(lane(&all, &delivery("{}"))), "dfa0b85c3ceda4e8f10261ccc2a659a7");
        assert_eq!(hex(lane_by("/a", r#"{"a":"7"}"#)), "2b23205701dc770c493cd382d4e245bc");
        assert_eq!(hex(lane_by("/a", r#"{"a":7}"#)), "30195103103a15d468764ac5b634058f");
    }
}
