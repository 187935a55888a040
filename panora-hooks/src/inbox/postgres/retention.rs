//! Retention: drops data and then identities, in batches between which other events can be stored.

use std::time::Duration;

use sqlx::Row;

use super::{
    PostgresInbox,
    bulk::BATCH,
    copies::LAST,
    schema::Statement,
    session::{Begin, OpenTransaction},
};
use crate::inbox::{InboxError, time::whole_micros};

/// The most attempts of a part of the table in which a call looks for those without an event.
const ATTEMPTS: u32 = 1000;

/// The part of a done event that is dropped.
#[derive(Clone, Copy)]
enum DonePart {
    Data,
    /// Everything else, once the data has been dropped.
    Identity,
}

impl PostgresInbox {
    pub(super) async fn prune_done(&self, older_than: Duration, max: u32) -> Result<u64, InboxError> {
        self.drop_old(DonePart::Data, older_than, max).await
    }

    pub(super) async fn forget_pruned(&self, older_than: Duration, max: u32) -> Result<u64, InboxError> {
        self.drop_orphans().await?;
        self.repair_lanes().await?;
        self.drop_old(DonePart::Identity, older_than, max).await
    }

    /// Removes attempts of events that an older version has forgotten without them, among the first
    /// attempts and among those from a random event on. So each call reads few rows, and all calls
    /// together find every such attempt.
    async fn drop_orphans(&self) -> Result<(), InboxError> {
        let part = format!("ORDER BY seq, place LIMIT {ATTEMPTS}");
        let drop_them = format!(
            "WITH lazy AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)),
             start AS MATERIALIZED (
                SELECT (random() * seq)::bigint AS seq FROM (
                    SELECT seq FROM @attempt ORDER BY seq DESC, place DESC LIMIT 1
                ) AS last
             ),
             looked_at AS MATERIALIZED (
                (SELECT seq FROM @attempt WHERE seq >= 0 {part})
                UNION
                (SELECT part.seq FROM start CROSS JOIN LATERAL (
                    SELECT seq FROM @attempt AS attempt WHERE attempt.seq >= start.seq {part}
                 ) AS part)
             )
             DELETE FROM @attempt WHERE seq = ANY(ARRAY(
                SELECT seq FROM looked_at
                WHERE (SELECT event.seq FROM @event AS event WHERE event.seq = looked_at.seq) IS NULL
             ))
             RETURNING (SELECT '' FROM lazy)"
        );
        self.sessions.fetch(self.schema.query(&drop_them)).await.map(drop)
    }

    async fn drop_old(&self, part: DonePart, older_than: Duration, max: u32) -> Result<u64, InboxError> {
        let mut rest = max;
        while rest > 0 {
            let limit = rest.min(BATCH);
            let mut change = self.sessions.begin(Begin::Lazy).await?;
            let old = self.lock_old(&mut change, part, older_than, limit).await?;
            let count = u32::try_from(old.len()).unwrap_or(u32::MAX);
            if count > 0 {
                let (drop_it, note) = match part {
                    DonePart::Data => {
                        (self.drop_data(old.clone()), "UPDATE @done SET is_pruned = true WHERE seq = ANY($1)")
                    }
                    DonePart::Identity => (self.delete(old.clone()), "DELETE FROM @done WHERE seq = ANY($1)"),
                };
                change.fetch(drop_it).await?;
                change.fetch(self.schema.query(note).bind(old)).await?;
            }
            change.commit().await?;
            rest = rest.saturating_sub(count);
            if count < limit {
                break;
            }
        }
        Ok(u64::from(max - rest))
    }

    /// Locks the oldest events that have been done for longer than `older_than`, except those that
    /// another process has locked.
    async fn lock_old(
        &self,
        change: &mut OpenTransaction,
        part: DonePart,
        older_than: Duration,
        limit: u32,
    ) -> Result<Vec<i64>, InboxError> {
        let condition = match part {
            DonePart::Data => "NOT is_pruned",
            DonePart::Identity => "is_pruned",
        };
        let lock = format!(
            "WITH old AS MATERIALIZED (
                SELECT seq FROM @done WHERE {condition} AND at < :now - $1
                ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED
             )
             SELECT seq FROM @event WHERE seq = ANY(ARRAY(SELECT seq FROM old)) ORDER BY seq FOR UPDATE"
        );
        let lock = self.schema.query(&lock).bind(whole_micros(older_than)).bind(i64::from(limit));
        Ok(change.fetch(lock).await?.iter().map(|row| row.try_get(0)).collect::<sqlx::Result<_>>()?)
    }

    /// Returns the statement that drops the data and the attempts of locked events. If another
    /// event needs the data, the data and the content move to that event.
    ///
    /// An earlier statement has locked the events, so this one sees every replay that was stored
    /// before.
    pub(super) fn drop_data(&self, events: Vec<i64>) -> Statement {
        let statement = format!(
            "WITH gone AS MATERIALIZED (
                SELECT event.seq, event.content, event.data, (
                    SELECT heir.seq FROM @event AS heir
                    WHERE event.data IS NOT NULL
                    AND heir.key BETWEEN event.content AND event.content || {LAST}
                    AND heir.data IS NULL AND heir.seq <> ALL($1)
                    AND NOT coalesce((SELECT is_pruned FROM @done AS done WHERE done.seq = heir.seq), false)
                    ORDER BY heir.key LIMIT 1
                ) AS heir
                FROM @event AS event WHERE event.seq = ANY($1)
             ),
             emptied AS (
                UPDATE @event AS event
                SET data = NULL, content = CASE WHEN gone.heir IS NULL THEN event.content END
                FROM gone WHERE event.seq = ANY($1) AND event.seq = gone.seq
                RETURNING gone.heir, gone.content, gone.data
             ),
             attempts AS (DELETE FROM @attempt WHERE seq = ANY($1)),
             moved AS MATERIALIZED (SELECT * FROM emptied WHERE heir IS NOT NULL)
             UPDATE @event AS event SET content = moved.content, data = moved.data
             FROM moved WHERE event.seq = ANY(ARRAY(SELECT heir FROM moved)) AND event.seq = moved.heir"
        );
        self.schema.query(&statement).bind(events)
    }

    /// Returns the statement that deletes locked events. If another event has the same content,
    /// that event stands for the content from then on.
    fn delete(&self, events: Vec<i64>) -> Statement {
        let statement = format!(
            "WITH gone AS (
                DELETE FROM @event WHERE seq = ANY($1) RETURNING content, data
             ),
             -- An older version has pruned an event without its attempts.
             attempts AS (DELETE FROM @attempt WHERE seq = ANY($1)),
             moved AS MATERIALIZED (
                SELECT gone.content, gone.data, heir.seq AS heir, heir.is_bereft
                FROM gone CROSS JOIN LATERAL (
                    SELECT heir.seq, heir.data IS NULL AND NOT coalesce(
                        (SELECT is_pruned FROM @done AS done WHERE done.seq = heir.seq), false
                    ) AS is_bereft
                    FROM @event AS heir
                    WHERE heir.key BETWEEN gone.content AND gone.content || {LAST} AND heir.seq <> ALL($1)
                    -- An event that needs the data, otherwise one that has it.
                    ORDER BY is_bereft DESC, heir.data IS NULL, heir.key LIMIT 1
                ) AS heir
             )
             UPDATE @event AS event SET
                content = moved.content,
                data = CASE WHEN moved.is_bereft THEN moved.data ELSE event.data END
             FROM moved WHERE event.seq = ANY(ARRAY(SELECT heir FROM moved)) AND event.seq = moved.heir"
        );
        self.schema.query(&statement).bind(events)
    }
}
