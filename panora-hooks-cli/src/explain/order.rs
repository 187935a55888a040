//! Orders in which the keys of objects may have stood.

use std::{cmp::Reverse, collections::HashMap};

use panora_hooks::__cli::{Json, Node, Text, decode};

/// More orders than these are not tried: those of an object with eight keys.
const MAX_ORDERS: usize = 50_000;

/// The value with its keys in alphabetical order.
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

/// The value with its keys in the order of a model's, and those that the model lacks behind them.
pub(super) fn arrange(node: &mut Node<'_>, model: &Json) {
    match (node, model) {
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
                if let Some(field) = field(key, fields) {
                    arrange(value, field);
                }
            }
        }
        _ => {}
    }
}

/// The row of a model that has the most keys in common with an item: those of some lists are of several kinds.
fn row_like<'m>(item: &Node<'_>, rows: &'m [Json]) -> Option<&'m Json> {
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

fn field<'m>(key: &str, fields: &'m [(Text, Json)]) -> Option<&'m Json> {
    fields.get(place(key, fields)?).map(|(_, field)| field)
}

/// The keys of objects that are alike, in their order.
struct Kind<'t> {
    keys: Vec<&'t str>,
    /// So many of the keys, the first, stay in their places.
    fixed: usize,
}

impl Kind<'_> {
    /// The number of orders, unless it is too large.
    fn orders(&self) -> Option<usize> {
        let keys = self.keys.len() - self.fixed;
        (1..=keys).try_fold(1_usize, usize::checked_mul).filter(|orders| *orders <= MAX_ORDERS)
    }
}

/// The value with its keys in every other order, unless there are too many.
///
/// Objects with the same keys, such as the rows of a list, have them in the same order. Where all orders of
/// all objects are too many, the objects are taken one after the other.
pub(super) fn all<'n>(node: &'n Node<'_>) -> impl Iterator<Item = Node<'n>> {
    let mut kinds = Vec::new();
    collect(node, &mut kinds);
    reordered(node, kinds)
}

/// The same, but an object whose keys a model all has stays as it is. So do, in a large one, those that it has: they are
/// expected to be [arranged](arrange).
pub(super) fn open<'n>(node: &'n Node<'_>, model: &Json) -> impl Iterator<Item = Node<'n>> {
    let mut kinds = Vec::new();
    collect_open(node, Some(model), &mut kinds);
    reordered(node, kinds)
}

fn reordered<'n>(node: &'n Node<'_>, kinds: Vec<Kind<'n>>) -> impl Iterator<Item = Node<'n>> {
    let counts: Vec<Option<usize>> = kinds.iter().map(Kind::orders).collect();
    let total = counts.iter().try_fold(1_usize, |total, count| total.checked_mul((*count)?));
    let together = total.filter(|total| *total <= MAX_ORDERS);
    let alone = if together.is_some() { Vec::new() } else { counts.clone() };
    let together = (0..together.unwrap_or(0)).map({
        let counts = counts.clone();
        move |mut index| {
            let choose = |count: &Option<usize>| {
                let count = count.unwrap_or(1);
                let choice = index % count;
                index /= count;
                choice
            };
            counts.iter().map(choose).collect::<Vec<_>>()
        }
    });
    let alone = alone.into_iter().enumerate().flat_map(move |(kind, count)| {
        let kinds = counts.len();
        (0..count.unwrap_or(0))
            .map(move |choice| (0..kinds).map(|other| if other == kind { choice } else { 0 }).collect())
    });
    together.chain(alone).take(MAX_ORDERS).map(move |choices: Vec<usize>| {
        let orders = kinds.iter().zip(choices).map(|(kind, choice)| (&*kind.keys, order(kind, choice)));
        reorder(node, &orders.collect())
    })
}

/// The kinds of objects that can be in more than one order.
fn collect<'t>(node: &Node<'t>, kinds: &mut Vec<Kind<'t>>) {
    match node {
        Node::Token(_) => {}
        Node::List(items) => items.iter().for_each(|item| collect(item, kinds)),
        Node::Object(members) => {
            add(Kind { keys: members.iter().map(|(key, _)| *key).collect(), fixed: 0 }, kinds);
            for (_, value) in members {
                collect(value, kinds);
            }
        }
    }
}

/// More kinds than these are not told apart: no body has as many and one order that could be found.
const MAX_KINDS: usize = 64;

/// Of an object with more keys than these, only those that the model lacks are taken for open.
const MAX_OPEN: usize = 6;

/// The kinds of objects of whose keys a model lacks one.
fn collect_open<'t>(node: &Node<'t>, model: Option<&Json>, kinds: &mut Vec<Kind<'t>>) {
    match node {
        Node::Token(_) => {}
        Node::List(items) => {
            let rows: &[Json] = if let Some(Json::List(rows)) = model { rows } else { &[] };
            for item in items {
                collect_open(item, row_like(item, rows), kinds);
            }
        }
        Node::Object(members) => {
            let fields: &[(Text, Json)] = if let Some(Json::Object(fields)) = model { fields } else { &[] };
            let known = members.iter().filter(|(key, _)| place(key, fields).is_some()).count();
            if known < members.len() {
                let fixed = if members.len() > MAX_OPEN { known } else { 0 };
                add(Kind { keys: members.iter().map(|(key, _)| *key).collect(), fixed }, kinds);
            }
            for (key, value) in members {
                collect_open(value, field(key, fields), kinds);
            }
        }
    }
}

fn add<'t>(kind: Kind<'t>, kinds: &mut Vec<Kind<'t>>) {
    let is_new = || kinds.len() < MAX_KINDS && !kinds.iter().any(|known| known.keys == kind.keys);
    if kind.keys.len() > kind.fixed + 1 && is_new() {
        kinds.push(kind);
    }
}

