//! Payloads as text: the structure without values, or the values without credentials.

use serde::de::IgnoredAny;

/// The most bytes of a payload that are shown.
const MAX_BYTES: usize = 256 * 1024;

/// The deepest nesting that is shown. `serde_json` has the same limit for values.
const MAX_DEPTH: usize = 128;

/// The part of a payload that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Keys, types and lengths.
    Structure,
    /// Everything but credentials.
    Values,
}

/// A payload as text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) text: String,
    /// Whether the payload goes on.
    pub(crate) is_cut: bool,
    /// Whether a credential was left out.
    pub(crate) hides_credentials: bool,
}

/// Returns the payload in the JSON text of `data`: the JSON in it if it is a string, otherwise
/// `data` itself. Returns `None` if it is not JSON or nested too deep.
///
/// The text keeps the order of keys and every digit of numbers.
pub(crate) fn show(data: &str, detail: Detail) -> Option<Shown> {
    let is_json = |text: &str| serde_json::from_str::<IgnoredAny>(text).is_ok();
    let inside = serde_json::from_str::<String>(data).ok().filter(|text| is_json(text));
    let json = inside.as_deref().unwrap_or(data);
    if !is_json(json) {
        return None;
    }
    let text = String::new();
    let shown = Shown { text, is_cut: false, hides_credentials: false };
    let mut printer = Printer { rest: json, detail, depth: 0, is_too_deep: false, shown };
    printer.value();
    (!printer.is_too_deep).then_some(printer.shown)
}

/// Walks through valid JSON.
struct Printer<'j> {
    rest: &'j str,
    detail: Detail,
    depth: usize,
    is_too_deep: bool,
    shown: Shown,
}

impl<'j> Printer<'j> {
    fn value(&mut self) {
        self.skip_space();
        match self.rest.as_bytes().first() {
            Some(b'{') => self.object(),
            Some(b'[') => self.list(),
            Some(b'"') => self.string(),
            _ => self.literal(),
        }
        if self.shown.text.len() > MAX_BYTES {
            let end = (0..=MAX_BYTES).rev().find(|end| self.shown.text.is_char_boundary(*end));
            self.shown.text.truncate(end.unwrap_or(0));
            self.shown.is_cut = true;
        }
    }

    fn object(&mut self) {
        self.open('{');
        while !self.shown.is_cut && self.next_item('}') {
            let key = self.take_string();
            self.skip_space();
            self.rest = self.rest.strip_prefix(':').unwrap_or(self.rest);
            // A key that cannot be decoded might be one of a credential.
            let name = serde_json::from_str::<String>(key).ok();
            let is_shown = self.detail == Detail::Values || name.as_deref().is_some_and(is_name);
            self.shown.text.push_str(if is_shown { key } else { "?" });
            self.shown.text.push_str(": ");
            let start = self.shown.text.len();
            self.value();
            if self.detail == Detail::Values && name.is_none_or(|name| is_credential(&name)) {
                self.shown.text.truncate(start);
                self.hide_credential();
            }
        }
        self.close('}');
    }

    fn list(&mut self) {
        self.open('[');
        let mut items = 0_u64;
        while !self.shown.is_cut {
            let start = self.shown.text.len();
            if !self.next_item(']') {
                break;
            }
            self.value();
            items += 1;
            // The items of a list have the same structure, most of the time.
            if self.detail == Detail::Structure && items > 1 {
                self.shown.text.truncate(start);
            }
        }
        if self.detail == Detail::Structure && items > 1 {
            self.break_line();
            let more = format!("… {} more", items - 1);
            self.shown.text.push_str(&more);
        }
        self.close(']');
    }

    fn string(&mut self) {
        let string = self.take_string();
        let decoded = serde_json::from_str::<String>(string).ok();
        match self.detail {
            Detail::Structure => {
                let length = decoded.map_or(string.len() - 2, |text| text.chars().count());
                self.shown.text.push_str("text of ");
                self.shown.text.push_str(&length.to_string());
            }
            Detail::Values if decoded.is_none_or(|text| holds_credentials(&text)) => self.hide_credential(),
            Detail::Values => self.shown.text.push_str(string),
        }
    }

    /// A number, a boolean or null.
    fn literal(&mut self) {
        let is_end = |c: char| matches!(c, ',' | ']' | '}') || c.is_ascii_whitespace();
        let end = self.rest.find(is_end).unwrap_or(self.rest.len());
        let (literal, rest) = self.rest.split_at(end);
        self.rest = rest;
        let shown = match (self.detail, literal) {
            (Detail::Values, _) | (_, "null") => literal,
            (_, "true" | "false") => "true or false",
            _ => "number",
        };
        self.shown.text.push_str(shown);
    }

    fn hide_credential(&mut self) {
        self.shown.hides_credentials = true;
        self.shown.text.push_str("(hidden)");
    }

    fn open(&mut self, bracket: char) {
        self.rest = &self.rest[1..];
        self.depth += 1;
        self.shown.text.push(bracket);
        if self.depth > MAX_DEPTH {
            self.is_too_deep = true;
            self.shown.is_cut = true;
        }
    }

    fn close(&mut self, bracket: char) {
        self.depth -= 1;
        if self.shown.is_cut {
            return;
        }
        if !self.shown.text.ends_with(['{', '[']) {
            self.break_line();
        }
        self.shown.text.push(bracket);
    }

