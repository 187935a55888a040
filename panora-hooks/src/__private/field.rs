//! Finds pointers of `serial_by` to fields that the payload type of the hook does not have, at
//! compile time.

use super::{
    message::Message,
    payload::{Carried, Shape},
    text::{same, starts_with},
};

/// Stops the build if a JSON pointer, given by its segments, leads to a field that the payload does
/// not have.
///
/// # Panics
///
/// Panics in that case; the message names the nearest field.
#[track_caller]
pub const fn assert_field(taken: Option<Carried>, pointer: &[&str]) {
    let Some(taken) = taken else { return };
    let field = match (taken.shape, pointer) {
        (Shape::Object, [field, ..]) => field,
        (Shape::List, [index, rest @ ..]) => {
            assert!(is_index(index), "{}", not_an_index(taken).text());
            let [field, ..] = rest else { return };
            field
        }
        _ => return,
    };
    assert!(is_among(field, taken.fields), "{}", no_field(taken, field).text());
}

const fn is_among(name: &str, fields: &[&str]) -> bool {
    let mut index = 0;
    while index < fields.len() {
        if same(fields[index], name) {
            return true;
        }
        index += 1;
    }
    false
}

const fn no_field(Carried { model, fields, .. }: Carried, field: &str) -> Message {
    let message = Message::new("`").with(model).with("` has no field `").with(field).with("`");
    match nearest(field, fields) {
        Some(nearest) => message.with("\nhelp: did you mean `").with(nearest).with("`?"),
        None => message,
    }
}

const fn not_an_index(Carried { model, .. }: Carried) -> Message {
    Message::new("this hook takes a list of `").with(model).with(
        "`, so the pointer begins with the index of an element\nhelp: begin it with `/0/`, or write `serial`",
    )
}

const fn is_index(segment: &str) -> bool {
    let digits = segment.as_bytes();
    if digits.is_empty() || digits.len() > 1 && digits[0] == b'0' {
        return false;
    }
    let mut index = 0;
    while index < digits.len() {
        if !digits[index].is_ascii_digit() {
            return false;
        }
        index += 1;
    }
    true
}

/// Returns the field that a name was probably meant to be: the one with the fewest typing errors.
const fn nearest<'f>(name: &str, fields: &[&'f str]) -> Option<&'f str> {
    let mut nearest = None;
    let mut fewest = usize::MAX;
    let mut index = 0;
    while index < fields.len() {
        let errors = errors(name, fields[index]);
        if errors < fewest {
            fewest = errors;
            nearest = Some(fields[index]);
        }
        index += 1;
    }
    nearest
}

/// Returns the number of typing errors in a name. A field that continues the name, such as
/// `email_addresses` for `email`, or that the name continues, counts as close.
const fn errors(name: &str, field: &str) -> usize {
    let distance = distance(name, field);
    if name.is_empty() {
        distance
    } else if starts_with(field, name) {
        least(distance, 2)
    } else if starts_with(name, field) {
        least(distance, 3)
    } else {
        distance
    }
}

/// The longest names that are compared, in bytes. The fields of models are shorter.
const MAX_BYTES: usize = 63;

/// Returns the Levenshtein distance of two names, in bytes.
const fn distance(left: &str, right: &str) -> usize {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    if left.len() > MAX_BYTES || right.len() > MAX_BYTES {
        return usize::MAX - 1;
    }
    // The distances of the part of `left` so far to each beginning of `right`.
    let mut row = [0; MAX_BYTES + 1];
    let mut column = 0;
    while column <= right.len() {
        row[column] = column;
        column += 1;
    }
    let mut line = 0;
    while line < left.len() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        let mut column = 0;
        while column < right.len() {
            let replaced = diagonal + (left[line] != right[column]) as usize;
            diagonal = row[column + 1];
            row[column + 1] = least(replaced, least(diagonal, row[column]) + 1);
            column += 1;
        }
        line += 1;
    }
    row[right.len()]
}

const fn least(left: usize, right: usize) -> usize {
    if left < right { left } else { right }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_field_is_suggested() {
        let fields = ["id", "user", "first_name", "email_addresses", "user_id", "remote_id", "created_at"];
        for (name, field) in [
            ("frist_name", "first_name"),
            ("firstName", "first_name"),
            ("email", "email_addresses"),
            ("remoteid", "remote_id"),
            ("users", "user"),
            ("created_on", "created_at"),
            ("ID", "id"),
            ("id_contact", "id"),
            ("user_di", "user_id"),
            ("idd", "id"),
        ] {
            assert_eq!(nearest(name, &fields), Some(field), "{name}");
        }
        assert_eq!(nearest("id", &[]), None);
    }

    #[test]
    fn the_distance_is_the_number_of_errors() {
        for (left, right, errors) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("abc", "abc", 0),
            ("ab", "ba", 2),
        ] {
            assert_eq!(distance(left, right), errors, "{left} {right}");
        }
        assert!(distance(&"a".repeat(64), "a") > 64);
    }
}
