//! The fingerprints of events that an older version has buried, filled in by batches.

use std::sync::Arc;

use sqlx::Row;

use super::{
    groups::{ERROR, IS_DEAD, type_key},
    info::text,
    schema::Schema,
    session::{Begin, Session, Sessions},
};
use crate::inbox::{Fingerprint, InboxError, error::chain};

/// The most events of one transaction.
const BATCH: i64 = 1000;

/// Returns whether there are dead events without a fingerprint.
pub(super) async fn is_needed(session: &mut Session, schema: &Schema) -> Result<bool, InboxError> {
    let look = format!("SELECT FROM @dead WHERE {IS_DEAD} AND {ERROR} = 0 LIMIT 1");
    Ok(!session.fetch(schema.query(&look)).await?.is_empty())
}

/// Fills the fingerprints in while the inbox is used. If that is interrupted, the next process that
/// opens the inbox continues.
pub(super) fn start(sessions: Arc<Sessions>, schema: Arc<Schema>) {
    tokio::spawn(async move {
        if let Err(error) = fill(&sessions, &schema).await {
            tracing::warn!("the errors of older dead events are not grouped yet: {}", chain(&error));
        }
    });
}

async fn fill(sessions: &Sessions, schema: &Schema) -> Result<(), InboxError> {
    // Other processes may do the same, and skip the rows that are locked here. Rows that were
    // filled in are behind `last`, so that they are not read again.
    let next = format!(
        "SELECT seq, reason, (
            SELECT {} FROM @event AS event WHERE event.seq = dead.seq
         ) FROM @dead AS dead
         WHERE {IS_DEAD} AND {ERROR} = 0 AND seq + 0 > $1 ORDER BY seq + 0 LIMIT $2
         FOR UPDATE SKIP LOCKED",
        type_key("event.type"),
    );
    let mut last = 0_i64;
    loop {
        let mut change = sessions.begin(Begin::Lazy).await?;
        let rows = change.fetch(schema.query(&next).bind(last).bind(BATCH)).await?;
        let (mut seqs, mut fingerprints, mut types) = (Vec::new(), Vec::new(), Vec::new());
        for row in &rows {
            last = row.try_get(0)?;
            seqs.push(last);
            fingerprints.push(Fingerprint::of(&text(row, 1)?).number().cast_signed());
            types.push(row.try_get::<Option<Vec<u8>>, _>(2)?);
        }
        if seqs.is_empty() {
            return change.commit().await;
        }
        let update = "UPDATE @dead AS dead SET fingerprint = input.fingerprint, type_key = input.type_key
            FROM unnest($1::bigint[], $2::bigint[], $3::bytea[]) AS input(seq, fingerprint, type_key)
            WHERE dead.seq = ANY($1) AND dead.seq = input.seq";
        change.fetch(schema.query(update).bind(seqs).bind(fingerprints).bind(types)).await?;
        change.commit().await?;
    }
}
