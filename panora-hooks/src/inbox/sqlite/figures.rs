//! Figures of all processes.

use std::{
    collections::BTreeMap,
    ops::Range,
    time::{Duration, SystemTime},
};

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{
    queue::{Durability, Queue},
    read::Reader,
    thread::{BatchStep, Caller},
};
use crate::inbox::{
    Figures, InboxError, StatisticsStep,
    figures::{KEPT_STEPS, kept_for, kept_step, step_length, step_start},
    time::{micros, time, whole_micros},
};

/// The most rows that one transaction reads or removes.
const BATCH: u32 = 1000;

/// The approximate size of a row in the log, in bytes.
const FIGURE_BYTES: usize = 1024;

/// The approximate number of bytes that the removal of a batch writes to the log. Neighbours share
/// their pages.
const BATCH_BYTES: usize = BATCH as usize * FIGURE_BYTES;

impl Queue {
    /// Adds figures of event types to the sums of the current steps. They may be lost if
    /// the power fails.
    pub(super) fn add_figures(
        &mut self,
        figures: &[(String, Figures)],
        now: SystemTime,
    ) -> Result<(), InboxError> {
        if figures.is_empty() {
            return Ok(());
        }
        self.change(Durability::Normal, figures.len() * KEPT_STEPS.len() * FIGURE_BYTES, |change| {
            for (event_type, figures) in figures {
                for step in KEPT_STEPS {
                    add(change, step, step_start(micros(now), step), event_type, figures)?;
                }
            }
            Ok(())
        })
    }
}

fn add(
    change: &Transaction<'_>,
    step: i64,
    start: i64,
    event_type: &str,
    figures: &Figures,
) -> rusqlite::Result<()> {
    let stored: Option<Vec<u8>> = change
        .prepare_cached("SELECT sums FROM figure WHERE step = ?1 AND start = ?2 AND type = ?3")?
        .query_row(params![step, start, event_type], |row| row.get(0))
        .optional()?;
    let mut sums = *figures;
    if let Some(stored) = stored {
        sums.add(&decode(&stored));
    }
    change
        .prepare_cached("INSERT OR REPLACE INTO figure(step, start, type, sums) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![step, start, event_type, encode(&sums)])
        .map(drop)
}

fn encode(figures: &Figures) -> Vec<u8> {
    let number = |sum| i64::try_from(sum).unwrap_or(i64::MAX).to_le_bytes();
    figures.to_sums().into_iter().flat_map(number).collect()
}

fn decode(sums: &[u8]) -> Figures {
    let (numbers, _) = sums.as_chunks();
    let numbers: Vec<_> = numbers.iter().map(|bytes| i64::from_le_bytes(*bytes).unsigned_abs()).collect();
    Figures::from_sums(&numbers)
}

impl Reader {
    pub(super) fn statistics(
        &mut self,
        range: &Range<SystemTime>,
        step: Duration,
        caller: Caller<'_>,
    ) -> Result<Vec<StatisticsStep>, InboxError> {
        let length = step_length(step);
        let kept = kept_step(length);
        let end = first_step(range.end, length);
        let mut steps: BTreeMap<_, Figures> = BTreeMap::new();
        let mut after = (first_step(range.start, length) - 1, String::new());
        loop {
            caller.check()?;
            let rows = read(self.connection(), kept, &after, end)?;
            let Some((start, event_type, _)) = rows.last() else { break };
            after = (*start, event_type.clone());
            for (start, event_type, figures) in rows {
                steps.entry((step_start(start, length), event_type)).or_default().add(&figures);
            }
        }
        let step = |((start, event_type), figures)| StatisticsStep::new(time(start), event_type, figures);
        Ok(steps.into_iter().map(step).collect())
    }
}

/// Returns when the first step begins that begins at a time or later. There are no figures from
/// before 1970.
fn first_step(at: SystemTime, length: i64) -> i64 {
    step_start(micros(at).max(0).saturating_add(length - 1), length)
}

/// Reads the next figures of one length of step.
fn read(
    connection: &Connection,
    step: i64,
    (start, event_type): &(i64, String),
    end: i64,
) -> rusqlite::Result<Vec<(i64, String, Figures)>> {
    let mut figures = connection.prepare_cached(
        "SELECT start, type, sums FROM figure
         WHERE step = ?1 AND (start, type) > (?2, ?3) AND start < ?4 ORDER BY start, type LIMIT ?5",
    )?;
    let figures = figures.query_map(params![step, start, event_type, end, BATCH], |row| {
        Ok((row.get(0)?, row.get(1)?, decode(row.get_ref(2)?.as_blob()?)))
    })?;
    figures.collect()
}

/// Removes old figures in batches.
pub(super) struct PruneFigures {
    /// The times before which the kept steps are old.
    before: [i64; 3],
    left: u32,
    removed: u64,
}

impl PruneFigures {
    pub(super) fn new(minutes: Duration, hours: Duration, max: u32, now: SystemTime) -> Self {
        let before = |age| micros(now).saturating_sub(whole_micros(age));
        Self { before: kept_for(minutes, hours).map(before), left: max, removed: 0 }
    }

    /// Runs a batch in a transaction of its own.
    pub(super) fn run(&mut self, queue: &mut Queue) -> Result<BatchStep<u64>, InboxError> {
        let limit = self.left.min(BATCH);
        let before = self.before;
        let figures = queue.change(Durability::Normal, BATCH_BYTES, |change| {
            let steps = KEPT_STEPS.into_iter().zip(before);
            steps.into_iter().try_fold(0, |removed, (step, before)| {
                Ok(removed + remove(change, step, before, limit - removed)?)
            })
        })?;
        self.left -= figures;
        self.removed += u64::from(figures);
        Ok(if self.left == 0 || figures == 0 { BatchStep::Done(self.removed) } else { BatchStep::Continue })
    }
}

/// Removes up to `limit` figures of steps that begin before a time. Returns the number of them.
fn remove(change: &Transaction<'_>, step: i64, before: i64, limit: u32) -> rusqlite::Result<u32> {
    let removed = change
        .prepare_cached(
            "DELETE FROM figure WHERE (step, start, type) IN (
                 SELECT step, start, type FROM figure
                 WHERE step = ?1 AND start < ?2 ORDER BY start, type LIMIT ?3)",
        )?
        .execute(params![step, before, limit])?;
    Ok(u32::try_from(removed).unwrap_or(limit))
}
