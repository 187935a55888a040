//! Leases: claiming events, settling them, and repairing their times.

use std::{collections::HashSet, time::Duration};

use bytestring::ByteString;
use sqlx::{Row, postgres::PgRow};

use super::{PostgresInbox, attempts::recorded, copies::DATA, groups::type_key, info::text, open, schema};
use crate::inbox::{
    AttemptReport, Decision, Fingerprint, InboxError, LeaseRequest, Leased, OpenError, Settled, Settlement,
    column,
    error::chain,
    lease::MAX_LEASED_BYTES,
    time::{time, whole_micros},
};

impl PostgresInbox {
    pub(super) async fn lease_batch(&self, request: &LeaseRequest) -> Result<Vec<Leased>, InboxError> {
        let LeaseRequest { max, lease_for, worker } = request;
        // Nothing is leased from tables of a later version, whose rows may mean something else.
        let lease = format!(
            "WITH lazy AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)),
             free AS MATERIALIZED (
                SELECT seq, due, attempts, fence, started, worker FROM @due
                WHERE due <= :now AND (SELECT version FROM @format) <= $5
                ORDER BY due, seq LIMIT $1 FOR UPDATE SKIP LOCKED
             ),
             sized AS MATERIALIZED (
                SELECT free.seq, free.due, free.fence, free.started, free.worker,
                    sum(size) OVER (ORDER BY free.due, free.seq) - size AS before
                FROM free CROSS JOIN LATERAL (
                    SELECT octet_length({DATA}) AS size
                    FROM @event AS event WHERE event.seq = free.seq LIMIT 1
                ) AS event
                WHERE size IS NOT NULL
             ),
             taken AS (
                UPDATE @due AS due SET
                    due = :now + $2, attempts = due.attempts + 1, fence = $3, started = :now, worker = $6
                FROM sized
                WHERE due.seq = sized.seq AND due.seq = ANY(ARRAY(SELECT seq FROM sized WHERE before < $4))
                RETURNING due.seq, due.attempts, due.run, sized.due AS since,
                    sized.fence IS NOT NULL AS was_leased, sized.started, sized.worker
             )
             SELECT format.version, taken.seq, taken.attempts, coalesce(taken.run, 1) AS run, was_leased,
                taken.started, taken.worker, event.*, (SELECT '' FROM lazy)
             FROM @format AS format LEFT JOIN (taken CROSS JOIN LATERAL (
                SELECT event.key, event.id_event, event.type, event.received, {DATA} AS data
                FROM @event AS event WHERE event.seq = taken.seq LIMIT 1
             ) AS event) ON true
             ORDER BY since, seq"
        );
        let fence = fastrand::i64(0..);
        let known = schema::current();
        let lease = self.schema.query(&lease).bind(i64::from(*max)).bind(whole_micros(*lease_for));
        let lease = lease.bind(fence).bind(i64::from(MAX_LEASED_BYTES)).bind(known);
        let lease = lease.bind(worker.as_ref().map(|worker| worker.as_bytes().to_vec()));
        let rows = self.sessions.fetch(lease).await?;
        let found: i64 = rows.first().map_or(Ok(known), |row| row.try_get(0))?;
        if found > known {
            let inbox = open::inbox(&self.schema);
            return Err(InboxError::Other(OpenError::Newer { inbox, found, known }.into()));
        }
        let leased: Vec<_> =
            rows.iter().filter_map(|row| leased(row, fence).transpose()).collect::<Result<_, _>>()?;
        if leased.iter().any(|leased| leased.is_interrupted)
            && let Err(error) = self.record_interruptions(&rows).await
        {
            // The events are leased nevertheless, and have to run.
            tracing::warn!("interrupted attempts are not recorded: {}", chain(&error));
        }
        Ok(leased)
    }

