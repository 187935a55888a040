//! The states of events, as rows of their tables.

use rusqlite::{Transaction, params};

use super::fingerprint;
use crate::inbox::{Fingerprint, ParkReason, column::LaneBytes};

/// Makes an event ready, with no attempts counted. The first run is `None`.
pub(super) fn insert_due(
    change: &Transaction<'_>,
    seq: i64,
    due: i64,
    run: Option<u32>,
    queue: i64,
    lane: Option<LaneBytes>,
) -> rusqlite::Result<()> {
    change
        .prepare_cached(
            "INSERT INTO due(seq, due, attempts, run, queue, lane) VALUES (?1, ?2, 0, ?3, ?4, ?5)",
        )?
        .execute(params![seq, due, run, queue, lane])
        .map(drop)
}

/// The reason why an event does not run.
pub(super) enum Reason<'r> {
    Parked(ParkReason),
    /// The event is dead after these attempts of a run.
    Dead(&'r str, Ended),
}

/// The end of a lease.
#[derive(Clone, Copy)]
pub(super) struct Ended {
    pub(super) run: u32,
    /// The number of attempts, which is that of the attempt that ends.
    pub(super) attempts: u32,
}

/// Makes an event dead or parked.
pub(super) fn insert_dead(
    change: &Transaction<'_>,
    seq: i64,
    at: i64,
    reason: &Reason<'_>,
) -> rusqlite::Result<()> {
    let (ended, fingerprint, text) = match reason {
        Reason::Parked(reason) => (None, None, reason.as_str()),
        Reason::Dead(reason, ended) => {
            (Some(ended), Some(fingerprint::column(Fingerprint::of(reason))), *reason)
        }
    };
    let (attempts, run) = (ended.map_or(0, |ended| ended.attempts), ended.map(|ended| ended.run));
    change
        .prepare_cached(
            "INSERT INTO dead(seq, at, attempts, is_parked, reason, prefix, run, fingerprint)
             SELECT seq, ?2, ?3, ?4, ?5, substr(type, 1, 64), ?6, ?7 FROM event WHERE seq = ?1",
        )?
        .execute(params![seq, at, attempts, ended.is_none(), text, run, fingerprint])
        .map(drop)
}
