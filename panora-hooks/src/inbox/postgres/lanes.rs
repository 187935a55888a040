//! Lanes: of the events of a lane that are to run, the head is in `due`, and the others wait.
//!
//! A transaction that puts events into lanes or ends a head first locks the rows of these lanes,
//! sorted, before it locks anything else. The next statement then sees everything that other
//! transactions have done in these lanes.

use std::collections::{BTreeMap, HashMap, HashSet};

use sqlx::Row;

use super::{
    PostgresInbox,
    schema::Schema,
    session::{Begin, OpenTransaction},
};
use crate::inbox::{InboxError, column::LaneBytes};

/// The bit of a fence that is set for the head of a lane. So a settlement knows whether a lane has
/// to be locked before it looks at the event.
pub(super) const HAS_LANE: i64 = 1;

/// Expressions that make the rows of `entering` ready, or let them wait behind others of their
/// lane. Without a lane, `lane` and `position` are NULL.
pub(super) const ENTER: &str = "queued AS (
    INSERT INTO @due(seq, due, attempts, run, queue, lane)
    SELECT seq, :now, 0, run, queue, lane FROM entering WHERE lane IS NULL OR position = 1
    RETURNING seq
 ),
 behind AS (
    INSERT INTO @waiting(seq, lane, position, run, queue)
    SELECT seq, lane, position, run, queue FROM entering WHERE position > 1
    RETURNING seq
 )";

/// Expressions that make the first waiting event of each lane of `freed` ready.
pub(super) const PROMOTE: &str = "next AS MATERIALIZED (
    SELECT next.seq, next.run, next.queue, freed.lane FROM freed CROSS JOIN LATERAL (
        SELECT seq, run, queue FROM @waiting AS waiting WHERE waiting.lane = freed.lane ORDER BY position LIMIT 1
    ) AS next
 ),
 moved AS (DELETE FROM @waiting WHERE seq = ANY(ARRAY(SELECT seq FROM next))),
 promoted AS (
    INSERT INTO @due(seq, due, attempts, run, queue, lane)
    SELECT seq, :now, 0, run, queue, lane FROM next
 ),
 empty AS (
    DELETE FROM @lane WHERE key = ANY(ARRAY(SELECT lane FROM freed EXCEPT SELECT lane FROM next))
 )";

/// Locks the lanes of events that enter them. Returns the position of each event, in their order.
/// The one with position 1 is the head: a lane has a row only while events of it are to run. If it
/// does not enter after all, [`fill`] finds the head.
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

/// Locks the lanes of the heads that these events are.
pub(super) async fn lock(
    change: &mut OpenTransaction,
    schema: &Schema,
    heads: Vec<i64>,
) -> Result<(), InboxError> {
    let lock = schema.cached(
        "SELECT key FROM @lane WHERE key = ANY(ARRAY(
            SELECT lane FROM @event WHERE seq = ANY($1) AND lane IS NOT NULL
         )) ORDER BY key FOR UPDATE",
    );
    change.fetch(lock.bind(heads)).await.map(drop)
}

/// Events that have a lane, each with its lane and the position that it would get in it.
#[derive(Default)]
pub(super) struct InLanes {
    pub(super) events: Vec<i64>,
    pub(super) lanes: Vec<LaneBytes>,
    pub(super) positions: Vec<i64>,
}

impl InLanes {
    /// Returns the events of some lanes.
    pub(super) fn of(&self, lanes: &HashSet<LaneBytes>) -> HashSet<i64> {
        let in_lanes = self.events.iter().zip(&self.lanes);
        in_lanes.filter(|(_, lane)| lanes.contains(*lane)).map(|(seq, _)| *seq).collect()
    }
}

/// Finds and locks the lanes of events, whether other events are in them or not. Afterwards,
/// [`fill`] removes those that are empty.
pub(super) async fn lock_all(
    change: &mut OpenTransaction,
    schema: &Schema,
    events: &[i64],
) -> Result<InLanes, InboxError> {
    let find = "SELECT seq, lane FROM @event WHERE seq = ANY($1) AND lane IS NOT NULL ORDER BY seq";
    let mut found = InLanes::default();
    for row in change.fetch(schema.query(find).bind(events.to_vec())).await? {
        found.events.push(row.try_get(0)?);
        found.lanes.push(row.try_get(1)?);
    }
    if !found.lanes.is_empty() {
        found.positions = reserve(change, schema, &found.lanes).await?;
    }
    Ok(found)
}

/// Promotes the first event of each of these lanes that has no head, and removes the lanes that are
/// empty. The lanes are locked.
pub(super) async fn fill(
    change: &mut OpenTransaction,
    schema: &Schema,
    lanes: &[LaneBytes],
) -> Result<(), InboxError> {
    if lanes.is_empty() {
        return Ok(());
    }
    let fill = format!(
        "WITH freed AS MATERIALIZED (
            SELECT DISTINCT lane FROM unnest($1::bytea[]) AS locked(lane)
            WHERE (SELECT due.seq FROM @due AS due WHERE due.lane = locked.lane LIMIT 1) IS NULL
         ),
         {PROMOTE}
         SELECT FROM next"
    );
    let lanes: Vec<_> = lanes.iter().map(|lane| lane.to_vec()).collect();
    change.fetch(schema.query(&fill).bind(lanes)).await.map(drop)
}

/// The number of lanes of a part of the table at which a call looks.
const LANES: i64 = 1000;

impl PostgresInbox {
    /// Promotes events of lanes whose head a tool of an older version has dropped. Looks at the
    /// first lanes, and at those from a random one on, so that all calls together find every such
    /// lane.
    pub(super) async fn repair_lanes(&self) -> Result<(), InboxError> {
        let part = "ORDER BY key LIMIT $2";
        let find = format!(
            "WITH looked_at AS MATERIALIZED (
                (SELECT key FROM @lane WHERE key >= '' {part}) UNION
                (SELECT key FROM @lane WHERE key >= $1 {part})
             )
             SELECT key FROM looked_at
             WHERE (SELECT due.seq FROM @due AS due WHERE due.lane = looked_at.key LIMIT 1) IS NULL"
        );
        let find = self.schema.query(&find);
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
