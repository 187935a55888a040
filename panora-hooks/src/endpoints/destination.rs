//! Destinations of deliveries: comparison of parsed URLs.

use reqwest::Url;

/// A URL in the form that is compared, without differences that no server can see.
///
/// Parsing lower-cases scheme and host and drops the default port. The hex digits of escapes are
/// lower-cased here. User, query and fragment are compared as they are. A text that is not a URL
/// equals only itself.
#[derive(PartialEq, Eq)]
pub(super) enum Destination {
    Url(Url),
    Text(String),
}

impl Destination {
    pub(super) fn of(text: &str) -> Self {
        match Url::parse(text).map(|url| Url::parse(&lower_escapes(url.as_str()))) {
            Ok(Ok(url)) => Self::Url(url),
            _ => Self::Text(text.to_owned()),
        }
    }

    /// Returns whether deliveries to both reach one receiver, which may answer with and without a
    /// slash at the end of the path.
    ///
    /// They remain two URLs: events are lost at a redirect from one to the other.
    pub(super) fn is_same_receiver(&self, other: &Self) -> bool {
        self.without_slash() == other.without_slash()
    }

    fn without_slash(&self) -> Self {
        match self {
            Self::Url(url) => {
                let mut url = url.clone();
                if let Some(path) = url.path().strip_suffix('/').filter(|path| !path.ends_with('/')) {
                    let path = path.to_owned();
                    url.set_path(&path);
                }
                Self::Url(url)
            }
            Self::Text(text) => Self::Text(text.clone()),
        }
    }

    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Url(url) => url.as_str(),
            Self::Text(text) => text,
        }
    }
}

/// Returns whether two texts are the same URL.
pub(super) fn is_same_url(a: &str, b: &str) -> bool {
    Destination::of(a) == Destination::of(b)
}

/// Returns whether deliveries can be sent to a URL.
pub(super) fn is_http(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// Lower-cases the hex digits of escapes such as `%2F`, which mean the same in either case.
fn lower_escapes(url: &str) -> String {
    let mut parts = url.split('%');
    let mut lowered = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        lowered.push('%');
        match part.split_at_checked(2) {
            Some((digits, rest)) if digits.bytes().all(|digit| digit.is_ascii_hexdigit()) => {
                lowered.push_str(&digits.to_ascii_lowercase());
                lowered.push_str(rest);
            }
            _ => lowered.push_str(part),
        }
    }
    lowered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_the_same_if_no_server_can_tell_them_apart() {
        for (a, b) in [
            ("https://example.com/w", "HTTPS://EXAMPLE.com:443/w"),
            ("http://example.com", "http://example.com:80/"),
            ("https://example.com/a%2Fb?c=%3D", "https://example.com/a%2fb?c=%3d"),
            ("https://example.com/a/../w", "https://example.com/w"),
            ("https://b\u{fc}cher.example/w", "https://xn--bcher-kva.example/w"),
            ("no url", "no url"),
        ] {
            assert!(is_same_url(a, b), "{a} {b}");
        }
    }

    #[test]
    fn only_a_single_trailing_slash_leaves_the_receiver_the_same() {
        let is_same = |a: &str, b: &str| Destination::of(a).is_same_receiver(&Destination::of(b));
        for (a, b) in [
            ("https://example.com/w", "https://example.com/w/"),
            ("https://example.com/w?tenant=a", "https://example.com/w/?tenant=a"),
            ("https://example.com/%7ew/#f", "https://example.com/%7Ew#f"),
            ("https://example.com", "https://example.com/"),
        ] {
            assert!(is_same(a, b) && is_same(b, a), "{a} {b}");
        }
        for (a, b) in [
            ("https://example.com/w?tenant=a", "https://example.com/w?tenant=a/"),
            ("https://example.com/w#a", "https://example.com/w#a/"),
            ("https://example.com/w", "https://example.com/w//"),
            ("https://example.com/w", "https://example.com/W"),
            ("https://example.com/w", "http://example.com/w"),
            ("https://example.com/w", "https://example.com:8443/w"),
            ("https://example.com/w", "https://example.com/w?"),
            ("https://example.com/w", "https://example.com/w#f"),
            ("https://example.com/w", "https://u@example.com/w"),
            ("https://u@example.com/w", "https://U@example.com/w"),
            ("https://example.com/w?a", "https://example.com/w?A"),
            ("https://example.com/w", "https://example.com./w"),
            ("https://example.com/a%2Fb", "https://example.com/a/b"),
            ("webhook/", "webhook"),
        ] {
            assert!(!is_same(a, b) && !is_same(b, a), "{a} {b}");
        }
    }
}