    pub(super) async fn settle_batch(&self, items: &[Settlement]) -> Result<Vec<Settled>, InboxError> {
        let mut settled = vec![Settled::Stale; items.len()];
        // A statement changes each row once, so a second settlement of a token needs a second
        // statement.
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

    /// Settles leases that are all distinct.
    async fn settle_apart(&self, items: &mut [(&Settlement, &mut Settled)]) -> Result<(), InboxError> {
        let kind = |decision: &Decision| match decision {
            Decision::Complete => "complete",
            Decision::RetryAfter(_) => "retry",
            Decision::Bury(_) => "bury",
            Decision::Extend(_) => "extend",
            Decision::Release => "release",
        };
        let delay = |decision: &Decision| match decision {
            Decision::RetryAfter(duration) | Decision::Extend(duration) => whole_micros(*duration),
            _ => 0,
        };
        let reason = |decision: &Decision| match decision {
            Decision::Bury(reason) => Some(reason.as_bytes().to_vec()),
            _ => None,
        };
        let fingerprint = |decision: &Decision| match decision {
            Decision::Bury(reason) => Some(Fingerprint::of(reason).number().cast_signed()),
            _ => None,
        };
        let reports = |of: fn(&AttemptReport) -> Option<Vec<u8>>| {
            let reports = items.iter().map(|(item, _)| item.attempt.as_ref().and_then(of));
            reports.collect::<Vec<_>>()
        };
        let may_be_kept = |report: &AttemptReport| report.number.is_none_or(|number| report.is_kept(number));
        let records = items.iter().any(|(item, _)| item.attempt.as_ref().is_some_and(may_be_kept));
        let duration = |item: &Settlement| item.attempt.as_ref()?.duration.map(whole_micros);
        let is_success = |item: &Settlement| Some(item.attempt.as_ref()?.outcome.is_success());
        let statement = self
            .schema
            .query(&if records { settle_and_record_sql() } else { settle_sql("", "", "") })
            .bind(items.iter().map(|(item, _)| column::seq(item.token.key())).collect::<Vec<_>>())
            .bind(items.iter().map(|(item, _)| column::fence(item.token)).collect::<Vec<_>>())
            .bind(items.iter().map(|(item, _)| kind(&item.decision)).collect::<Vec<_>>())
            .bind(items.iter().map(|(item, _)| delay(&item.decision)).collect::<Vec<_>>())
            .bind(items.iter().map(|(item, _)| reason(&item.decision)).collect::<Vec<_>>())
            .bind(items.iter().map(|(item, _)| fingerprint(&item.decision)).collect::<Vec<_>>())
            .bind(items.iter().map(|(item, _)| duration(item)).collect::<Vec<_>>());
        let statement = if records {
            statement
                .bind(reports(|report| Some(report.outcome.as_str().as_bytes().to_vec())))
                .bind(reports(|report| report.error.as_ref().map(|error| error.as_bytes().to_vec())))
                .bind(reports(|report| Some(report.worker.as_bytes().to_vec())))
                .bind(items.iter().map(|(item, _)| is_success(item)).collect::<Vec<_>>())
        } else {
            statement
        };
        let rows = self.sessions.fetch(statement).await?;
        let token = |row: &PgRow| Ok(column::token(row.try_get(0)?, row.try_get(1)?));
        let settled: HashSet<_> = rows.iter().map(token).collect::<sqlx::Result<_>>()?;
        for (item, result) in items {
            if settled.contains(&item.token) {
                **result = Settled::Applied;
            }
        }
        Ok(())
    }

    pub(super) async fn expedite_late(&self, longest_delay: Duration, max: u32) -> Result<u64, InboxError> {
        let expedite = self.schema.query(
            "WITH late AS MATERIALIZED (
                SELECT seq FROM @due WHERE due > :now + $1 ORDER BY due DESC LIMIT $2 FOR UPDATE SKIP LOCKED
             )
             UPDATE @due SET due = :now + CASE WHEN fence IS NULL THEN 0 ELSE $1 END
             WHERE seq = ANY(ARRAY(SELECT seq FROM late)) RETURNING seq",
        );
        let expedite = expedite.bind(whole_micros(longest_delay)).bind(i64::from(max));
        Ok(self.sessions.fetch(expedite).await?.len() as u64)
    }
}

