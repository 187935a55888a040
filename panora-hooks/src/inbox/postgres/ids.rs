//! Searches for many ids at once.

use std::{collections::HashSet, time::SystemTime};

use sqlx::Row;

use super::{PostgresInbox, received::Span, select::end_of_id};
use crate::inbox::{Filter, InboxError};

impl PostgresInbox {
    /// Returns whether an event with each of these ids is stored.
    pub(super) async fn find_ids(
        &self,
        ids: &[String],
        received_from: Option<SystemTime>,
    ) -> Result<Vec<bool>, InboxError> {
        let Span { after_seq, .. } = self.span(&Filter { received_from, ..Filter::default() }).await?;
        let wanted: Vec<&[u8]> = ids.iter().map(String::as_bytes).collect();
        // The index of ids has a part for each 1024 numbers.
        let find = format!(
            "WITH wanted AS MATERIALIZED (SELECT array_agg(DISTINCT {}) AS endings FROM unnest($2::bytea[]) AS id)
             SELECT event.id_event FROM generate_series(
                greatest($1, (SELECT seq FROM @event ORDER BY seq LIMIT 1)) >> 10,
                coalesce((SELECT seq FROM @event ORDER BY seq DESC LIMIT 1), 0) >> 10
             ) AS range(n) CROSS JOIN LATERAL (
                SELECT event.id_event FROM @event AS event
                WHERE event.seq >> 10 = range.n AND {} = ANY((SELECT endings FROM wanted)::bytea[])
                OFFSET 0
             ) AS event WHERE event.id_event = ANY($2)",
            end_of_id("id"),
            end_of_id("event.id_event"),
        );
        let rows = self.sessions.fetch(self.schema.query(&find).bind(after_seq).bind(wanted)).await?;
        let found = rows.iter().map(|row| row.try_get::<Vec<u8>, _>("id_event"));
        let found: HashSet<Vec<u8>> = found.collect::<Result<_, _>>()?;
        Ok(ids.iter().map(|id| found.contains(id.as_bytes())).collect())
    }
}
