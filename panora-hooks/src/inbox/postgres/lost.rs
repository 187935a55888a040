//! Events whose data is missing.

use super::{PostgresInbox, groups::type_key, lanes, session::Begin};
use crate::inbox::{Fingerprint, InboxError};

const REASON: &str = "its data is missing: the database is damaged";

impl PostgresInbox {
    /// Buries ready events that have no data, which would otherwise hold up their queues and lanes.
    pub(super) async fn bury_lost(&self, lost: Vec<i64>) -> Result<(), InboxError> {
        for seq in &lost {
            tracing::error!(event.key = seq, "the data of an event is missing: the database is damaged");
        }
        let mut change = self.sessions.begin(Begin::Lazy).await?;
        let in_lanes = lanes::lock_all(&mut change, &self.schema, &lost).await?;
        let bury = format!(
            "WITH lost AS (
                DELETE FROM @due AS due WHERE seq = ANY($1) AND due <= :now RETURNING seq, attempts, run
             )
             INSERT INTO @dead(seq, at, attempts, is_parked, reason, run, fingerprint, type_key)
             SELECT seq, :now, attempts, false, $2, run, $3,
                (SELECT {} FROM @event AS event WHERE event.seq = lost.seq)
             FROM lost",
            type_key("event.type"),
        );
        let fingerprint = Fingerprint::of(REASON).number().cast_signed();
        let bury = self.schema.query(&bury).bind(lost).bind(REASON.as_bytes().to_vec()).bind(fingerprint);
        change.fetch(bury).await?;
        lanes::fill(&mut change, &self.schema, &in_lanes.lanes).await?;
        change.commit().await
    }
}
