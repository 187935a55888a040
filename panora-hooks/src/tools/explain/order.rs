//! Orders in which the keys of objects may have stood.

use std::collections::HashMap;

use super::node::{Node, decode};
use crate::json::Json;

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
            let Some(row) = rows.first() else { return };
            for item in items {
                arrange(item, row);
            }
        }
        (Node::Object(members), Json::Object(fields)) => {
            let place = |key: &str| {
                let name = decode(key)?;
                fields.iter().position(|(field, _)| *field == name)
            };
            members.sort_by_cached_key(|(key, _)| place(key).unwrap_or(usize::MAX));
            for (key, value) in members {
                if let Some((_, field)) = place(key).and_then(|place| fields.get(place)) {
                    arrange(value, field);
                }
            }
        }
        _ => {}
    }
}

/// The value with its keys in every other order, unless there are too many.
///
/// Objects with the same keys, such as the rows of a list, have them in the same order. Where all orders of
/// all objects are too many, the objects are taken one after the other.
pub(super) fn all<'n>(node: &'n Node<'_>) -> impl Iterator<Item = Node<'n>> {
    let mut kinds = Vec::new();
    collect(node, &mut kinds);
    let counts: Vec<Option<usize>> = kinds.iter().map(|keys| orders(keys.len())).collect();
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
        let orders =
            kinds.iter().zip(choices).map(|(keys, choice)| (keys.clone(), order(keys.len(), choice)));
        reorder(node, &orders.collect())
    })
}

/// The keys of an object, in their order.
type Keys<'t> = Vec<&'t str>;

/// The different lists of keys, of objects that can be in more than one order.
fn collect<'t>(node: &Node<'t>, kinds: &mut Vec<Keys<'t>>) {
    match node {
        Node::Token(_) => {}
        Node::List(items) => items.iter().for_each(|item| collect(item, kinds)),
        Node::Object(members) => {
            let keys: Vec<_> = members.iter().map(|(key, _)| *key).collect();
            if keys.len() > 1 && !kinds.contains(&keys) {
                kinds.push(keys);
            }
            for (_, value) in members {
                collect(value, kinds);
            }
        }
    }
}

/// The number of orders, unless it is too large.
fn orders(keys: usize) -> Option<usize> {
    (1..=keys).try_fold(1_usize, usize::checked_mul).filter(|orders| *orders <= MAX_ORDERS)
}

/// The order with this number; 0 is the order as it is.
fn order(keys: usize, number: usize) -> Vec<usize> {
    let mut number = number;
    let mut left: Vec<_> = (0..keys).collect();
    let mut places: Vec<_> = (1..=keys)
        .map(|radix| {
            let place = number % radix;
            number /= radix;
            place
        })
        .collect();
    places.reverse();
    places.into_iter().map(|place| left.remove(place)).collect()
}

fn reorder<'n>(node: &'n Node<'_>, orders: &HashMap<Keys<'_>, Vec<usize>>) -> Node<'n> {
    match node {
        Node::Token(token) => Node::Token(token),
        Node::List(items) => Node::List(items.iter().map(|item| reorder(item, orders)).collect()),
        Node::Object(members) => {
            let keys: Vec<_> = members.iter().map(|(key, _)| *key).collect();
            let member = |(key, value): &'n (&str, Node<'_>)| (*key, reorder(value, orders));
            Node::Object(match orders.get(&keys) {
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
        assert_eq!(orders(9), None);
        let node = format!(r#"{{{nine},"a":{{{seven}}},"b":{{{seven},"c":0}}}}"#);
        let node = Node::parse(&node).unwrap();
        assert_eq!(all(&node).count(), 5_040 + 40_320);
        let node = format!("[{}]", vec!["{\"a\":0,\"b\":1}"; 1_000].join(","));
        assert_eq!(all_of(&node).len(), 2);
    }

    #[test]
    fn the_models_order_comes_first() {
        let model = serde_json::from_str(r#"[{"b":0,"a":{"d":0,"c":0}}]"#).unwrap();
        let mut node = Node::parse(r#"[{"x":1,"a":{"c":2,"d":3},"\u0062":4}]"#).unwrap();
        arrange(&mut node, &model);
        assert_eq!(JAVASCRIPT.write(&node), r#"[{"b":4,"a":{"d":3,"c":2},"x":1}]"#);
        sort(&mut node);
        assert_eq!(JAVASCRIPT.write(&node), r#"[{"a":{"c":2,"d":3},"b":4,"x":1}]"#);
    }
}
