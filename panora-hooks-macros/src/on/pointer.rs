//! The grammar of JSON pointers (RFC 6901), as in `/ticket_id`.

/// The reason why a string is not a pointer to a value inside the data.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PointerError {
    pub(crate) message: &'static str,
    pub(crate) help: Option<String>,
}

/// Returns the segments of a pointer without their escapes. There is at least one.
pub(crate) fn parse(text: &str) -> Result<Vec<String>, PointerError> {
    if text.is_empty() {
        return Err(PointerError {
            message: "an empty pointer stands for all of the data, which has no lane",
            help: Some("to run the events of this hook in order, write `serial`".to_owned()),
        });
    }
    let Some(segments) = text.strip_prefix('/') else {
        return Err(PointerError {
            message: "a JSON pointer begins with `/`",
            help: corrected(text).map(|pointer| format!("write `serial_by = {pointer:?}`")),
        });
    };
    segments.split('/').map(unescape).collect::<Option<_>>().ok_or_else(|| PointerError {
        message: "in a JSON pointer, `~` is written as `~0` and a `/` in a name as `~1`",
        help: Some(format!("write `serial_by = {:?}`", escaped(text))),
    })
}

/// Returns whether a segment can be the index of an element of a list.
pub(crate) fn is_index(segment: &str) -> bool {
    let has_leading_zero = segment.len() > 1 && segment.starts_with('0');
    !segment.is_empty() && !has_leading_zero && segment.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns the pointer to the same value in the first element of a list. A first segment that is
/// almost an index is replaced.
pub(crate) fn in_first_element(pointer: &str) -> String {
    let inside = pointer.strip_prefix('/').unwrap_or(pointer);
    let (first, rest) = inside.split_once('/').map_or((inside, None), |(first, rest)| (first, Some(rest)));
    let is_almost_index = first.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'*'));
    match rest {
        Some(rest) if is_almost_index => format!("/0/{rest}"),
        _ => format!("/0{pointer}"),
    }
}

fn unescape(segment: &str) -> Option<String> {
    let mut pieces = segment.split('~');
    let mut unescaped = pieces.next()?.to_owned();
    for piece in pieces {
        let (character, rest) = match piece.as_bytes().first()? {
            b'0' => ('~', piece.get(1..)?),
            b'1' => ('/', piece.get(1..)?),
            _ => return None,
        };
        unescaped.push(character);
        unescaped.push_str(rest);
    }
    Some(unescaped)
}

/// Escapes each `~` that does not begin an escape.
fn escaped(text: &str) -> String {
    let mut pieces = text.split('~');
    let mut escaped = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        escaped.push_str(if piece.starts_with(['0', '1']) { "~" } else { "~0" });
        escaped.push_str(piece);
    }
    escaped
}

/// Returns the pointer that a path in another notation, such as `$.user.id` or `#/user/id`, was
/// probably meant to be.
fn corrected(text: &str) -> Option<String> {
    let is_separator = |c: char| matches!(c, '/' | '.' | '[' | ']');
    let names: Vec<_> = text.trim().trim_start_matches(['$', '#']).split(is_separator).collect();
    let pointer: String = names.iter().filter(|name| !name.is_empty()).flat_map(|name| ["/", name]).collect();
    parse(&pointer).is_ok().then_some(pointer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn help(text: &str) -> Option<String> {
        parse(text).unwrap_err().help
    }

    #[test]
    fn segments_are_unescaped() {
        for (text, segments) in [
            ("/id", &["id"] as &[&str]),
            ("/0/id_connection", &["0", "id_connection"]),
            ("/", &[""]),
            ("/a//b/", &["a", "", "b", ""]),
            ("/a~1b/m~0n", &["a/b", "m~n"]),
            ("/~01", &["~1"]),
            ("/~10", &["/0"]),
            ("/é ", &["é "]),
        ] {
            assert_eq!(parse(text).unwrap(), segments, "{text}");
        }
    }

    #[test]
    fn the_help_says_how_to_write_it() {
        for (text, pointer) in [
            ("id", "/id"),
            ("user.id", "/user/id"),
            ("$.user.id", "/user/id"),
            ("$.users[0].id", "/users/0/id"),
            ("#/id", "/id"),
            ("./id", "/id"),
            (" /id", "/id"),
            ("/a~b", "/a~0b"),
            ("/a~", "/a~0"),
            ("/~2/~1", "/~02/~1"),
            ("/~~", "/~0~0"),
        ] {
            assert_eq!(help(text), Some(format!("write `serial_by = {pointer:?}`")), "{text}");
        }
        assert_eq!(help("$"), None);
        assert!(help("").is_some_and(|help| help.ends_with("`serial`")));
    }

    #[test]
    fn an_index_has_digits_without_leading_zeros() {
        for index in ["0", "7", "10", "99999999999999999999"] {
            assert!(is_index(index), "{index}");
        }
        for segment in ["", "-", "-1", "+1", "00", "01", "1.0", "id", "٣", "1 "] {
            assert!(!is_index(segment), "{segment}");
        }
    }

    #[test]
    fn a_pointer_into_an_element_is_suggested() {
        for (pointer, suggested) in [
            ("/id", "/0/id"),
            ("/a/b", "/0/a/b"),
            ("/-/id", "/0/id"),
            ("/00/id", "/0/id"),
            ("/*/id", "/0/id"),
        ] {
            assert_eq!(in_first_element(pointer), suggested);
        }
    }
}