/// Returns the statement that settles leases and records their attempts.
fn settle_and_record_sql() -> String {
    let recorded = format!(
        ",
         -- A success at the first attempt is not recorded.
         over AS (
            SELECT seq, coalesce(run, 1) AS run, attempts AS number,
                :now - coalesce(duration, 0) AS started, duration, outcome, error, worker
            FROM (
                SELECT seq, run, attempts, duration, outcome, error, worker, is_success FROM ended
                UNION ALL
                SELECT seq, run, attempts, duration, outcome, error, worker, is_success FROM kept
                WHERE kind = 'retry'
            ) AS reported
            WHERE outcome IS NOT NULL AND (attempts > 1 OR NOT is_success)
         ),
         {}",
        recorded(),
    );
    settle_sql(
        ", $8::bytea[], $9::bytea[], $10::bytea[], $11::boolean[]",
        ", outcome, error, worker, is_success",
        &recorded,
    )
}

/// Returns the statement that settles leases. `values` and `columns` add to its input, and
/// `expressions` to its common table expressions.
///
/// Each part is planned for each batch, so a batch without attempts to record leaves them out.
fn settle_sql(values: &str, columns: &str, expressions: &str) -> String {
    // `=` would imply that the fence is not NULL. The planner could then choose the index of
    // leased events, which is not searched by `seq`.
    let returned = columns.replace(" worker", " input.worker");
    format!(
        "WITH lazy AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)),
         input AS (
            SELECT * FROM unnest(
                $1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bytea[], $6::bigint[],
                $7::bigint[]{values}
            ) AS input(seq, fence, kind, delay, reason, fingerprint, duration{columns})
         ),
         ended AS (
            DELETE FROM @due AS due USING input
            WHERE due.seq = ANY($1) AND due.seq = input.seq AND due.fence IS NOT DISTINCT FROM input.fence
            AND kind IN ('complete', 'bury')
            RETURNING due.seq, due.fence, due.attempts, due.run, kind, reason, fingerprint, duration{returned}
         ),
         done AS (
            INSERT INTO @done(seq, at, attempts, is_pruned, run, duration)
            SELECT seq, :now, attempts, false, run, duration FROM ended WHERE kind = 'complete'
         ),
         dead AS (
            INSERT INTO @dead(seq, at, attempts, is_parked, reason, run, fingerprint, type_key)
            SELECT seq, :now, attempts, false, reason, run, fingerprint,
                (SELECT {type_key} FROM @event AS event WHERE event.seq = ended.seq)
            FROM ended WHERE kind = 'bury'
         ),
         kept AS (
            UPDATE @due AS due SET
                due = :now + delay,
                attempts = due.attempts - CASE kind WHEN 'release' THEN 1 ELSE 0 END,
                fence = CASE kind WHEN 'extend' THEN due.fence END
            FROM input
            WHERE due.seq = ANY($1) AND due.seq = input.seq AND due.fence IS NOT DISTINCT FROM input.fence
            AND kind IN ('retry', 'extend', 'release')
            RETURNING due.seq, input.fence, due.attempts, due.run, kind, duration{returned}
         ){expressions}
         SELECT seq, fence, (SELECT '' FROM lazy) FROM ended
         UNION ALL SELECT seq, fence, (SELECT '' FROM lazy) FROM kept",
        type_key = type_key("event.type"),
    )
}

/// Returns the event of a row; `None` if the row has only the version.
fn leased(row: &PgRow, fence: i64) -> Result<Option<Leased>, InboxError> {
    let Some(seq) = row.try_get(1)? else { return Ok(None) };
    let key: [u8; 48] = row.try_get("key")?;
    let mut content = [0; 32];
    content.copy_from_slice(&key[..32]);
    let (id, wire_type) = (text(row, "id_event")?, text(row, "type")?);
    let data = ByteString::from(text(row, "data")?);
    let received_at = time(row.try_get("received")?);
    let number = |column| Ok::<_, sqlx::Error>(row.try_get::<i32, _>(column)?.unsigned_abs());
    Ok(Some(Leased {
        attempt: number("attempts")?,
        run: number("run")?,
        is_interrupted: row.try_get("was_leased")?,
        ..Leased::new(column::token(seq, fence), content, id, wire_type, data, received_at)
    }))
}
