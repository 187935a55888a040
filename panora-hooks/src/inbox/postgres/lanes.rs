//! Lanes: of the events of a lane that are to run, the head is in `due`, and the others wait.
//!
//! A transaction that puts events into lanes or ends a head first locks the rows of these lanes,
//! sorted, before it locks anything else. The next statement then sees everything that other
//! transactions have done in these lanes.

use std::collections::{BTreeMap, HashMap};

use sqlx::Row;

use super::{
    PostgresInbox,
    schema::Schema,
    session::{Begin, OpenTransaction},
};
use crate::inbox::InboxError;

/// The lane of an event, as a column.
pub(super) type LaneBytes = [u8; 16];

/// The bit of a fence that is set for the head of a lane. So a settlement knows whether a lane has to
/// be locked before it looks at the event.
pub(super) const HAS_LANE: i64 = 1;

/// Expressions that make the rows of `entering` ready, or let them wait if another event of their
/// lane comes first. Without a lane, `lane` and `position` are NULL.
pub(super) const ENTER: &str = "first AS MATERIALIZED (
    SELECT DISTINCT ON (lane) seq FROM entering
    WHERE lane IS NOT NULL
    AND (SELECT due.seq FROM @due AS due WHERE due.lane = entering.lane LIMIT 1) IS NULL
    AND (SELECT waiting.seq FROM @waiting AS waiting WHERE waiting.lane = entering.lane LIMIT 1) IS NULL
    ORDER BY lane, position
 ),
 queued AS (
    INSERT INTO @due(seq, due, attempts, run, queue, lane)
    SELECT seq, :now, 0, run, queue, lane FROM entering
    WHERE lane IS NULL OR seq = ANY(ARRAY(SELECT seq FROM first))
    RETURNING seq
 ),
 behind AS (
    INSERT INTO @waiting(seq, lane, position, run)
    SELECT seq, lane, position, run FROM entering
    WHERE lane IS NOT NULL AND seq <> ALL(ARRAY(SELECT seq FROM first))
    RETURNING seq
 )";

/// Expressions that make the first waiting event of each lane of `freed` ready.
pub(super) const PROMOTE: &str = "next AS MATERIALIZED (
    SELECT next.seq, next.run, freed.lane FROM freed CROSS JOIN LATERAL (
        SELECT seq, run FROM @waiting AS waiting WHERE waiting.lane = freed.lane ORDER BY position LIMIT 1
    ) AS next
 ),
 moved AS (DELETE FROM @waiting WHERE seq = ANY(ARRAY(SELECT seq FROM next))),
 promoted AS (
    INSERT INTO @due(seq, due, attempts, run, queue, lane)
    SELECT seq, :now, 0, run, (SELECT queue FROM @event AS event WHERE event.seq = next.seq), lane FROM next
 ),
 empty AS (
    DELETE FROM @lane WHERE key = ANY(ARRAY(SELECT lane FROM freed EXCEPT SELECT lane FROM next))
 )";

/// Locks the lanes of events that enter them. Returns the position of each event, in their order.
pub(super) async fn reserve(
    change: &mut OpenTransaction,
    schema: &Schema,
    lanes: &[LaneBytes],
) -> Result<Vec<i64>, InboxError> {
    let mut counts = BTreeMap::new();
    for lane in lanes {
        *counts.entry(*lane).or_insert(0_i64) += 1;
    }
    let (keys, numbers): (Vec<_>, Vec<_>) =
        counts.iter().map(|(lane, count)| (lane.to_vec(), *count)).unzip();
    let reserve = schema.cached(
        "INSERT INTO @lane AS lane(key, last)
         SELECT key, number FROM unnest($1::bytea[], $2::bigint[]) AS new(key, number) ORDER BY key
         ON CONFLICT (key) DO UPDATE SET last = lane.last + excluded.last RETURNING key, last",
    );
    let mut last = HashMap::with_capacity(keys.len());
    for row in change.fetch(reserve.bind(keys).bind(numbers)).await? {
        let lane: LaneBytes = row.try_get(0)?;
        let count = counts.get(&lane).copied().unwrap_or(0);
        last.insert(lane, row.try_get::<i64, _>(1)? - count);
    }
    let position = |lane: &LaneBytes| {
        let last = last.entry(*lane).or_insert(0);
        *last += 1;
        *last
    };
    Ok(lanes.iter().map(position).collect())
}

/// Locks the lanes of events.
pub(super) async fn lock(
    change: &mut OpenTransaction,
    schema: &Schema,
    events: Vec<i64>,
) -> Result<Vec<LaneBytes>, InboxError> {
    let lock = schema.cached(
        "SELECT key FROM @lane WHERE key = ANY(ARRAY(
            SELECT lane FROM @event WHERE seq = ANY($1) AND lane IS NOT NULL
         )) ORDER BY key FOR UPDATE",
    );
    let locked = change.fetch(lock.bind(events)).await?;
    Ok(locked.iter().map(|row| row.try_get(0)).collect::<sqlx::Result<_>>()?)
}

/// Promotes the first event of each of these lanes that has no head. The lanes are locked.
pub(super) async fn fill(
    change: &mut OpenTransaction,
    schema: &Schema,
    lanes: &[LaneBytes],
) -> Result<(), InboxError> {
    let fill = format!(
        "WITH freed AS MATERIALIZED (
            SELECT lane FROM unnest($1::bytea[]) AS locked(lane)
            WHERE (SELECT due.seq FROM @due AS due WHERE due.lane = locked.lane LIMIT 1) IS NULL
         ),
         {PROMOTE}
         SELECT FROM next"
    );
    let lanes: Vec<_> = lanes.iter().map(|lane| lane.to_vec()).collect();
    change.fetch(schema.query(&fill).bind(lanes)).await.map(drop)
}

/// The most lanes that one call repairs.
const LANES: i64 = 1000;

impl PostgresInbox {
    /// Promotes events of lanes whose head a tool of an older version has dropped, and removes lanes
    /// without events. Looks at the lanes from a random one on, so that all calls together find
    /// every such lane.
    pub(super) async fn repair_lanes(&self) -> Result<(), InboxError> {
        let find = self.schema.query(
            "SELECT key FROM (SELECT key FROM @lane WHERE key >= $1 ORDER BY key LIMIT $2) AS lane
             WHERE (SELECT due.seq FROM @due AS due WHERE due.lane = lane.key LIMIT 1) IS NULL",
        );
        let start = fastrand::u128(..).to_be_bytes().to_vec();
        let found = self.sessions.fetch(find.bind(start).bind(LANES)).await?;
        if found.is_empty() {
            return Ok(());
        }
        let found: Vec<Vec<u8>> = found.iter().map(|row| row.try_get(0)).collect::<sqlx::Result<_>>()?;
        let mut change = self.sessions.begin(Begin::Lazy).await?;
        let lock = "SELECT key FROM @lane WHERE key = ANY($1) ORDER BY key FOR UPDATE SKIP LOCKED";
        let locked = change.fetch(self.schema.query(lock).bind(found)).await?;
        let locked: Vec<_> = locked.iter().map(|row| row.try_get(0)).collect::<sqlx::Result<_>>()?;
        fill(&mut change, &self.schema, &locked).await?;
        change.commit().await
    }
}
