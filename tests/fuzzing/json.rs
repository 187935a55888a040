//! A reader of JSON objects that shares no code with the library or with `serde_json`.
//!
//! It follows RFC 8259 to the letter. It counts nesting instead of recursing, so depth is
//! unlimited.

/// A member of an object, with its position in the text preserved.
pub(crate) struct Member<'t> {
    /// The name, with its escapes decoded and U+FFFD for unpaired surrogates.
    pub(crate) name: String,
    /// The text of the value, without the white space around it.
    pub(crate) value: &'t str,
}

/// Parses a text that is one object, and returns every member in the order of the text. Returns
/// `None` for any other text.
pub(crate) fn object(text: &str) -> Option<Vec<Member<'_>>> {
    let mut reader = Reader { text, at: 0 };
    let mut members = Vec::new();
    reader.skip_space();
    reader.eat(b'{')?;
    reader.skip_space();
    if reader.eat(b'}').is_none() {
        loop {
            reader.skip_space();
            let start = reader.at;
            reader.string()?;
            let name = decode(&text[start..reader.at])?;
            reader.skip_space();
            reader.eat(b':')?;
            reader.skip_space();
            let start = reader.at;
            reader.value()?;
            members.push(Member { name, value: &text[start..reader.at] });
            reader.skip_space();
            if reader.eat(b',').is_none() {
                break;
            }
        }
        reader.eat(b'}')?;
    }
    reader.skip_space();
    (reader.at == text.len()).then_some(members)
}

/// Decodes a string literal, with U+FFFD in place of unpaired surrogates. Returns `None` for any
/// other text.
pub(crate) fn decode(literal: &str) -> Option<String> {
    let mut reader = Reader { text: literal, at: 0 };
    reader.string()?;
    if reader.at != literal.len() {
        return None;
    }
    let mut units = Vec::new();
    let mut rest = literal[1..literal.len() - 1].chars();
    while let Some(plain) = rest.next() {
        if plain != '\\' {
            units.extend_from_slice(plain.encode_utf16(&mut [0; 2]));
            continue;
        }
        units.push(match rest.next()? {
            'b' => 0x08,
            'f' => 0x0c,
            'n' => 0x0a,
            'r' => 0x0d,
            't' => 0x09,
            'u' => {
                let digits: String = rest.by_ref().take(4).collect();
                u16::from_str_radix(&digits, 16).ok()?
            }
            same => u16::try_from(u32::from(same)).ok()?,
        });
    }
    Some(String::from_utf16_lossy(&units))
}

/// Replaces each string with unpaired surrogates, in a text that may be JSON.
pub(crate) fn replace_unpaired(text: &str) -> String {
    let mut replaced = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('"') {
        let (before, string) = rest.split_at(start);
        replaced.push_str(before);
        let mut reader = Reader { text: string, at: 0 };
        if reader.string().is_none() {
            rest = string;
            break;
        }
        let (literal, after) = string.split_at(reader.at);
        let decoded = decode(literal).unwrap_or_default();
        replaced.push_str(&serde_json::Value::from(decoded).to_string());
        rest = after;
    }
    replaced + rest
}

/// Returns the character that ends an object or a list.
fn end_of(start: u8) -> u8 {
    if start == b'{' { b'}' } else { b']' }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn eat_all(&mut self, is_of: impl Fn(u8) -> bool) -> usize {
        let start = self.at;
        while self.peek().is_some_and(&is_of) {
            self.at += 1;
        }
        self.at - start
    }

    fn skip_space(&mut self) {
        self.eat_all(|byte| [0x20, 0x09, 0x0a, 0x0d].contains(&byte));
    }

    /// Skips a value of any depth.
    fn value(&mut self) -> Option<()> {
        let mut open = Vec::new();
        loop {
            self.skip_space();
            // An empty object or list: its end comes next.
            let mut is_empty = false;
            match self.peek()? {
                start @ (b'{' | b'[') => {
                    self.at += 1;
                    open.push(start);
                    self.skip_space();
                    is_empty = self.peek() == Some(end_of(start));
                    if !is_empty {
                        if start == b'{' {
                            self.name()?;
                        }
                        continue;
                    }
                }
                b'"' => self.string()?,
                b't' => self.word("true")?,
                b'f' => self.word("false")?,
                b'n' => self.word("null")?,
                _ => self.number()?,
            }
            // Closes every container whose last value this is.
            loop {
                let Some(innermost) = open.last().copied() else { return Some(()) };
                self.skip_space();
                if !is_empty && self.eat(b',').is_some() {
                    self.skip_space();
                    if innermost == b'{' {
                        self.name()?;
                    }
                    break;
                }
                self.eat(end_of(innermost))?;
                is_empty = false;
                open.pop();
            }
        }
    }

    /// Skips the name of a member, and the colon.
    fn name(&mut self) -> Option<()> {
        self.string()?;
        self.skip_space();
        self.eat(b':')
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.text[self.at..].starts_with(word).then(|| self.at += word.len())
    }

    fn string(&mut self) -> Option<()> {
        self.eat(b'"')?;
        loop {
            match self.peek()? {
                b'"' => return self.eat(b'"'),
                b'\\' => {
                    self.at += 1;
                    let escape = self.peek()?;
                    self.at += 1;
                    if escape == b'u' {
                        let start = self.at;
                        self.eat_all(|byte| byte.is_ascii_hexdigit());
                        if self.at < start + 4 {
                            return None;
                        }
                        self.at = start + 4;
                    } else if !b"\"\\/bfnrt".contains(&escape) {
                        return None;
                    }
                }
                0x00..0x20 => return None,
                _ => self.at += 1,
            }
        }
    }

    fn number(&mut self) -> Option<()> {
        let _ = self.eat(b'-');
        if self.eat(b'0').is_none() {
            self.digits()?;
        }
        if self.eat(b'.').is_some() {
            self.digits()?;
        }
        if self.eat(b'e').or_else(|| self.eat(b'E')).is_some() {
            let _ = self.eat(b'+').or_else(|| self.eat(b'-'));
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        (self.eat_all(|byte| byte.is_ascii_digit()) > 0).then_some(())
    }
}
