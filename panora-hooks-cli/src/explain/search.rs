//! The search for the signed text and the secret.

use super::{
    candidates::{Change, Source},
    cause::Cause,
    encoding::{Part, Reading},
    secrets::Key,
    signature::Notation,
};

/// The causes that explain a signature.
pub(super) struct Found {
    pub(super) causes: Vec<Cause>,
    pub(super) offset: Option<usize>,
}

/// The error that the body is too large, or the secrets are too many, to try everything.
pub(super) struct OutOfWork;

/// Enough to try everything with bodies of a few kilobytes.
const MIN_WORK: usize = 16 << 20;

/// Enough to try every change on the way with bodies of any length.
const WORK_PER_BYTE: usize = 64;

/// The fixed cost of a text.
const WORK_PER_TEXT: usize = 256;

/// Searches for the causes of a signature, the likely ones first.
pub(super) fn search(body: &[u8], keys: &[Key], notations: &[Notation]) -> Result<Option<Found>, OutOfWork> {
    let readings = Reading::all(body);
    let parts: Vec<_> =
        readings.iter().flat_map(|reading| reading.parts().map(move |part| (reading, part))).collect();
    let sources: Vec<_> = parts.iter().map(|(reading, part)| (*reading, Source::new(part))).collect();
    let on_the_way = candidates(&sources, Change::on_the_way);
    let by_others = candidates(&sources, Change::by_others);
    let (changed, plain): (Vec<_>, Vec<_>) = keys.iter().partition(|key| key.is_changed());
    let work = MIN_WORK.saturating_add(body.len().saturating_mul(WORK_PER_BYTE));
    let mut search = Search { notations, work };
    for (candidates, keys, max_causes) in [
        (&on_the_way, &plain, usize::MAX),
        (&on_the_way, &changed, 0),
        (&by_others, &plain, usize::MAX),
        (&on_the_way, &changed, 1),
        (&by_others, &changed, 1),
    ] {
        for candidate in candidates.iter().filter(|candidate| candidate.causes.len() <= max_causes) {
            if let Some(found) = search.find(candidate, keys)? {
                return Ok(Some(found));
            }
        }
    }
    Ok(None)
}

/// Returns the texts that may have been signed, those with the fewest changes first.
fn candidates<'s>(sources: &'s Sources<'s>, changes: fn(&Part<'_>) -> Vec<Change>) -> Vec<Candidate<'s>> {
    let candidates = sources.iter().flat_map(|(reading, source)| {
        changes(source.part).into_iter().map(|change| {
            let causes = reading.cause.clone().into_iter().chain(change.causes(source.part)).collect();
            Candidate { source, change, causes }
        })
    });
    let mut candidates: Vec<_> = candidates.collect();
    candidates.sort_by_key(|candidate| candidate.causes.len());
    candidates
}

/// The parts of a body, in the encodings in which it may have arrived.
type Sources<'s> = [(&'s Reading<'s>, Source<'s>)];

/// A text that may have been signed.
struct Candidate<'s> {
    source: &'s Source<'s>,
    change: Change,
    causes: Vec<Cause>,
}

struct Search<'s> {
    notations: &'s [Notation],
    /// The number of bytes that may still be written or hashed.
    work: usize,
}

impl Search<'_> {
    fn find(&mut self, candidate: &Candidate<'_>, keys: &[&Key]) -> Result<Option<Found>, OutOfWork> {
        let Some(text) = candidate.change.undo(candidate.source) else { return Ok(None) };
        self.spend(&text)?;
        for key in keys {
            self.spend(&text)?;
            if let Some(notation) = key.signs(&text, self.notations) {
                return Ok(Some(candidate.found(key, notation, &text)));
            }
        }
        Ok(None)
    }

    fn spend(&mut self, text: &[u8]) -> Result<(), OutOfWork> {
        self.work = self.work.checked_sub(text.len() + WORK_PER_TEXT).ok_or(OutOfWork)?;
        Ok(())
    }
}

impl Candidate<'_> {
    fn found(&self, key: &Key, notation: &Notation, text: &[u8]) -> Found {
        let part = self.source.part;
        let causes: Vec<_> =
            [&self.causes, &key.causes, &notation.causes].into_iter().flatten().cloned().collect();
        let offset = if causes.contains(&Cause::ByteOrderMark) {
            Some(0)
        } else {
            // The first byte of a whole body is never part of the data.
            part.first_difference(text).or(part.is_body.then_some(0))
        };
        Found { causes, offset }
    }
}
