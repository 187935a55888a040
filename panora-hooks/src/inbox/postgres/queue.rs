//! Leasing, settling, and what else changes events.

use std::{collections::HashSet, time::Duration};

use bytestring::ByteString;
use sqlx::{Row, postgres::PgRow};

use super::PostgresInbox;
use crate::inbox::{
    Decision, EventState, InboxError, LeaseRequest, Leased, Select, Settled, Settlement, column,
    lease::MAX_LEASED_BYTES,
    time::{time, whole_micros},
};

impl PostgresInbox {
    pub(super) async fn lease_batch(&self, request: &LeaseRequest) -> Result<Vec<Leased>, InboxError> {
        let LeaseRequest { max, lease_for } = *request;
        let lease = self
            .schema
            .query(
                "WITH lazy AS (SELECT set_config('synchronous_commit', 'off', true)),
                 free AS (
                    SELECT seq, due, attempts, fence FROM @due
                    WHERE due <= :now ORDER BY due, seq LIMIT $1 FOR UPDATE SKIP LOCKED
                 ),
                 sized AS (
                    SELECT free.*, sum(octet_length(data)) OVER (ORDER BY due, seq) - octet_length(data) AS before
                    FROM free JOIN @event USING (seq)
                 ),
                 taken AS (
                    UPDATE @due AS due SET due = :now + $2, attempts = due.attempts + 1, fence = $3
                    FROM sized WHERE due.seq = sized.seq AND before < $4
                    RETURNING due.seq, due.attempts, sized.due AS since, sized.fence IS NOT NULL AS was_leased
                 )
                 SELECT seq, taken.attempts, was_leased, key, id_event, type, received, data, (SELECT '' FROM lazy)
                 FROM taken JOIN @event USING (seq) ORDER BY since, seq",
            )
            .bind(i64::from(max))
            .bind(whole_micros(lease_for));
        let fence = column::new_fence();
        let rows = self.fetch(lease.bind(fence).bind(i64::from(MAX_LEASED_BYTES))).await?;
        rows.iter().map(|row| leased(row, fence)).collect()
    }

    pub(super) async fn settle_batch(&self, items: &[Settlement]) -> Result<Vec<Settled>, InboxError> {
        let mut settled = vec![Settled::Stale; items.len()];
        // A statement sees each row once: what has the same token comes after.
        let mut rest: Vec<_> = items.iter().zip(&mut settled).collect();
        while !rest.is_empty() {
            let mut tokens = HashSet::with_capacity(rest.len());
            let (mut now, later): (Vec<_>, Vec<_>) =
                rest.into_iter().partition(|(item, _)| tokens.insert(item.token));
            self.settle_apart(&mut now).await?;
            rest = later;
        }
        Ok(settled)
    }

