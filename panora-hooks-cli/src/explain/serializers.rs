//! The notations in which programs write JSON.

use std::{borrow::Cow, collections::HashMap};

use panora_hooks::__cli::{self, Member, Node, Text, decode};

/// A program that writes JSON.
#[derive(Debug, PartialEq)]
pub(super) struct Serializer {
    /// The middle of the sentence "as … writes it".
    pub(super) name: &'static str,
    tokens: Tokens,
    space: Space,
    keys: Keys,
}

/// The order of keys.
#[derive(Debug, PartialEq)]
enum Keys {
    Kept,
    Alphabetical,
    /// By length, then by bytes.
    ByLength,
}

/// The treatment of strings and numbers.
#[derive(Debug, PartialEq)]
enum Tokens {
    /// Strings and numbers stay as they arrived.
    Kept,
    /// Strings are rewritten; numbers only by programs that read them as floating-point numbers.
    Written { escapes: Escapes, is_javascript: bool },
}

/// The characters that are written as `\u` and four digits although JSON does not require it.
#[derive(Debug, PartialEq)]
struct Escapes {
    ascii: &'static str,
    /// The first character of the escaped range: U+0080 escapes everything but ASCII.
    from: char,
    line_separators: bool,
    slash: bool,
    upper_case: bool,
}

#[derive(Debug, PartialEq)]
enum Space {
    None,
    /// One space after each comma and colon.
    Some,
}

const FEW: Escapes =
    Escapes { ascii: "", from: char::MAX, line_separators: false, slash: false, upper_case: false };
const HTML: Escapes = Escapes { ascii: "<>&", line_separators: true, ..FEW };
const ASCII: Escapes = Escapes { ascii: "\u{7f}", from: '\u{80}', ..FEW };
const PHP: Escapes = Escapes { from: '\u{80}', slash: true, ..FEW };

const fn kept(name: &'static str, space: Space) -> Serializer {
    Serializer { name, tokens: Tokens::Kept, space, keys: Keys::Kept }
}

const fn other(name: &'static str, escapes: Escapes, space: Space) -> Serializer {
    Serializer { name, tokens: Tokens::Written { escapes, is_javascript: false }, space, keys: Keys::Kept }
}

/// The sender's serializer.
pub(super) const JAVASCRIPT: Serializer = Serializer {
    name: "`JSON.stringify`",
    tokens: Tokens::Written { escapes: FEW, is_javascript: true },
    space: Space::None,
    keys: Keys::Kept,
};

/// Changes only white space.
pub(super) const KEPT: Serializer = kept("a program without white space", Space::None);

/// The likely ones first, because several may write the same text.
pub(super) static SERIALIZERS: &[Serializer] = &[
    JAVASCRIPT,
    KEPT,
    other("Python's `json.dumps`", ASCII, Space::Some),
    other("Python's `json.dumps` with `ensure_ascii=False`", FEW, Space::Some),
    other("Python's `json.dumps` with `separators=(',', ':')`", ASCII, Space::None),
    other("PHP's `json_encode`", PHP, Space::None),
    other("PHP's `json_encode` with `JSON_UNESCAPED_SLASHES`", Escapes { slash: false, ..PHP }, Space::None),
    other(
        "PHP's `json_encode` with `JSON_UNESCAPED_UNICODE`",
        Escapes { from: char::MAX, line_separators: true, ..PHP },
        Space::None,
    ),
    Serializer { keys: Keys::Alphabetical, ..other("Go's `json.Marshal` of a map", HTML, Space::None) },
    other("Go's `json.Marshal` or Rails' `to_json`", HTML, Space::None),
    other("Java's Gson", Escapes { ascii: "<>&='", ..HTML }, Space::None),
    other(
        ".NET's `JsonSerializer`",
        Escapes { ascii: "\"&'+<>`\u{7f}", from: '\u{80}', upper_case: true, ..FEW },
        Space::None,
    ),
    Serializer { keys: Keys::ByLength, ..kept("PostgreSQL's `jsonb`", Space::Some) },
    kept("a program with spaces after commas and colons", Space::Some),
];