    /// Goes on to the next item, or behind the bracket after the last one.
    fn next_item(&mut self, bracket: char) -> bool {
        self.skip_space();
        if let Some(rest) = self.rest.strip_prefix(bracket) {
            self.rest = rest;
            return false;
        }
        if let Some(rest) = self.rest.strip_prefix(',') {
            self.rest = rest;
            self.skip_space();
            self.shown.text.push(',');
        }
        self.break_line();
        true
    }

    fn break_line(&mut self) {
        self.shown.text.push('\n');
        self.shown.text.extend(std::iter::repeat_n("  ", self.depth));
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\n', '\r', '\t']);
    }

    /// Takes a string with its quotation marks.
    fn take_string(&mut self) -> &'j str {
        let mut is_escaped = false;
        let end = self.rest.bytes().skip(1).position(|byte| {
            let is_end = byte == b'"' && !is_escaped;
            is_escaped = byte == b'\\' && !is_escaped;
            is_end
        });
        let (string, rest) = self.rest.split_at(end.map_or(self.rest.len(), |end| end + 2));
        self.rest = rest;
        string
    }
}

/// Returns whether a key could be the name of a field. Another key may be data, such as an address.
fn is_name(key: &str) -> bool {
    matches!(key.len(), 1..=64)
        && !key.starts_with(|c: char| c.is_ascii_digit() || c == '-')
        && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$'))
}

/// Returns whether the field of this name holds a credential, such as the tokens of
/// `connection.created`. The type of an event is not signed, so every type is treated alike.
fn is_credential(name: &str) -> bool {
    let name = normalised(name);
    let words = ["secret", "password", "apikey", "credential", "privatekey", "authorization"];
    name.ends_with("token") || words.iter().any(|word| name.contains(word))
}

/// Returns whether a text is JSON, whole or in part, with the credentials of a connection.
fn holds_credentials(text: &str) -> bool {
    let names = ["accesstoken", "refreshtoken", "connectiontoken"];
    let text = text.trim_start();
    text.starts_with(['{', '[', '"']) && {
        let text = normalised(text);
        names.iter().any(|name| text.contains(name))
    }
}

/// Removes case and punctuation.
fn normalised(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(data: &str, detail: Detail) -> String {
        show(data, detail).map(|shown| shown.text).unwrap_or_default()
    }

    #[test]
    fn a_structure_has_types_and_lengths_but_no_value() {
        let data = r#"{"name":"Acmé","n":5,"on":true,"none":null,"tags":["a","b","c"],"49123":{},"l":[]}"#;
        let expected = "{\n  \"name\": text of 4,\n  \"n\": number,\n  \"on\": true or false,\n  \
                        \"none\": null,\n  \"tags\": [\n    text of 1\n    … 2 more\n  ],\n  ?: {},\n  \
                        \"l\": []\n}";
        assert_eq!(text(data, Detail::Structure), expected);
        let inside = serde_json::to_string(data).unwrap();
        assert_eq!(text(&inside, Detail::Structure), expected);
    }

    #[test]
    fn values_keep_their_order_and_digits() {
        let data = r#"{"z": 12345678901234567890.10, "a": "x\"}", "a": [ 1 ,2]}"#;
        let expected =
            "{\n  \"z\": 12345678901234567890.10,\n  \"a\": \"x\\\"}\",\n  \"a\": [\n    1,\n    2\n  ]\n}";
        assert_eq!(text(data, Detail::Values), expected);
    }

    #[test]
    fn credentials_stay_hidden_under_every_name_and_wrapping() {
        for data in [
            r#"{"access_token":"canary"}"#,
            r#"[{"a":{"connection_token":"canary"}}]"#,
            r#"{"refreshToken":["canary"]}"#,
            r#"{"acc\u0065ss_token":"canary"}"#,
            r#"{"\ud800":"canary"}"#,
            r#"{"a":"{\"access_token\":\"canary\"}"}"#,
            r#"{"a":" \"{\\\"access_token\\\":\\\"canary\\\"}\""}"#,
            r#""{\"connection_token\":\"canary""#,
            r#"{"client_secret":"canary","Password":"canary"}"#,
        ] {
            let shown = show(data, Detail::Values).unwrap();
            assert!(!shown.text.contains("canary") && shown.hides_credentials, "{data}: {shown:?}");
            let inside = serde_json::to_string(data).unwrap();
            assert!(!text(&inside, Detail::Values).contains("canary"), "{data}");
        }
        let shown = show(r#"{"token_type":"oauth2","note":"an access token"}"#, Detail::Values).unwrap();
        assert!(shown.text.contains("oauth2") && !shown.hides_credentials, "{shown:?}");
    }

    #[test]
    fn a_large_payload_is_cut() {
        let data = format!("[{}1]", "\"é\",".repeat(200_000));
        let shown = show(&data, Detail::Values).unwrap();
        assert!(shown.is_cut && shown.text.len() < MAX_BYTES + 1000);
        let shown = show(&data, Detail::Structure).unwrap();
        assert_eq!(shown.text, "[\n  text of 1\n  … 200000 more\n]");
        assert_eq!(show(&"[".repeat(100_000), Detail::Values), None);
        assert_eq!(show(&format!("{}{}", "[".repeat(1000), "]".repeat(1000)), Detail::Values), None);
    }
}