/// The order with this number; 0 is the order as it is.
fn order(Kind { keys, fixed }: &Kind<'_>, number: usize) -> Vec<usize> {
    let mut number = number;
    let mut left: Vec<_> = (*fixed..keys.len()).collect();
    let mut places: Vec<_> = (1..=left.len())
        .map(|radix| {
            let place = number % radix;
            number /= radix;
            place
        })
        .collect();
    places.reverse();
    (0..*fixed).chain(places.into_iter().map(|place| left.remove(place))).collect()
}

fn reorder<'n>(node: &'n Node<'_>, orders: &HashMap<&[&str], Vec<usize>>) -> Node<'n> {
    match node {
        Node::Token(token) => Node::Token(token),
        Node::List(items) => Node::List(items.iter().map(|item| reorder(item, orders)).collect()),
        Node::Object(members) => {
            let keys: Vec<_> = members.iter().map(|(key, _)| *key).collect();
            let member = |(key, value): &'n (&str, Node<'_>)| (*key, reorder(value, orders));
            Node::Object(match orders.get(&*keys) {
                Some(order) => order.iter().filter_map(|place| members.get(*place)).map(member).collect(),
                None => members.iter().map(member).collect(),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{super::writing::JAVASCRIPT, *};

    fn all_of(text: &str) -> HashSet<String> {
        let node = Node::parse(text).unwrap();
        let all: Vec<_> = all(&node).map(|node| JAVASCRIPT.write(&node)).collect();
        let different: HashSet<_> = all.iter().cloned().collect();
        assert_eq!(all.len(), different.len(), "{text}");
        different
    }

    #[test]
    fn every_order_is_tried_once() {
        assert_eq!(all_of("1"), HashSet::from(["1".to_owned()]));
        let all = all_of(r#"{"a":1,"b":2,"c":{"d":3,"e":4}}"#);
        assert_eq!(all.len(), 12);
        assert!(all.contains(r#"{"c":{"e":4,"d":3},"a":1,"b":2}"#));
    }

    #[test]
    fn rows_are_reordered_alike() {
        let all = all_of(r#"[{"a":1,"b":2},{"a":3,"b":4}]"#);
        assert_eq!(all.len(), 2);
        assert!(all.contains(r#"[{"b":2,"a":1},{"b":4,"a":3}]"#));
    }

    #[test]
    fn what_is_too_much_together_is_tried_one_by_one() {
        let keys = |count| (0..count).map(|key| format!(r#""k{key}":0"#)).collect::<Vec<_>>().join(",");
        let (seven, nine) = (keys(7), keys(9));
        assert_eq!(all_of(&format!("{{{}}}", keys(8))).len(), 40_320);
        assert_eq!(Kind { keys: vec![""; 9], fixed: 0 }.orders(), None);
        let node = format!(r#"{{{nine},"a":{{{seven}}},"b":{{{seven},"c":0}}}}"#);
        let node = Node::parse(&node).unwrap();
        assert_eq!(all(&node).count(), 5_040 + 40_320);
        let node = format!("[{}]", vec!["{\"a\":0,\"b\":1}"; 1_000].join(","));
        assert_eq!(all_of(&node).len(), 2);
    }

    #[test]
    fn the_models_order_comes_first() {
        let model = Json::parse(r#"[{"b":0,"a":{"d":0,"c":0}}]"#).unwrap();
        let mut node = Node::parse(r#"[{"x":1,"a":{"c":2,"d":3},"\u0062":4}]"#).unwrap();
        arrange(&mut node, &model);
        assert_eq!(JAVASCRIPT.write(&node), r#"[{"b":4,"a":{"d":3,"c":2},"x":1}]"#);
        sort(&mut node);
        assert_eq!(JAVASCRIPT.write(&node), r#"[{"a":{"c":2,"d":3},"b":4,"x":1}]"#);
    }

    #[test]
    fn the_row_with_the_most_keys_in_common_is_the_model() {
        let model = Json::parse(r#"["text",{"c":0},{"b":0,"a":0}]"#).unwrap();
        let mut node = Node::parse(r#"["x",{"a":1,"b":2},{"d":3,"c":4}]"#).unwrap();
        arrange(&mut node, &model);
        assert_eq!(JAVASCRIPT.write(&node), r#"["x",{"b":2,"a":1},{"c":4,"d":3}]"#);
    }

    #[test]
    fn what_the_model_has_stays() {
        let model = Json::parse(r#"{"b":0,"a":{"x":0},"c":[0],"d":0,"e":0,"f":0}"#).unwrap();
        let open_of = |text: &str| -> HashSet<_> {
            let node = Node::parse(text).unwrap();
            open(&node, &model).map(|node| JAVASCRIPT.write(&node)).collect()
        };
        assert_eq!(open_of(r#"{"b":1,"a":{"x":2},"c":[3]}"#).len(), 1);
        let mapped = open_of(r#"{"b":1,"a":{"x":2,"y":3},"c":[{"z":4,"w":5}]}"#);
        assert_eq!(mapped.len(), 4);
        assert!(mapped.contains(r#"{"b":1,"a":{"y":3,"x":2},"c":[{"w":5,"z":4}]}"#));
        assert_eq!(open_of(r#"{"b":1,"a":0,"y":0}"#).len(), 6);
        // In a large object, only what the model lacks.
        assert_eq!(open_of(r#"{"b":1,"a":0,"c":0,"d":0,"e":0,"y":0,"z":0}"#).len(), 2);
    }
}
