//! Leasing events and settling leases.

use std::{sync::Arc, time::SystemTime};

use bytestring::ByteString;
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::{
    attempts,
    fences::Fences,
    info, lanes,
    queue::{Durability, Queue},
    queues::{self, LeasedQueue},
    states::{Ended, Reason, insert_dead},
};
use crate::inbox::{
    AttemptInfo, AttemptOutcome, Decision, InboxError, Lane, LeaseRequest, Leased, Settled, Settlement,
    column::{self, LaneBytes},
    lease::MAX_LEASED_BYTES,
    share::Shares,
    time::{micros, time, whole_micros},
};

/// The approximate size of a change of `due` in the log, in bytes.
const DUE_BYTES: usize = 64;

impl Queue {
    pub(super) fn lease(
        &mut self,
        request: &LeaseRequest,
        now: SystemTime,
    ) -> Result<Vec<Leased>, InboxError> {
        let LeaseRequest { max, lease_for, ref worker, .. } = *request;
        let (now, until) = (micros(now), micros(now).saturating_add(whole_micros(lease_for)));
        let mut fences = self.fences;
        let known = self.worker.take().filter(|(name, _)| Some(name) == worker.as_ref());
        self.check_version()?;
        let shares = Shares::new(request);
        let queues = self.ready_queues(&shares, now)?;
        if queues.is_empty() {
            return Ok(Vec::new());
        }
        let (leased, worker) = self.change(Durability::Normal, max as usize * DUE_BYTES, |change| {
            let worker = match (known, worker) {
                (None, Some(name)) => Some((Arc::clone(name), worker_id(change, name)?)),
                (known, _) => known,
            };
            let Ready { leased, interrupted, lost } = ready(change, &mut fences, now, &shares, &queues)?;
            let mut take = change.prepare_cached(
                "UPDATE due SET due = ?2, attempts = attempts + 1, fence = ?3, worker = ?4 WHERE seq = ?1",
            )?;
            for Leased { token, .. } in &leased {
                let (seq, fence) = (column::seq(token.key()), column::fence(*token));
                take.execute(params![seq, until, fence, worker.as_ref().map_or(UNNAMED, |(_, id)| *id)])?;
            }
            for (seq, attempt) in interrupted {
                attempts::insert(change, seq, &attempt)?;
            }
            for seq in lost {
                tracing::error!(event.key = seq, "the data of an event is missing: the file is damaged");
                bury(change, seq, now, "its data is missing: the file is damaged")?;
            }
            Ok((leased, worker))
        })?;
        (self.fences, self.worker) = (fences, worker);
        Ok(leased)
    }

    pub(super) fn settle(
        &mut self,
        items: &[Settlement],
        now: SystemTime,
    ) -> Result<Vec<Settled>, InboxError> {
        self.change(Durability::Normal, items.len() * DUE_BYTES, |change| {
            items.iter().map(|item| apply(change, item, now)).collect()
        })
    }

    /// Makes events ready whose worker has died, which still count as interrupted. Also makes
    /// events ready that were never tried, because these are delayed only if the clock was set
    /// back.
    pub(super) fn free_leases(&mut self, now: SystemTime) -> Result<(), InboxError> {
        self.change(Durability::Normal, 0, |change| {
            for queue in queues::numbers(change)? {
                change.execute(
                    "UPDATE due INDEXED BY due_by_time SET due = ?1
                     WHERE queue = ?2 AND due > ?1 AND attempts = 0 AND fence IS NULL",
                    [micros(now), queue],
                )?;
            }
            let freed = change
                .execute("UPDATE due SET due = ?1 WHERE due > ?1 AND fence IS NOT NULL", [micros(now)])?;
            if freed > 0 {
                tracing::warn!(events = freed, "events were interrupted, and run again");
            }
            Ok(())
        })
    }
}

/// The number of a worker without a name.
const UNNAMED: i64 = 0;

/// Returns the number of a worker.
fn worker_id(change: &Transaction<'_>, name: &str) -> rusqlite::Result<i64> {
    let known = change
        .prepare_cached("SELECT id FROM worker WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    if let Some(id) = known {
        return Ok(id);
    }
    change.prepare_cached("INSERT INTO worker(name) VALUES (?1)")?.execute([name])?;
    Ok(change.last_insert_rowid())
}