impl Serializer {
    /// Writes a value.
    pub(super) fn write(&self, node: &Node<'_>) -> String {
        let mut text = String::new();
        self.value(node, &mut text);
        text
    }

    /// Writes a text as a JSON string.
    pub(super) fn quote(&self, text: &str) -> String {
        match &self.tokens {
            Tokens::Kept => __cli::quote(text),
            Tokens::Written { escapes, .. } => escapes.quote(text),
        }
    }

    /// Returns whether no serializer before this one in the list writes strings in the same way.
    pub(super) fn quotes_its_own_way(&self) -> bool {
        let first = SERIALIZERS.iter().find(|first| first.tokens == self.tokens);
        self.tokens != Tokens::Kept && first == Some(self)
    }

    fn value(&self, node: &Node<'_>, text: &mut String) {
        match node {
            Node::Token(token) => text.push_str(&self.token(token)),
            Node::List(items) => self.elements(['[', ']'], items, text, |item, text| self.value(item, text)),
            Node::Object(members) => {
                self.elements(['{', '}'], &self.members(members), text, |(key, value), text| {
                    text.push_str(&self.token(key));
                    text.push_str(if self.space == Space::None { ":" } else { ": " });
                    self.value(value, text);
                });
            }
        }
    }

    fn elements<T>(
        &self,
        [open, close]: [char; 2],
        elements: &[T],
        text: &mut String,
        mut write: impl FnMut(&T, &mut String),
    ) {
        text.push(open);
        for (index, element) in elements.iter().enumerate() {
            if index > 0 {
                text.push_str(if self.space == Space::None { "," } else { ", " });
            }
            write(element, text);
        }
        text.push(close);
    }

    /// Returns the members that remain once the program has parsed the object, in its order.
    fn members<'m, 't>(&self, members: &'m [Member<'t>]) -> Vec<&'m Member<'t>> {
        if self.tokens == Tokens::Kept && self.keys == Keys::Kept {
            return members.iter().collect();
        }
        let mut places = HashMap::with_capacity(members.len());
        let mut kept: Vec<(Cow<'t, str>, &Member<'_>)> = Vec::with_capacity(members.len());
        for member in members {
            let key = decode(member.0).unwrap_or(member.0.into());
            let place = *places.entry(key.clone()).or_insert(kept.len());
            match kept.get_mut(place) {
                Some(first) => first.1 = member,
                None => kept.push((key, member)),
            }
        }
        if matches!(self.tokens, Tokens::Written { is_javascript: true, .. }) {
            kept.sort_by_key(|(key, _)| __cli::index(key).unwrap_or(u32::MAX));
        }
        match self.keys {
            Keys::Kept => {}
            Keys::Alphabetical => kept.sort_by(|(one, _), (other, _)| one.cmp(other)),
            Keys::ByLength => {
                kept.sort_by(|(one, _), (other, _)| one.len().cmp(&other.len()).then_with(|| one.cmp(other)));
            }
        }
        kept.into_iter().map(|(_, member)| member).collect()
    }

    fn token<'t>(&self, token: &'t str) -> Cow<'t, str> {
        let Tokens::Written { escapes, is_javascript } = &self.tokens else { return token.into() };
        if token.starts_with('"') {
            return match decode(token) {
                Some(text) => escapes.quote(&text).into(),
                // Only JavaScript is known to write unpaired surrogates.
                None if *is_javascript => {
                    Text::parse(token).map_or(token.into(), |text| text.to_literal().into())
                }
                None => token.into(),
            };
        }
        match token.parse() {
            Ok(number) if *is_javascript => __cli::write_number(number).into(),
            _ => token.into(),
        }
    }
}

