//! The record of attempts.

use sqlx::{Row, postgres::PgRow};

use super::{
    PostgresInbox,
    info::{duration, optional_text, text},
};
use crate::inbox::{
    AttemptInfo, AttemptOutcome, EventKey, InboxError, attempt::KEPT_ATTEMPTS, column, time::time,
};

/// Common table expressions that record the attempts in the expression `over`, which holds the
/// locks of their events, and remove the attempts in the middle if an event has many.
///
/// A record is never a reason to refuse a lease or a settlement. So an attempt is left out if its
/// place was taken since the statement began.
pub(super) fn recorded() -> String {
    format!(
        "recorded AS (
            INSERT INTO @attempt(seq, place, run, number, started, duration, outcome, error, worker)
            SELECT seq, 1 + coalesce(
                (SELECT max(place) FROM @attempt AS earlier WHERE earlier.seq = over.seq), 0
            ), run, number, started, duration, outcome, error, worker
            FROM over ON CONFLICT DO NOTHING RETURNING seq, place
         ),
         trimmed AS (
            DELETE FROM @attempt AS attempt USING recorded
            WHERE attempt.seq = ANY(ARRAY(SELECT seq FROM recorded WHERE place > 2 * {KEPT_ATTEMPTS}))
            AND attempt.seq = recorded.seq
            AND attempt.place > {KEPT_ATTEMPTS} AND attempt.place <= recorded.place - {KEPT_ATTEMPTS}
         )"
    )
}

impl PostgresInbox {
    /// Records the attempts that the rows of a lease show to be interrupted.
    ///
    /// This is a statement of its own, because its plan would cost every lease as much again. The
    /// lease keeps other workers away from the events.
    pub(super) async fn record_interruptions(&self, rows: &[PgRow]) -> Result<(), InboxError> {
        let (mut seqs, mut runs, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
        let (mut starts, mut workers) = (Vec::new(), Vec::new());
        for row in rows {
            if row.try_get::<Option<bool>, _>("was_leased")? == Some(true) {
                seqs.push(row.try_get::<i64, _>("seq")?);
                runs.push(row.try_get::<i32, _>("run")?);
                numbers.push(row.try_get::<i32, _>("attempts")? - 1);
                starts.push(row.try_get::<Option<i64>, _>("started")?);
                workers.push(row.try_get::<Option<Vec<u8>>, _>("worker")?);
            }
        }
        let record = format!(
            "WITH over AS (
                SELECT seq, run, number, started, NULL::bigint AS duration, $6::bytea AS outcome,
                    NULL::bytea AS error, worker
                FROM unnest($1::bigint[], $2::integer[], $3::integer[], $4::bigint[], $5::bytea[])
                    AS over(seq, run, number, started, worker)
             ),
             {}
             SELECT FROM recorded",
            recorded(),
        );
        let record = self.schema.query(&record).bind(seqs).bind(runs).bind(numbers).bind(starts);
        let outcome = AttemptOutcome::Interrupted.as_str().as_bytes().to_vec();
        self.sessions.fetch(record.bind(workers).bind(outcome)).await.map(drop)
    }

    pub(super) async fn attempts_of(&self, key: EventKey) -> Result<Vec<AttemptInfo>, InboxError> {
        let find = self.schema.query(
            "SELECT run, number, started, duration, outcome, error, worker
             FROM @attempt WHERE seq = $1 ORDER BY place",
        );
        let rows = self.sessions.fetch(find.bind(column::seq(key))).await?;
        rows.iter().map(attempt).collect()
    }
}

fn attempt(row: &PgRow) -> Result<AttemptInfo, InboxError> {
    let number = |column| Ok::<_, sqlx::Error>(row.try_get::<i32, _>(column)?.unsigned_abs());
    let outcome = AttemptOutcome::from_word(&text(row, "outcome")?);
    Ok(AttemptInfo {
        started_at: row.try_get::<Option<i64>, _>("started")?.map(time),
        duration: row.try_get::<Option<i64>, _>("duration")?.map(duration),
        error: optional_text(row, "error")?,
        worker: optional_text(row, "worker")?,
        ..AttemptInfo::new(number("run")?, number("number")?, outcome)
    })
}