    /// Settles leases none of which is another.
    async fn settle_apart(&self, items: &mut [(&Settlement, &mut Settled)]) -> Result<(), InboxError> {
        let kind = |settle: &Decision| match settle {
            Decision::Complete => "complete",
            Decision::RetryAfter(_) => "retry",
            Decision::Bury(_) => "bury",
            Decision::Extend(_) => "extend",
            Decision::Release => "release",
        };
        let delay = |settle: &Decision| match settle {
            Decision::RetryAfter(duration) | Decision::Extend(duration) => whole_micros(*duration),
            _ => 0,
        };
        let reason = |settle: &Decision| match settle {
            Decision::Bury(reason) => Some(reason.as_bytes().to_vec()),
            _ => None,
        };
        let settle = self
            .schema
            .query(
                "WITH lazy AS (SELECT set_config('synchronous_commit', 'off', true)),
                 input AS (
                    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bytea[])
                        AS input(seq, fence, kind, delay, reason)
                 ),
                 ended AS (
                    DELETE FROM @due AS due USING input
                    WHERE due.seq = input.seq AND due.fence = input.fence AND kind IN ('complete', 'bury')
                    RETURNING due.seq, due.attempts, kind, reason, due.fence
                 ),
                 done AS (
                    INSERT INTO @done(seq, at, attempts, is_pruned)
                    SELECT seq, :now, attempts, false FROM ended WHERE kind = 'complete'
                 ),
                 dead AS (
                    INSERT INTO @dead(seq, at, attempts, is_parked, reason)
                    SELECT seq, :now, attempts, false, reason FROM ended WHERE kind = 'bury'
                 ),
                 kept AS (
                    UPDATE @due AS due SET
                        due = :now + delay,
                        attempts = due.attempts - CASE kind WHEN 'release' THEN 1 ELSE 0 END,
                        fence = CASE kind WHEN 'extend' THEN due.fence END
                    FROM input
                    WHERE due.seq = input.seq AND due.fence = input.fence AND kind IN ('retry', 'extend', 'release')
                    RETURNING due.seq, input.fence
                 )
                 SELECT seq, fence, (SELECT '' FROM lazy) FROM ended
                 UNION ALL SELECT seq, fence, (SELECT '' FROM lazy) FROM kept",
            )
            .bind(items.iter().map(|(item, _)| column::seq(item.token.key())).collect::<Vec<_>>())
            .bind(items.iter().map(|(item, _)| column::fence(item.token)).collect::<Vec<_>>())
            .bind(items.iter().map(|(item, _)| kind(&item.decision)).collect::<Vec<_>>())
            .bind(items.iter().map(|(item, _)| delay(&item.decision)).collect::<Vec<_>>())
            .bind(items.iter().map(|(item, _)| reason(&item.decision)).collect::<Vec<_>>());
        let rows = self.fetch(settle).await?;
        let token = |row: &PgRow| Ok(column::token(row.try_get(0)?, row.try_get(1)?));
        let settled: HashSet<_> = rows.iter().map(token).collect::<sqlx::Result<_>>()?;
        for (item, result) in items {
            if settled.contains(&item.token) {
                **result = Settled::Applied;
            }
        }
        Ok(())
    }

    pub(super) async fn replay_selected(&self, which: &Select, max: u32) -> Result<u64, InboxError> {
        let mut replay = self.pool.begin().await?;
        let mut replayed = 0;
        for event in self.selected(&mut replay, which).await? {
            if replayed >= u64::from(max) {
                break;
            }
            let seq = column::seq(event.key);
            let statement = match event.state {
                _ if event.size.is_none() => continue,
                EventState::Ready | EventState::Leased => continue,
                EventState::Delayed => {
                    "UPDATE @due SET due = :now, attempts = 0 WHERE seq = $1 AND fence IS NULL"
                }
                EventState::Parked | EventState::Dead => {
                    "WITH gone AS (DELETE FROM @dead WHERE seq = $1 RETURNING seq)
                     INSERT INTO @due(seq, due, attempts) SELECT seq, :now, 0 FROM gone"
                }
                EventState::Done => {
                    "WITH gone AS (DELETE FROM @done WHERE seq = $1 AND NOT is_pruned RETURNING seq)
                     INSERT INTO @due(seq, due, attempts) SELECT seq, :now, 0 FROM gone"
                }
            };
            let changed = self.schema.query(statement).bind(seq).execute(&mut *replay).await?;
            replayed += changed.rows_affected();
        }
        replay.commit().await?;
        self.announce();
        Ok(replayed)
    }

    pub(super) async fn expedite_late(&self, longest_delay: Duration, max: u32) -> Result<u64, InboxError> {
        let expedite = self.schema.query(
            "WITH late AS (
                SELECT seq FROM @due WHERE due > :now + $1 ORDER BY due DESC LIMIT $2 FOR UPDATE SKIP LOCKED
             )
             UPDATE @due AS due SET due = :now + CASE WHEN fence IS NULL THEN 0 ELSE $1 END
             FROM late WHERE due.seq = late.seq RETURNING due.seq",
        );
        let expedite = expedite.bind(whole_micros(longest_delay)).bind(i64::from(max));
        Ok(self.fetch(expedite).await?.len() as u64)
    }
}

fn leased(row: &PgRow, fence: i64) -> Result<Leased, InboxError> {
    let token = column::token(row.try_get(0)?, fence);
    let key: [u8; 48] = row.try_get(3)?;
    let mut content = [0; 32];
    content.copy_from_slice(&key[..32]);
    let data = ByteString::from(super::read::text(row, 7)?);
    let (id, wire_type) = (super::read::text(row, 4)?, super::read::text(row, 5)?);
    let attempt: i32 = row.try_get(1)?;
    Ok(Leased {
        attempt: attempt.unsigned_abs(),
        is_interrupted: row.try_get(2)?,
        ..Leased::new(token, content, id, wire_type, data, time(row.try_get(6)?))
    })
}