impl Escapes {
    fn quote(&self, text: &str) -> String {
        if *self == FEW {
            return __cli::quote(text);
        }
        let mut written = String::with_capacity(text.len() + 2);
        written.push('"');
        for c in text.chars() {
            match c {
                _ if c >= self.from || c.is_ascii() && self.ascii.contains(c) => self.escape(c, &mut written),
                '\u{2028}' | '\u{2029}' if self.line_separators => self.escape(c, &mut written),
                '/' if self.slash => written.push_str("\\/"),
                '"' => written.push_str("\\\""),
                '\\' => written.push_str("\\\\"),
                '\u{8}' => written.push_str("\\b"),
                '\u{c}' => written.push_str("\\f"),
                '\n' => written.push_str("\\n"),
                '\r' => written.push_str("\\r"),
                '\t' => written.push_str("\\t"),
                '\0'..' ' => self.escape(c, &mut written),
                _ => written.push(c),
            }
        }
        written.push('"');
        written
    }

    fn escape(&self, c: char, written: &mut String) {
        for unit in c.encode_utf16(&mut [0; 2]) {
            let escape = if self.upper_case { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") };
            written.push_str(&escape);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(name: &str, text: &str) -> String {
        let serializer = SERIALIZERS.iter().find(|serializer| serializer.name == name).unwrap();
        serializer.write(&Node::parse(text).unwrap())
    }

    /// The output of Python 3.11 and Node 20, and the documented output of PHP, Go and .NET.
    #[test]
    fn each_program_escapes_strings_in_its_own_way() {
        let text = r#""\u0001\u0008\u000a\u001f\u007f\"\\\/<>&='+`\u00e9\u2028\ud83d\ude80""#;
        let few = "\"\\u0001\\b\\n\\u001f\u{7f}\\\"\\\\/<>&='+`\u{e9}\u{2028}\u{1f680}\"";
        let html = few.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
        let html = html.replace('\u{2028}', "\\u2028");
        let python = r#""\u0001\b\n\u001f\u007f\"\\/<>&='+`\u00e9\u2028\ud83d\ude80""#;
        let php = python.replace('/', "\\/").replace("\\u007f", "\u{7f}");
        let net = r#""\u0001\b\n\u001F\u007F\u0022\\/\u003C\u003E\u0026=\u0027\u002B\u0060\u00E9\u2028\uD83D\uDE80""#;
        for (name, written) in [
            ("`JSON.stringify`", few),
            ("Python's `json.dumps` with `ensure_ascii=False`", few),
            ("Python's `json.dumps`", python),
            ("PHP's `json_encode`", &php),
            ("Go's `json.Marshal` or Rails' `to_json`", &html),
            (".NET's `JsonSerializer`", net),
            ("a program with spaces after commas and colons", text),
        ] {
            assert_eq!(write(name, text), written, "{name}");
        }
        assert_eq!(write("`JSON.stringify`", r#""\uD83D\u0041""#), r#""\ud83dA""#);
        assert_eq!(
            write("Python's `json.dumps`", r#""\uD83D""#),
            r#""\uD83D""#,
            "half a pair stays as it is"
        );
    }

    #[test]
    fn each_program_writes_keys_and_numbers_in_its_own_way() {
        let text = r#"{ "b":1.0, "10":1E21, "a":-0, "9":{}, "b":[2e0, 1e999] }"#;
        for (name, written) in [
            ("`JSON.stringify`", r#"{"9":{},"10":1e+21,"b":[2,null],"a":0}"#),
            ("a program without white space", r#"{"b":1.0,"10":1E21,"a":-0,"9":{},"b":[2e0,1e999]}"#),
            ("Python's `json.dumps`", r#"{"b": [2e0, 1e999], "10": 1E21, "a": -0, "9": {}}"#),
            ("Go's `json.Marshal` of a map", r#"{"10":1E21,"9":{},"a":-0,"b":[2e0,1e999]}"#),
            ("PostgreSQL's `jsonb`", r#"{"9": {}, "a": -0, "b": [2e0, 1e999], "10": 1E21}"#),
        ] {
            assert_eq!(write(name, text), written, "{name}");
        }
    }
}
