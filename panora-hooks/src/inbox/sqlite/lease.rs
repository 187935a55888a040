//! Leasing events and settling leases.

use std::time::SystemTime;

use bytestring::ByteString;
use rusqlite::{OptionalExtension, Row, Transaction};

use super::{
    info,
    queue::{Durability, Queue, insert_dead},
};
use crate::inbox::{
    Decision, InboxError, LeaseRequest, LeaseToken, Leased, Settled, Settlement, column,
    lease::MAX_LEASED_BYTES,
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
        let LeaseRequest { max, lease_for, .. } = *request;
        let (now, until) = (micros(now), micros(now).saturating_add(whole_micros(lease_for)));
        self.check_version()?;
        // This read takes no lock, and usually no event is due.
        if !self.is_anything_due(now)? {
            return Ok(Vec::new());
        }
        self.change(Durability::Normal, max as usize * DUE_BYTES, |change| {
            let (leased, lost) = ready(change, now, max)?;
            let mut take = change.prepare_cached(
                "UPDATE due SET due = ?2, attempts = attempts + 1, fence = ?3 WHERE seq = ?1",
            )?;
            for Leased { token, .. } in &leased {
                take.execute([column::seq(token.key()), until, column::fence(*token)])?;
            }
            for seq in lost {
                tracing::error!(event.key = seq, "the data of an event is missing: the file is damaged");
                bury(change, seq, now, "its data is missing: the file is damaged")?;
            }
            Ok(leased)
        })
    }

    pub(super) fn settle(
        &mut self,
        items: &[Settlement],
        now: SystemTime,
    ) -> Result<Vec<Settled>, InboxError> {
        self.change(Durability::Normal, items.len() * DUE_BYTES, |change| {
            items.iter().map(|item| apply_decision(change, item.token, &item.decision, micros(now))).collect()
        })
    }

    /// Makes events ready whose worker has died, which still count as interrupted. Also makes
    /// events ready that were never tried, because these are delayed only if the clock was set
    /// back.
    pub(super) fn free_leases(&mut self, now: SystemTime) -> Result<(), InboxError> {
        self.change(Durability::Normal, 0, |change| {
            change.execute(
                "UPDATE due SET due = ?1 WHERE due > ?1 AND attempts = 0 AND fence IS NULL",
                [micros(now)],
            )?;
            let freed = change
                .execute("UPDATE due SET due = ?1 WHERE due > ?1 AND fence IS NOT NULL", [micros(now)])?;
            if freed > 0 {
                tracing::warn!(events = freed, "events were interrupted, and run again");
            }
            Ok(())
        })
    }
}

/// Returns the events that have been ready longest, as many as fit, and those that have no data.
fn ready(change: &Transaction<'_>, now: i64, max: u32) -> rusqlite::Result<(Vec<Leased>, Vec<i64>)> {
    let mut due = change.prepare_cached(
        "SELECT due.seq, due.attempts, due.fence, event.key, event.id_event, event.type,
                event.received, event.data, event.shares IS NOT NULL
         FROM due INDEXED BY due_by_time CROSS JOIN event USING (seq)
         WHERE due.due <= ?1 ORDER BY due.due, due.seq LIMIT ?2",
    )?;
    let mut rows = due.query([now, max.into()])?;
    let (mut leased, mut lost, mut bytes) = (Vec::new(), Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let seq = row.get(0)?;
        let data = match row.get(7)? {
            None if row.get(8)? => info::shared_data(change, seq)?,
            data => data,
        };
        let Some(data) = data else {
            lost.push(seq);
            continue;
        };
        bytes += data.len();
        if bytes > MAX_LEASED_BYTES as usize && !leased.is_empty() {
            break;
        }
        leased.push(lease(row, data)?);
    }
    Ok((leased, lost))
}

fn lease(row: &Row<'_>, data: String) -> rusqlite::Result<Leased> {
    let token = column::token(row.get(0)?, column::new_fence());
    let identity: [u8; 48] = row.get(3)?;
    let content = super::content::of(&identity);
    let received_at = time(row.get(6)?);
    Ok(Leased {
        attempt: row.get::<_, u32>(1)?.saturating_add(1),
        is_interrupted: row.get::<_, Option<i64>>(2)?.is_some(),
        ..Leased::new(token, content, row.get(4)?, row.get(5)?, ByteString::from(data), received_at)
    })
}

fn bury(change: &Transaction<'_>, seq: i64, now: i64, reason: &str) -> rusqlite::Result<()> {
    let attempts: Option<i64> = change
        .prepare_cached("DELETE FROM due WHERE seq = ?1 RETURNING attempts")?
        .query_row([seq], |row| row.get(0))
        .optional()?;
    match attempts {
        Some(attempts) => insert_dead(change, seq, now, attempts, None, reason),
        None => Ok(()),
    }
}

fn apply_decision(
    change: &Transaction<'_>,
    token: LeaseToken,
    decision: &Decision,
    now: i64,
) -> rusqlite::Result<Settled> {
    let (seq, fence) = (column::seq(token.key()), column::fence(token));
    let is_settled = match decision {
        Decision::Complete | Decision::Bury(_) => {
            let attempts: Option<i64> = change
                .prepare_cached("DELETE FROM due WHERE seq = ?1 AND fence = ?2 RETURNING attempts")?
                .query_row([seq, fence], |row| row.get(0))
                .optional()?;
            match (attempts, decision) {
                (None, _) => false,
                (Some(attempts), Decision::Bury(reason)) => {
                    insert_dead(change, seq, now, attempts, None, reason)?;
                    true
                }
                (Some(attempts), _) => {
                    let mut insert = change.prepare_cached(
                        "INSERT INTO done(seq, at, attempts, is_pruned) VALUES (?1, ?2, ?3, 0)",
                    )?;
                    insert.execute([seq, now, attempts])? == 1
                }
            }
        }
        Decision::RetryAfter(delay) => {
            let due = now.saturating_add(whole_micros(*delay));
            let mut retry = change
                .prepare_cached("UPDATE due SET due = ?3, fence = NULL WHERE seq = ?1 AND fence = ?2")?;
            retry.execute([seq, fence, due])? == 1
        }
        Decision::Extend(lease_for) => {
            let until = now.saturating_add(whole_micros(*lease_for));
            let mut extend =
                change.prepare_cached("UPDATE due SET due = ?3 WHERE seq = ?1 AND fence = ?2")?;
            extend.execute([seq, fence, until])? == 1
        }
        Decision::Release => {
            let mut release = change.prepare_cached(
                "UPDATE due SET due = ?3, attempts = attempts - 1, fence = NULL
                 WHERE seq = ?1 AND fence = ?2",
            )?;
            release.execute([seq, fence, now])? == 1
        }
    };
    Ok(if is_settled { Settled::Applied } else { Settled::Stale })
}
