//! Recognition of credentials, such as the tokens of `connection.created`. The type of an event is
//! not signed, so the payloads of every type are treated alike.

/// Parts of names, without case and punctuation.
const WORDS: [&str; 6] = ["secret", "password", "apikey", "credential", "privatekey", "authorization"];

/// Returns whether the field of this name holds a credential.
pub(crate) fn is_name(name: &str) -> bool {
    let name = normalised(name);
    name.ends_with("token") || WORDS.iter().any(|word| name.contains(word))
}

/// Returns whether a text that is not JSON may hold credentials: the rest of a JSON text with such
/// a name, or a name of a credential before a `:` or `=`.
pub(crate) fn are_in(text: &str) -> bool {
    if begins_like_json(text) {
        // Names cannot be told from values, and escapes may spell any name.
        let words = normalised(text);
        return text.contains("\\u")
            || words.contains("token")
            || WORDS.iter().any(|word| words.contains(word));
    }
    text.match_indices([':', '=']).any(|(end, _)| {
        let before =
            text[..end].trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '\\'));
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '\\');
        let name = &before[before.trim_end_matches(is_part).len()..];
        is_name(name) || name.contains("\\u")
    })
}

/// Returns whether a text begins like an object, a list or a string of JSON.
pub(crate) fn begins_like_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '[', '"'])
}

/// Removes case and punctuation.
fn normalised(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_in_texts_are_recognised_by_their_names() {
        for text in [
            "access_token=canary",
            "Authorization: Bearer canary",
            "see https://example.com/?a=1&client-secret=canary",
            "the answer was {\"password\" : \"canary\"}",
            r#"the answer was {\"s\u0065cret\": \"canary\"}"#,
            r#"{"password": "canary"#,
            r#"{"s\u0065cret": "canary"#,
        ] {
            assert!(are_in(text), "{text}");
        }
        for text in ["an access token", "I forgot my password", "Re: the meeting at 10:30", "a=b", "", "[5"] {
            assert!(!are_in(text), "{text}");
        }
    }
}