/// Events that are ready.
#[derive(Default)]
struct Ready {
    leased: Vec<Leased>,
    /// The attempts of these events that were never settled.
    interrupted: Vec<(i64, AttemptInfo)>,
    /// Events that have no data.
    lost: Vec<i64>,
}

/// Returns the events that a request leases, as many as fit.
fn ready(
    change: &Transaction<'_>,
    fences: &mut Fences,
    now: i64,
    shares: &Shares<'_>,
    queues: &[LeasedQueue],
) -> rusqlite::Result<Ready> {
    let mut event = change.prepare_cached(
        "SELECT due.seq, due.attempts, due.fence, event.key, event.id_event, event.type,
                event.received, event.data, event.shares IS NOT NULL,
                coalesce(due.run, 1), due.worker, due.lane
         FROM due CROSS JOIN event USING (seq) WHERE due.seq = ?1",
    )?;
    let (mut ready, mut bytes) = (Ready::default(), 0);
    for (_, seq, place) in shares.choose(oldest(change, now, queues)?) {
        let mut rows = event.query([seq])?;
        let row = rows.next()?;
        let data = match row {
            Some(row) if row.get(8)? => info::shared_data(change, seq)?,
            Some(row) => row.get(7)?,
            None => None,
        };
        let (Some(row), Some(data), Some(queue)) = (row, data, queues.get(place)) else {
            ready.lost.push(seq);
            continue;
        };
        bytes += data.len();
        if bytes > MAX_LEASED_BYTES as usize && !ready.leased.is_empty() {
            break;
        }
        let leased = Leased { queue: queue.name.clone(), ..lease(row, data, fences.next(now))? };
        if leased.is_interrupted {
            ready.interrupted.push((seq, interrupted(change, row)?));
        }
        ready.leased.push(leased);
    }
    Ok(ready)
}

/// An event in the order of age: when it was due, its number, and the place of its queue.
type Oldest = (i64, i64, usize);

/// Returns the oldest ready events of each queue, with their groups.
fn oldest(
    change: &Transaction<'_>,
    now: i64,
    queues: &[LeasedQueue],
) -> rusqlite::Result<Vec<(usize, Oldest)>> {
    let mut due = change.prepare_cached(
        "SELECT due, seq FROM due INDEXED BY due_by_time
         WHERE queue = ?1 AND due <= ?2 ORDER BY due, seq LIMIT ?3",
    )?;
    let mut oldest = Vec::new();
    for (place, LeasedQueue { number, group, max, .. }) in queues.iter().enumerate() {
        let mut rows = due.query(params![number, now, max])?;
        while let Some(row) = rows.next()? {
            oldest.push((*group, (row.get(0)?, row.get(1)?, place)));
        }
    }
    Ok(oldest)
}

fn lease(row: &Row<'_>, data: String, fence: i64) -> rusqlite::Result<Leased> {
    let token = column::token(row.get(0)?, fence);
    let identity: [u8; 48] = row.get(3)?;
    let content = super::content::of(&identity);
    let received_at = time(row.get(6)?);
    Ok(Leased {
        attempt: row.get::<_, u32>(1)?.saturating_add(1),
        run: row.get(9)?,
        lane: row.get::<_, Option<LaneBytes>>(11)?.map(Lane::from_bytes),
        is_interrupted: row.get::<_, Option<i64>>(2)?.is_some(),
        ..Leased::new(token, content, row.get(4)?, row.get(5)?, ByteString::from(data), received_at)
    })
}

/// Returns the attempt of a lease that was never settled.
fn interrupted(change: &Transaction<'_>, row: &Row<'_>) -> rusqlite::Result<AttemptInfo> {
    let worker: Option<i64> = row.get(10)?;
    let mut name = change.prepare_cached("SELECT name FROM worker WHERE id = ?1")?;
    Ok(AttemptInfo {
        started_at: worker.and(row.get(2)?).map(Fences::time),
        worker: name.query_row([worker], |row| row.get(0)).optional()?,
        ..AttemptInfo::new(row.get(9)?, row.get(1)?, AttemptOutcome::Interrupted)
    })
}

