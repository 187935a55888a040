//! What is dropped, and when.

use std::time::Duration;

use sqlx::Row;

use super::PostgresInbox;
use crate::inbox::{Filter, InboxError, Select, column, time::whole_micros};

impl PostgresInbox {
    pub(super) async fn prune_done(&self, older_than: Duration, max: u32) -> Result<u64, InboxError> {
        let prune = self.schema.query(
            "WITH old AS (
                SELECT seq FROM @done WHERE NOT is_pruned AND at < :now - $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED
             ),
             emptied AS (UPDATE @event AS event SET data = NULL FROM old WHERE event.seq = old.seq)
             UPDATE @done AS done SET is_pruned = true FROM old WHERE done.seq = old.seq",
        );
        let pruned = prune.bind(whole_micros(older_than)).bind(i64::from(max)).execute(&self.pool).await?;
        Ok(pruned.rows_affected())
    }

    pub(super) async fn forget_pruned(&self, older_than: Duration, max: u32) -> Result<u64, InboxError> {
        let forget = self.schema.query(
            "WITH old AS (
                SELECT seq FROM @done WHERE is_pruned AND at < :now - $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED
             ),
             gone AS (
                DELETE FROM @event AS event USING old WHERE event.seq = old.seq RETURNING event.content
             ),
             -- If a replay of it is kept, that stands for the content from now on.
             inherited AS (
                UPDATE @event AS event SET content = gone.content FROM gone
                WHERE gone.content IS NOT NULL AND event.seq = (
                    SELECT min(seq) FROM @event AS other
                    WHERE other.key BETWEEN gone.content AND gone.content || decode(repeat('ff', 16), 'hex')
                    AND other.seq NOT IN (SELECT seq FROM old)
                )
             )
             DELETE FROM @done AS done USING old WHERE done.seq = old.seq",
        );
        let forgotten =
            forget.bind(whole_micros(older_than)).bind(i64::from(max)).execute(&self.pool).await?;
        Ok(forgotten.rows_affected())
    }

    pub(super) async fn discard_selected(&self, which: &Select, max: u32) -> Result<u64, InboxError> {
        let mut discard = self.pool.begin().await?;
        let mut over = match which {
            Select::Keys(keys) => {
                let mut over = self.filtered(&Filter::default());
                let keys: Vec<_> = keys.iter().map(|key| column::seq(*key)).collect();
                over.push(" AND event.seq = ANY(").push_bind(keys).push(")");
                over
            }
            Select::All(filter) => self.filtered(filter),
        };
        over.push(" AND dead.seq IS NOT NULL ORDER BY event.seq LIMIT ").push_bind(i64::from(max));
        let rows = over.build().fetch_all(&mut *discard).await?;
        let over: Vec<i64> = rows.iter().map(|row| row.try_get(0)).collect::<sqlx::Result<_>>()?;
        let statement = self.schema.query(
            "WITH gone AS (DELETE FROM @dead WHERE seq = ANY($1) RETURNING seq, attempts),
             emptied AS (UPDATE @event AS event SET data = NULL FROM gone WHERE event.seq = gone.seq)
             INSERT INTO @done(seq, at, attempts, is_pruned) SELECT seq, :now, attempts, true FROM gone",
        );
        let discarded = statement.bind(over).execute(&mut *discard).await?;
        discard.commit().await?;
        Ok(discarded.rows_affected())
    }
}
