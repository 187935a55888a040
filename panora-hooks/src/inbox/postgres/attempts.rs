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
