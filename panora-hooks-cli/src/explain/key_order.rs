//! The orders in which programs write the keys of objects.

use std::cmp::Reverse;

use panora_hooks::__cli::{Json, Node, Text, decode};

/// Sorts the keys alphabetically, as canonical JSON and Go's maps do.
pub(super) fn sort(node: &mut Node<'_>) {
    match node {
        Node::Token(_) => {}
        Node::List(items) => items.iter_mut().for_each(sort),
        Node::Object(members) => {
            members.sort_by_cached_key(|(key, _)| decode(key));
            for (_, value) in members {
                sort(value);
            }
        }
    }
}

/// Puts the keys in the order of a sample, which is the sender's order. Keys that the sample lacks
/// come last.
pub(super) fn arrange(node: &mut Node<'_>, sample: &Json) {
    match (node, sample) {
        (Node::List(items), Json::List(rows)) => {
            for item in items {
                if let Some(row) = row_like(item, rows) {
                    arrange(item, row);
                }
            }
        }
        (Node::Object(members), Json::Object(fields)) => {
            members.sort_by_cached_key(|(key, _)| place(key, fields).unwrap_or(usize::MAX));
            for (key, value) in members {
                if let Some(place) = place(key, fields) {
                    arrange(value, &fields[place].1);
                }
            }
        }
        _ => {}
    }
}

/// Returns the row with the most keys in common with an item: the rows of some lists are of several
/// kinds.
fn row_like<'s>(item: &Node<'_>, rows: &'s [Json]) -> Option<&'s Json> {
    let common = |row: &&Json| match (item, row) {
        (Node::Object(members), Json::Object(fields)) => {
            members.iter().filter(|(key, _)| place(key, fields).is_some()).count()
        }
        _ => 0,
    };
    rows.iter().min_by_key(|row| Reverse(common(row)))
}

fn place(key: &str, fields: &[(Text, Json)]) -> Option<usize> {
    let name = decode(key)?;
    fields.iter().position(|(field, _)| *field == *name)
}

#[cfg(test)]
mod tests {
    use super::{super::serializers::JAVASCRIPT, *};

    #[test]
    fn the_order_of_the_sample_comes_first() {
        let sample = Json::parse(r#"[{"b":0,"a":{"d":0,"c":0}}]"#).unwrap();
        let mut node = Node::parse(r#"[{"x":1,"a":{"c":2,"d":3},"\u0062":4}]"#).unwrap();
        arrange(&mut node, &sample);
        assert_eq!(JAVASCRIPT.write(&node), r#"[{"b":4,"a":{"d":3,"c":2},"x":1}]"#);
        sort(&mut node);
        assert_eq!(JAVASCRIPT.write(&node), r#"[{"a":{"c":2,"d":3},"b":4,"x":1}]"#);
    }

    #[test]
    fn the_row_with_the_most_keys_in_common_is_the_sample() {
        let sample = Json::parse(r#"["text",{"c":0},{"b":0,"a":0}]"#).unwrap();
        let mut node = Node::parse(r#"["x",{"a":1,"b":2},{"d":3,"c":4}]"#).unwrap();
        arrange(&mut node, &sample);
        assert_eq!(JAVASCRIPT.write(&node), r#"["x",{"b":2,"a":1},{"c":4,"d":3}]"#);
    }
}
