//! Printable forms of texts from requests, for the log.

use std::fmt::{self, Write};

/// A text that the signature does not cover, such as the event type. It is cut to [`MAX_CHARS`],
/// and line breaks and control characters are escaped, so that it cannot pass for another line of
/// the log.
#[derive(Clone, Copy)]
pub(crate) struct Printable<'t>(pub(crate) &'t str);

const MAX_CHARS: usize = 128;

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut chars = self.0.chars();
        for c in chars.by_ref().take(MAX_CHARS) {
            write!(f, "{}", c.escape_debug())?;
        }
        if chars.next().is_some() {
            f.write_char('…')?;
        }
        Ok(())
    }
}

/// A URL, printable and [without credentials](without_credentials).
#[cfg(feature = "endpoints")]
#[derive(Clone, Copy)]
pub(crate) struct PrintableUrl<'t>(pub(crate) &'t str);

#[cfg(feature = "endpoints")]
impl fmt::Display for PrintableUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Printable(&without_credentials(self.0)).fmt(f)
    }
}

/// Returns a URL with `..` in place of the user, query and fragment, which may hold credentials.
#[cfg(feature = "endpoints")]
#[must_use]
pub fn without_credentials(text: &str) -> String {
    let Some(mut url) = reqwest::Url::parse(text).ok().filter(reqwest::Url::has_host) else {
        let path = text.split(['?', '#']).next().unwrap_or_default();
        let (user, rest) = path.rsplit_once('@').map_or(("", path), |(_, rest)| ("..@", rest));
        let end = if path.len() < text.len() { "?.." } else { "" };
        return format!("{user}{rest}{end}");
    };
    let has_user = !url.username().is_empty() || url.password().is_some();
    if !has_user && url.query().is_none() && url.fragment().is_none() {
        return text.to_owned();
    }
    if has_user {
        // Cannot fail: the URL has a user already.
        let _ = url.set_password(None).and_then(|()| url.set_username(".."));
    }
    let (query, fragment) = (url.query().map(|_| ".."), url.fragment().map(|_| ".."));
    url.set_query(query);
    url.set_fragment(fragment);
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "endpoints")]
    #[test]
    fn a_url_is_shown_without_its_credentials() {
        for (url, shown) in [
            ("https://a.example", "https://a.example"),
            ("https://a.example/b/@c", "https://a.example/b/@c"),
            ("https://u:canary@a.example:1/b?canary#canary", "https://..@a.example:1/b?..#.."),
            ("https://canary@a.example", "https://..@a.example/"),
            ("http:/u:canary@a.example/", "http://..@a.example/"),
            ("u:canary@a.example?canary", "..@a.example?.."),
            ("/b?canary", "/b?.."),
            ("mailto:x@a.example?canary", "..@a.example?.."),
        ] {
            assert_eq!(without_credentials(url), shown, "{url}");
        }
    }

    #[test]
    fn names_are_shown_unchanged_and_no_text_forges_a_log_line() {
        assert_eq!(Printable("crm.contact.created").to_string(), "crm.contact.created");
        assert_eq!(Printable("x\n2026 ERROR \u{1b}[31m").to_string(), r"x\n2026 ERROR \u{1b}[31m");
        assert_eq!(Printable(&"é".repeat(200)).to_string(), "é".repeat(128) + "…");
    }
}