fn bury(change: &Transaction<'_>, seq: i64, now: i64, reason: &str) -> rusqlite::Result<()> {
    let ended = change
        .prepare_cached("DELETE FROM due WHERE seq = ?1 RETURNING attempts, coalesce(run, 1), lane")?
        .query_row([seq], |row| Ok((ended(row)?, row.get(2)?)))
        .optional()?;
    let Some((ended, lane)) = ended else { return Ok(()) };
    lanes::promote(change, lane, now)?;
    insert_dead(change, seq, now, &Reason::Dead(reason, ended))
}

fn ended(row: &Row<'_>) -> rusqlite::Result<Ended> {
    Ok(Ended { attempts: row.get(0)?, run: row.get(1)? })
}

/// Applies a decision, and records the attempt that it ends.
fn apply(change: &Transaction<'_>, item: &Settlement, now: SystemTime) -> rusqlite::Result<Settled> {
    let Settlement { token, decision, attempt, announces } = item;
    let (seq, fence) = (column::seq(token.key()), column::fence(*token));
    let at = micros(now);
    let ended = match decision {
        Decision::Complete | Decision::Bury(_) => {
            // For RETURNING, SQLite opens a temporary table, which takes longer than a second
            // statement.
            let left = change
                .prepare_cached(
                    "SELECT attempts, coalesce(run, 1), lane FROM due WHERE seq = ?1 AND fence = ?2",
                )?
                .query_row([seq, fence], |row| Ok((ended(row)?, row.get(2)?)))
                .optional()?;
            if let Some((_, lane)) = left {
                change.prepare_cached("DELETE FROM due WHERE seq = ?1")?.execute([seq])?;
                lanes::promote(change, lane, at)?;
            }
            left.map(|(ended, _)| ended)
        }
        Decision::RetryAfter(delay) => {
            let delay = whole_micros(*delay);
            change
                .prepare_cached(
                    "UPDATE due SET due = ?3, fence = NULL, asked = ?4 WHERE seq = ?1 AND fence = ?2
                     RETURNING attempts, coalesce(run, 1)",
                )?
                .query_row([seq, fence, at.saturating_add(delay), delay], ended)
                .optional()?
        }
        Decision::Extend(lease_for) => {
            let until = at.saturating_add(whole_micros(*lease_for));
            let mut extend =
                change.prepare_cached("UPDATE due SET due = ?3 WHERE seq = ?1 AND fence = ?2")?;
            return Ok(settled(extend.execute([seq, fence, until])? == 1));
        }
        Decision::Release => {
            let mut release = change.prepare_cached(
                "UPDATE due SET due = ?3, attempts = attempts - 1, fence = NULL, asked = NULL
                 WHERE seq = ?1 AND fence = ?2",
            )?;
            return Ok(settled(release.execute([seq, fence, at])? == 1));
        }
    };
    let Some(ended) = ended else { return Ok(Settled::Stale) };
    match decision {
        Decision::Complete => {
            let duration = attempt.as_ref().and_then(|attempt| attempt.duration).map(whole_micros);
            change
                .prepare_cached(
                    "INSERT INTO done(seq, at, attempts, is_pruned, run, duration)
                     VALUES (?1, ?2, ?3, 0, ?4, ?5)",
                )?
                .execute(params![seq, at, ended.attempts, ended.run, duration])?;
        }
        Decision::Bury(reason) => {
            insert_dead(change, seq, at, &Reason::Dead(reason, ended))?;
            if *announces {
                change.prepare_cached("UPDATE dead SET announce = ?2 WHERE seq = ?1")?.execute([seq, at])?;
            }
        }
        _ => {}
    }
    if let Some(attempt) = attempt {
        attempts::record(change, seq, ended, attempt, now)?;
    }
    Ok(Settled::Applied)
}

fn settled(is_applied: bool) -> Settled {
    if is_applied { Settled::Applied } else { Settled::Stale }
}
