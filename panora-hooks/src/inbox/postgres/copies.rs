//! Copies: events whose content is stored already under another id or type, called replays.
//!
//! A captured delivery can be sent again under any number of ids. Therefore a replay has no copy of
//! the data, and a content has a limited number of replays.

use std::collections::{HashMap, HashSet};

use sqlx::Row;

use super::{
    PostgresInbox,
    put::{BatchEvent, NewRow, Results, stored},
    schema::Schema,
    session::{Begin, OpenTransaction},
};
use crate::inbox::{EventKey, InboxError, ParkReason, Put, column, event::MAX_REPLAYS};

/// The end of the last key of a content, which follows the content.
pub(super) const LAST: &str = r"'\xffffffffffffffffffffffffffffffff'::bytea";

/// An expression for the data of `event`, which may be held by another row.
pub(super) const DATA: &str = "coalesce(event.data, (
    SELECT original.data FROM @event AS original
    WHERE event.data IS NULL AND original.content = substr(event.key, 1, 32)
))";

/// The events with one content.
#[derive(Clone, Copy)]
struct Content {
    first: EventKey,
    count: usize,
    /// Whether a row holds the data.
    has_data: bool,
}

impl PostgresInbox {
    /// Parks the events of a batch whose content is stored already. Those over the limit are
    /// duplicates.
    pub(super) async fn park_replays(
        &self,
        replays: &[&BatchEvent<'_>],
        results: &mut Results,
    ) -> Result<(), InboxError> {
        let mut contents: Vec<_> =
            replays.iter().map(|candidate| candidate.event.content().to_vec()).collect();
        contents.sort_unstable();
        contents.dedup();
        let mut change = self.sessions.begin(Begin::Durable).await?;
        let mut known = lock(&mut change, &self.schema, contents).await?;
        let (mut rows, mut bereft, mut refused) = (Vec::new(), Vec::new(), Vec::new());
        for BatchEvent { key, event, place, .. } in replays {
            // The original was forgotten in the meantime. This event is new, and is stored when it
            // is put again.
            let Some(content) = known.get_mut(event.content()) else { continue };
            if content.count > MAX_REPLAYS {
                refused.push((*key, content.first));
                continue;
            }
            let has_data = !content.has_data;
            if has_data {
                bereft.push(event.content().to_vec());
            }
            let park = Some(ParkReason::Replayed);
            let (key, place) = (*key, *place);
            rows.push(NewRow { key, event, has_content: has_data, has_data, park, place });
            content.count += 1;
            content.has_data = true;
        }
        // If the data was pruned, the first replay holds it from now on.
        if !bereft.is_empty() {
            let yield_content = "UPDATE @event SET content = NULL WHERE content = ANY($1) AND data IS NULL";
            change.fetch(self.schema.query(yield_content).bind(bereft)).await?;
        }
        let new_queues = self.queues.unknown(rows.iter().map(|row| row.event.queue()));
        let insert = self.insert(&rows, !new_queues.is_empty());
        let inserted = if rows.is_empty() { Vec::new() } else { change.fetch(insert).await? };
        change.commit().await?;
        self.queues.add(new_queues);
        stored(&rows, &inserted, results)?;
        // Another process may have stored the same events at the same time.
        self.find(replays, results).await?;
        for (key, first) in refused {
            results.entry(key).or_insert(Put::Duplicate(first));
        }
        Ok(())
    }
}

/// Locks contents against other processes that store replays of them or drop their data, and then
/// counts their events.
async fn lock(
    change: &mut OpenTransaction,
    schema: &Schema,
    contents: Vec<Vec<u8>>,
) -> Result<HashMap<[u8; 32], Content>, InboxError> {
    loop {
        let lock = schema.query("SELECT seq FROM @event WHERE content = ANY($1) ORDER BY seq FOR UPDATE");
        let locked = change.fetch(lock.bind(contents.clone())).await?;
        let locked = locked.iter().map(|row| row.try_get(0)).collect::<sqlx::Result<HashSet<i64>>>()?;
        // A second statement sees the rows that other processes committed while the first waited.
        let (known, holders) = count(change, schema, contents.clone()).await?;
        // If a holder is not locked, the data has moved in the meantime.
        if holders.is_subset(&locked) {
            return Ok(known);
        }
    }
}

/// Counts the events with each content. Also returns the rows that stand for the contents.
async fn count(
    change: &mut OpenTransaction,
    schema: &Schema,
    contents: Vec<Vec<u8>>,
) -> Result<(HashMap<[u8; 32], Content>, HashSet<i64>), InboxError> {
    let count = format!(
        "SELECT known.content, same.first, same.count, holder.seq, coalesce(holder.has_data, false)
         FROM unnest($1::bytea[]) AS known(content) CROSS JOIN LATERAL (
            SELECT min(seq) AS first, count(*) AS count FROM (
                SELECT seq FROM @event WHERE key BETWEEN known.content AND known.content || {LAST}
                ORDER BY key LIMIT $2
            ) AS counted
         ) AS same LEFT JOIN LATERAL (
            SELECT seq, data IS NOT NULL AS has_data FROM @event WHERE content = known.content LIMIT 1
         ) AS holder ON true
         WHERE same.count > 0"
    );
    let limit = i64::try_from(MAX_REPLAYS).unwrap_or(i64::MAX).saturating_add(1);
    let (mut known, mut holders) = (HashMap::new(), HashSet::new());
    for row in change.fetch(schema.query(&count).bind(contents).bind(limit)).await? {
        let count: i64 = row.try_get(2)?;
        let content = Content {
            first: column::key(row.try_get(1)?),
            count: usize::try_from(count).unwrap_or(usize::MAX),
            has_data: row.try_get(4)?,
        };
        known.insert(row.try_get::<[u8; 32], _>(0)?, content);
        holders.extend(row.try_get::<Option<i64>, _>(3)?);
    }
    Ok((known, holders))
}
