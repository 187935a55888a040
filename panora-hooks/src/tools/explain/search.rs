//! Looks for what was signed, with which secret.

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::BuildHasher,
};

use super::{
    cause::Cause,
    notation::{LENGTH, Notation},
    order,
    reading::Reading,
    recipe::{MAX_CHANGES, Recipe, Source},
    secrets::Key,
    writing::JAVASCRIPT,
};

/// What explains a signature.
pub(super) struct Found {
    pub(super) causes: Vec<Cause>,
    pub(super) offset: Option<usize>,
}

/// There was more to try than is worth the time.
pub(super) struct OutOfWork;

/// Looks for what explains a signature with the fewest changes.
pub(super) fn search(body: &[u8], keys: &[Key], notations: &[Notation]) -> Result<Option<Found>, OutOfWork> {
    let readings = Reading::all(body);
    let parts = readings.iter().flat_map(|reading| reading.parts().map(move |part| (reading, part)));
    let parts: Vec<_> = parts.collect();
    let sources: Vec<_> = parts.iter().map(|(reading, part)| (*reading, Source::new(part))).collect();
    let work = MIN_WORK.saturating_add(body.len().saturating_mul(WORK_PER_BYTE));
    let mut search = Search { keys, notations, work };
    match search.recipes(&sources)? {
        Some(found) => Ok(Some(found)),
        None => search.orders(&sources),
    }
}

struct Search<'s> {
    keys: &'s [Key],
    notations: &'s [Notation],
    /// How many bytes may still be written or hashed.
    work: usize,
}

/// Enough to try everything with bodies of a few kilobytes.
const MIN_WORK: usize = 64 << 20;

/// Enough to try each single change with bodies of any length.
const WORK_PER_BYTE: usize = 192;

/// What a text costs, however short it is.
const WORK_PER_TEXT: usize = 256;

/// Orders of keys are tried with texts up to this length.
const MAX_LENGTH_OF_ORDERS: usize = 2 << 10;

/// A text that may have been signed.
struct Candidate<'s> {
    source: &'s Source<'s>,
    recipe: Recipe,
    causes: Vec<Cause>,
}

impl Search<'_> {
    fn recipes(&mut self, sources: &[(&Reading<'_>, Source<'_>)]) -> Result<Option<Found>, OutOfWork> {
        let candidates = sources.iter().flat_map(|(reading, source)| {
            let recipes = Recipe::all(source).into_iter();
            recipes.map(|recipe| {
                let causes = reading.cause.clone().into_iter().chain(recipe.causes(source.part)).collect();
                Candidate { source, recipe, causes }
            })
        });
        let mut candidates: Vec<_> = candidates.collect();
        candidates.sort_by_key(|candidate| candidate.causes.len());

        // Many recipes lead to one text, which is tried with the first of them.
        let (hasher, mut first) = (RandomState::new(), HashMap::new());
        for changes in 0..=MAX_CHANGES {
            for (index, Candidate { source, recipe, causes }) in candidates.iter().enumerate() {
                let Some(left) = changes.checked_sub(causes.len()) else { break };
                let mut keys = self.keys.iter().filter(|key| key.causes.len() == left).peekable();
                if keys.peek().is_none() {
                    continue;
                }
                let Some(text) = recipe.follow(source) else { continue };
                self.spend(&text)?;
                if *first.entry(hasher.hash_one(&text)).or_insert(index) != index {
                    continue;
                }
                for key in keys {
                    self.spend(&text)?;
                    let Some(notation) = self.signs(key, &text, 0) else { continue };
                    let causes = [causes, &key.causes, &notation.causes].into_iter().flatten().cloned();
                    let offset = if causes.clone().any(|cause| cause == Cause::ByteOrderMark) {
                        Some(0)
                    } else {
                        // Of a whole body, the first byte is none of the data.
                        source.part.first_difference(&text).or(source.part.is_body.then_some(0))
                    };
                    return Ok(Some(Found { causes: causes.collect(), offset }));
                }
            }
        }
        Ok(None)
    }

    /// Tries every order of the keys of small data, with the receiver's secret.
    fn orders(&mut self, sources: &[(&Reading<'_>, Source<'_>)]) -> Result<Option<Found>, OutOfWork> {
        for (_, Source { part, node, .. }) in sources.iter().filter(|(reading, _)| reading.cause.is_none()) {
            let is_small = part.bytes.len() <= MAX_LENGTH_OF_ORDERS;
            let Some(node) = node.as_ref().filter(|_| is_small && !part.is_body) else { continue };
            for node in order::all(node) {
                let text = JAVASCRIPT.write(&node);
                let text = if part.is_string { JAVASCRIPT.quote(&text) } else { text }.into_bytes();
                self.spend(&text)?;
                for key in self.keys.iter().filter(|key| key.causes.is_empty()) {
                    // So many texts could match a part of a signature by chance.
                    if let Some(notation) = self.signs(key, &text, LENGTH) {
                        let causes = [Cause::Reordered].iter().chain(&notation.causes).cloned().collect();
                        return Ok(Some(Found { causes, offset: part.first_difference(&text) }));
                    }
                }
            }
        }
        Ok(None)
    }

    fn signs(&self, key: &Key, text: &[u8], min_length: usize) -> Option<&Notation> {
        let notations = self.notations.iter().filter(|notation| notation.bytes.len() >= min_length);
        key.signs(text, notations)
    }

    fn spend(&mut self, text: &[u8]) -> Result<(), OutOfWork> {
        self.work = self.work.checked_sub(text.len() + WORK_PER_TEXT).ok_or(OutOfWork)?;
        Ok(())
    }
}
