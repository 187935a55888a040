//! Payloads as text: the structure without values, or the values without credentials.

#[cfg(test)]
mod tests;

use std::mem;

use serde::de::IgnoredAny;

use crate::credentials;

/// The most bytes of a payload that are shown.
const MAX_BYTES: usize = 256 * 1024;

/// The deepest nesting that is shown. `serde_json` has the same limit for values.
const MAX_DEPTH: usize = 128;

/// The most digits in a key that counts as a name.
const MAX_DIGITS: usize = 4;

/// The part of a payload that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Keys, types and lengths.
    Structure,
    /// Everything but credentials.
    Values,
}

/// A payload as text.
#[derive(Debug, Default, PartialEq, Eq)]
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
    let inside = serde_json::from_str::<String>(data).ok().filter(|text| is_json(text));
    let json = inside.as_deref().unwrap_or(data);
    if !is_json(json) {
        return None;
    }
    let mut printer = Printer { rest: json, detail, depth: 0, is_too_deep: false, shown: Shown::default() };
    printer.value();
    (!printer.is_too_deep).then_some(printer.shown)
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
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
            if self.detail == Detail::Values && name.is_none_or(|name| credentials::is_name(&name)) {
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
        match (self.detail, decoded) {
            (Detail::Structure, decoded) => {
                let length = decoded.map_or(string.len() - 2, |text| text.chars().count());
                self.shown.text.push_str("text of ");
                self.shown.text.push_str(&length.to_string());
            }
            (Detail::Values, Some(text)) if credentials::begins_like_json(&text) && is_json(&text) => {
                self.nested(&text);
            }
            (Detail::Values, Some(text)) if !credentials::are_in(&text) => self.shown.text.push_str(string),
            (Detail::Values, _) => self.hide_credential(),
        }
    }

    /// Prints the JSON in a string by the same rules.
    fn nested(&mut self, json: &str) {
        self.shown.text.push_str("text with JSON: ");
        let shown = mem::take(&mut self.shown);
        let mut printer = Printer { rest: json, shown, ..*self };
        printer.value();
        self.is_too_deep = printer.is_too_deep;
        self.shown = printer.shown;
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

/// Returns whether a key could be the name of a field. Another key may be data, such as an address,
/// a number or an identifier.
fn is_name(key: &str) -> bool {
    matches!(key.len(), 1..=64)
        && !key.starts_with(|c: char| c.is_ascii_digit() || c == '-')
        && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$'))
        && key.chars().filter(char::is_ascii_digit).count() <= MAX_DIGITS
        && !is_uuid(key)
}

/// Returns whether a key consists of 32 hexadecimal digits, with or without hyphens.
fn is_uuid(key: &str) -> bool {
    key.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
        && key.chars().filter(char::is_ascii_hexdigit).count() == 32
}
