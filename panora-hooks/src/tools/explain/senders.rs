//! What the sender itself may have signed, however large it is.

use std::{
    collections::{HashSet, hash_map::RandomState},
    hash::BuildHasher,
};

use super::{
    notation::LENGTH,
    order,
    recipe::{Recipe, Source},
    search::{Candidate, Found, Search, Sources, WORK_PER_TEXT},
};
use crate::json::node::Node;

/// So many bytes may be written in orders of keys that no model has, for each way to write them.
const ORDERS_WORK: usize = 8 << 20;

/// So many orders are tried with any body: those of an object with four keys.
const MIN_ORDERS: usize = 24;

impl Search<'_> {
    /// Tries what the sender may have signed, with each secret as it is.
    ///
    /// These are a dozen texts and some orders of keys, so that there is no limit to their length: what happens to
    /// large bodies is mostly that they are decoded, written again and sorted by one program.
    pub(super) fn senders(&self, candidates: &[Candidate<'_>], sources: &Sources<'_>) -> Option<Found> {
        self.senders_texts(candidates).or_else(|| {
            let mut data = sources.iter().filter(|(reading, _)| reading.cause.is_none());
            data.find_map(|(_, source)| self.senders_orders(source))
        })
    }

    fn senders_texts(&self, candidates: &[Candidate<'_>]) -> Option<Found> {
        // Many recipes lead to one text, which is tried with the first of them.
        let (hasher, mut seen) = (RandomState::new(), HashSet::new());
        let is_senders = |it: &&Candidate<'_>| it.recipe.is_senders() && !it.source.part.is_body;
        for Candidate { source, recipe, causes } in candidates.iter().filter(is_senders) {
            let Some(text) = recipe.follow(source) else { continue };
            if !seen.insert(hasher.hash_one(&text)) {
                continue;
            }
            for key in self.plain_keys() {
                // What takes one change may have a better reason, which is looked for afterwards.
                if causes.len() + key.causes.len() > 1
                    && let Some(notation) = self.signs(key, &text, 0)
                {
                    return Some(Found::new(causes, key, notation, source, &text));
                }
            }
        }
        None
    }

    /// Tries the orders of keys that are not the sender's own, such as those of mapped fields.
    fn senders_orders(&self, source: &Source<'_>) -> Option<Found> {
        let Source { part, node: Some(node), model: Some(model) } = source else { return None };
        let mut arranged = node.clone();
        order::arrange(&mut arranged, model);
        let most = ORDERS_WORK / (part.bytes.len() + WORK_PER_TEXT);
        // The first is the model's own, which is tried by now, and so is that which arrived.
        let orders = order::open(&arranged, model).take(most.max(MIN_ORDERS)).skip(1);
        orders.filter(|order| order != node).find_map(|order| self.senders_order(source, &order))
    }

    fn senders_order(&self, source: &Source<'_>, node: &Node<'_>) -> Option<Found> {
        let mut last = None;
        for recipe in Recipe::of_senders_order() {
            let text = recipe.write_value(node, source.part);
            if text.is_none() || text == last {
                continue;
            }
            let text = last.insert(text?);
            for key in self.plain_keys() {
                // So many texts could match a part of a signature by chance.
                if let Some(notation) = self.signs(key, text, LENGTH) {
                    let causes: Vec<_> = recipe.causes(source.part).collect();
                    return Some(Found::new(&causes, key, notation, source, text));
                }
            }
        }
        None
    }
}
