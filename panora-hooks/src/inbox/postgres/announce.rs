//! Claims of announcements of dead events.

use std::time::Duration;

use sqlx::{Row, postgres::PgRow};

use super::PostgresInbox;
use crate::inbox::{InboxError, LeaseToken, column, time::whole_micros};

impl PostgresInbox {
    /// Claims announcements. The fence of a claim is its expiry, which no other claim of the event
    /// has, because it is claimed again only later.
    pub(super) async fn claim_announcements(
        &self,
        max: u32,
        claim_for: Duration,
    ) -> Result<Vec<LeaseToken>, InboxError> {
        let claim = self.schema.query(
            "WITH owed AS MATERIALIZED (
                SELECT seq, announce FROM @dead
                WHERE announce IS NOT NULL AND announce <= :now
                ORDER BY announce, seq LIMIT $1 FOR UPDATE SKIP LOCKED
             ),
             claimed AS (
                UPDATE @dead SET announce = :now + $2
                WHERE seq = ANY(ARRAY(SELECT seq FROM owed)) RETURNING seq, announce
             )
             SELECT claimed.seq, claimed.announce FROM claimed JOIN owed ON owed.seq = claimed.seq
             ORDER BY owed.announce, owed.seq",
        );
        let claim = claim.bind(i64::from(max)).bind(whole_micros(claim_for));
        let rows = self.sessions.fetch(claim).await?;
        let token = |row: &PgRow| Ok(column::token(row.try_get(0)?, row.try_get(1)?));
        Ok(rows.iter().map(token).collect::<sqlx::Result<_>>()?)
    }

    pub(super) async fn note_announced(&self, claims: &[LeaseToken]) -> Result<u64, InboxError> {
        let note = self.schema.query(
            "WITH claim AS (SELECT * FROM unnest($1::bigint[], $2::bigint[]) AS claim(seq, until))
             UPDATE @dead AS dead SET announce = NULL FROM claim
             WHERE dead.seq = ANY($1) AND dead.seq = claim.seq AND dead.announce IS NOT DISTINCT FROM claim.until
             RETURNING dead.seq",
        );
        let note = note
            .bind(claims.iter().map(|claim| column::seq(claim.key())).collect::<Vec<_>>())
            .bind(claims.iter().map(|claim| column::fence(*claim)).collect::<Vec<_>>());
        Ok(self.sessions.fetch(note).await?.len() as u64)
    }
}
