//! The audit: actions of operators.

use std::time::Duration;

use sqlx::Row;

use super::{
    PostgresInbox,
    info::{optional_text, text},
};
use crate::inbox::{
    AuditEntry, AuditRecord, InboxError,
    time::{time, whole_micros},
};

impl PostgresInbox {
    pub(super) async fn record_action(&self, record: &AuditRecord) -> Result<(), InboxError> {
        let bytes = |text: &str| text.as_bytes().to_vec();
        let add = self
            .schema
            .query("INSERT INTO @audit(at, who, action, what, events) VALUES (:now, $1, $2, $3, $4)")
            .bind(record.who.as_deref().map(bytes))
            .bind(bytes(&record.action))
            .bind(bytes(&record.what))
            .bind(i64::try_from(record.events).unwrap_or(i64::MAX));
        self.sessions.fetch(add).await.map(drop)
    }

    /// Removes up to `max` actions that are too old. They are in the order of time, by the clock of
    /// the server.
    pub(super) async fn prune_actions(&self, older_than: Duration, max: u32) -> Result<u64, InboxError> {
        let prune = self.schema.query(
            "WITH lazy AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)),
             oldest AS MATERIALIZED (SELECT number, at FROM @audit ORDER BY number LIMIT $2)
             DELETE FROM @audit
             WHERE number = ANY(ARRAY(SELECT number FROM oldest WHERE at < :now - $1))
             RETURNING (SELECT '' FROM lazy)",
        );
        let prune = prune.bind(whole_micros(older_than)).bind(i64::from(max));
        Ok(self.sessions.fetch(prune).await?.len() as u64)
    }

    pub(super) async fn actions(
        &self,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, InboxError> {
        let find = self.schema.query(
            "SELECT number, at, who, action, what, events FROM @audit
             WHERE number < $1 ORDER BY number DESC LIMIT $2",
        );
        let before = before.and_then(|before| i64::try_from(before).ok()).unwrap_or(i64::MAX);
        let rows = self.sessions.fetch(find.bind(before).bind(i64::from(limit))).await?;
        let entries = rows.iter().map(|row| {
            let number = |column| Ok::<_, sqlx::Error>(row.try_get::<i64, _>(column)?.unsigned_abs());
            let who = optional_text(row, "who")?;
            let record = AuditRecord::new(who, text(row, "action")?, text(row, "what")?, number("events")?);
            Ok(AuditEntry::new(number("number")?, time(row.try_get("at")?), record))
        });
        entries.collect()
    }
}
