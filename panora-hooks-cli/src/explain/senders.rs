//! What the sender itself may have signed, however large it is.

use std::{
    collections::{HashSet, hash_map::RandomState},
    hash::BuildHasher,
};

use panora_hooks::__cli::Node;

use super::{
    notation::LENGTH,
    order,
    recipe::{Recipe, Source},
    search::{Candidate, Found, OutOfWork, Search, Sources, WORK_PER_TEXT},
};

/// So many bytes may be written in orders of keys that no model has, for each way to write them.
const ORDERS_WORK: usize = 8 << 20;

/// So many orders are tried with any body: those of an object with four keys.
const MIN_ORDERS: usize = 24;

impl Search<'_> {
    /// Tries what the sender may have signed, with each secret as it is.
    ///
    /// These are a dozen texts and some orders of keys, so that only time limits their length: what happens to large
    /// bodies is mostly that they are decoded, written again and sorted by one program.
    pub(super) fn senders(
        &self,
        candidates: &[Candidate<'_>],
        sources: &Sources<'_>,
    ) -> Result<Option<Found>, OutOfWork> {
        if let Some(found) = self.senders_texts(candidates)? {
            return Ok(Some(found));
        }
        for (_, source) in sources.iter().filter(|(reading, _)| reading.cause.is_none()) {
            if let Some(found) = self.senders_orders(source)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn senders_texts(&self, candidates: &[Candidate<'_>]) -> Result<Option<Found>, OutOfWork> {
        // Many recipes lead to one text, which is tried with the first of them.
        let (hasher, mut seen) = (RandomState::new(), HashSet::new());
        let is_senders = |it: &&Candidate<'_>| it.recipe.is_senders() && !it.source.part.is_body;
        for Candidate { source, recipe, causes } in candidates.iter().filter(is_senders) {
            let Some(text) = recipe.follow(source) else { continue };
            if !seen.insert(hasher.hash_one(&text)) {
                continue;
            }
            for key in self.plain_keys() {
                self.in_time()?;
                // What takes one change may have a better reason, which is looked for afterwards.
                if causes.len() + key.causes.len() > 1
                    && let Some(notation) = self.signs(key, &text, 0)
                {
                    return Ok(Some(Found::new(causes, key, notation, source, &text)));
                }
            }
        }
        Ok(None)
    }

    /// Tries the orders of keys that are not the sender's own, such as those of mapped fields.
    fn senders_orders(&self, source: &Source<'_>) -> Result<Option<Found>, OutOfWork> {
        let Source { part, node: Some(node), model: Some(model) } = source else { return Ok(None) };
        let mut arranged = node.clone();
        order::arrange(&mut arranged, model);
        let most = ORDERS_WORK / (part.bytes.len() + WORK_PER_TEXT);
        // The first is the model's own, which is tried by now, and so is that which arrived.
        let orders = order::open(&arranged, model).take(most.max(MIN_ORDERS)).skip(1);
        for order in orders.filter(|order| order != node) {
            if let Some(found) = self.senders_order(source, &order)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn senders_order(&self, source: &Source<'_>, node: &Node<'_>) -> Result<Option<Found>, OutOfWork> {
        let mut last = None;
        for recipe in Recipe::of_senders_order() {
            let Some(text) = recipe.write_value(node, source.part).filter(|text| last.as_ref() != Some(text))
            else {
                continue;
            };
            let text = last.insert(text);
            for key in self.plain_keys() {
                self.in_time()?;
                // So many texts could match a part of a signature by chance.
                if let Some(notation) = self.signs(key, text, LENGTH) {
                    let causes: Vec<_> = recipe.causes(source.part).collect();
                    return Ok(Some(Found::new(&causes, key, notation, source, text)));
                }
            }
        }
        Ok(None)
    }
}
