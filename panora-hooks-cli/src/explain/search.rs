//! Looks for what was signed, with which secret.

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::BuildHasher,
    time::{Duration, Instant},
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

impl Found {
    pub(super) fn new(
        causes: &[Cause],
        key: &Key,
        notation: &Notation,
        source: &Source<'_>,
        text: &[u8],
    ) -> Self {
        let causes = [causes, &key.causes, &notation.causes].into_iter().flatten().cloned();
        let offset = if causes.clone().any(|cause| cause == Cause::ByteOrderMark) {
            Some(0)
        } else {
            // Of a whole body, the first byte is none of the data.
            source.part.first_difference(text).or(source.part.is_body.then_some(0))
        };
        Self { causes: causes.collect(), offset }
    }
}

/// There was more to try than is worth the time.
pub(super) struct OutOfWork;

/// Looks for what explains a signature with the fewest changes.
pub(super) fn search(body: &[u8], keys: &[Key], notations: &[Notation]) -> Result<Option<Found>, OutOfWork> {
    let readings = Reading::all(body);
    let parts = readings.iter().flat_map(|reading| reading.parts().map(move |part| (reading, part)));
    let parts: Vec<_> = parts.collect();
    let sources: Vec<_> = parts.iter().map(|(reading, part)| (*reading, Source::new(part))).collect();
    let candidates = candidates(&sources);
    let work = MIN_WORK.saturating_add(body.len().saturating_mul(WORK_PER_BYTE));
    let mut search = Search { keys, notations, work, deadline: Instant::now() + MAX_TIME };
    if let Some(found) = search.senders(&candidates, &sources)? {
        return Ok(Some(found));
    }
    match search.recipes(&candidates)? {
        Some(found) => Ok(Some(found)),
        None => search.orders(&sources),
    }
}

pub(super) struct Search<'s> {
    keys: &'s [Key],
    notations: &'s [Notation],
    /// How many bytes may still be written or hashed.
    work: usize,
    deadline: Instant,
}

/// How long somebody waits for an explanation. Without optimisation, all takes several times as long.
const MAX_TIME: Duration = Duration::from_secs(if cfg!(debug_assertions) { 120 } else { 10 });

/// Enough to try everything with bodies of a few kilobytes.
const MIN_WORK: usize = 64 << 20;

/// Enough to try each single change with bodies of any length.
const WORK_PER_BYTE: usize = 192;

/// What a text costs, however short it is.
pub(super) const WORK_PER_TEXT: usize = 256;

/// Orders of keys are tried with texts up to this length.
const MAX_LENGTH_OF_ORDERS: usize = 2 << 10;

/// Parts of a body, in the ways in which it is read.
pub(super) type Sources<'s> = [(&'s Reading<'s>, Source<'s>)];

/// A text that may have been signed.
pub(super) struct Candidate<'s> {
    pub(super) source: &'s Source<'s>,
    pub(super) recipe: Recipe,
    pub(super) causes: Vec<Cause>,
}

/// Those with the fewest changes first.
fn candidates<'s>(sources: &'s Sources<'s>) -> Vec<Candidate<'s>> {
    let candidates = sources.iter().flat_map(|(reading, source)| {
        let recipes = Recipe::all(source).into_iter();
        recipes.map(|recipe| {
            let causes = reading.cause.clone().into_iter().chain(recipe.causes(source.part)).collect();
            Candidate { source, recipe, causes }
        })
    });
    let mut candidates: Vec<_> = candidates.collect();
    candidates.sort_by_key(|candidate| candidate.causes.len());
    candidates
}

impl<'s> Search<'s> {
    fn recipes(&mut self, candidates: &[Candidate<'_>]) -> Result<Option<Found>, OutOfWork> {
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
                    return Ok(Some(Found::new(causes, key, notation, source, &text)));
                }
            }
        }
        Ok(None)
    }

    /// Tries every order of the keys of small data, with the receiver's secret.
    fn orders(&mut self, sources: &Sources<'_>) -> Result<Option<Found>, OutOfWork> {
        for (_, source) in sources.iter().filter(|(reading, _)| reading.cause.is_none()) {
            let Source { part, node, .. } = source;
            let is_small = part.bytes.len() <= MAX_LENGTH_OF_ORDERS;
            let Some(node) = node.as_ref().filter(|_| is_small && !part.is_body) else { continue };
            for node in order::all(node) {
                let text = JAVASCRIPT.write(&node);
                let text = if part.is_string { JAVASCRIPT.quote(&text) } else { text }.into_bytes();
                self.spend(&text)?;
                for key in self.keys.iter().filter(|key| key.causes.is_empty()) {
                    // So many texts could match a part of a signature by chance.
                    if let Some(notation) = self.signs(key, &text, LENGTH) {
                        return Ok(Some(Found::new(&[Cause::Reordered], key, notation, source, &text)));
                    }
                }
            }
        }
        Ok(None)
    }

    /// The secrets as they are.
    pub(super) fn plain_keys(&self) -> impl Iterator<Item = &'s Key> {
        let is_changed = |cause: &Cause| matches!(cause, Cause::SecretChanged { .. });
        self.keys.iter().filter(move |key| !key.causes.iter().any(is_changed))
    }

    /// The notation that means a key's signature of a text, of those that hold so many bytes of one.
    pub(super) fn signs(&self, key: &Key, text: &[u8], min_length: usize) -> Option<&'s Notation> {
        let notations = self.notations.iter().filter(|notation| notation.bytes.len() >= min_length);
        key.signs(text, notations)
    }

    fn spend(&mut self, text: &[u8]) -> Result<(), OutOfWork> {
        self.work = self.work.checked_sub(text.len() + WORK_PER_TEXT).ok_or(OutOfWork)?;
        self.in_time()
    }

    pub(super) fn in_time(&self) -> Result<(), OutOfWork> {
        if Instant::now() < self.deadline { Ok(()) } else { Err(OutOfWork) }
    }
}
