//! Lanes: of the events of a lane that are to run, the head is in `due`, and the others wait.
//!
//! A transaction that puts events into lanes or ends heads locks the rows of these lanes, sorted,
//! before it locks anything else, except that a new event is stored before it enters its lane.
//! No transaction that holds a lane waits for an event that another one is storing.
//!
//! - A new event needs to know only whether its lane has a row, which a unique index decides.
//! - The end of a head needs the event behind it. Its statement may be older than its locks, so it
//!   does nothing if an event has entered one of the lanes since. Another statement follows then.
//! - Any other change locks the lanes in a statement of its own. The next one sees everything that
//!   other transactions have done in them.

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

/// Expressions that lock the lanes of the rows of `stored` that are to run, and turn these rows
/// into `entering`. A lane has a row only while events of it are to run, so the first of them is
/// its head.
pub(super) const RESERVE: &str = "arrived AS MATERIALIZED (
    SELECT seq, stored.queue, stored.lane, dense_rank() OVER (ORDER BY stored.lane) AS lane_number,
        row_number() OVER latest_first - 1 AS later, lead(seq) OVER latest_first IS NULL AS is_first
    FROM stored JOIN input USING (key) WHERE reason IS NULL
    WINDOW latest_first AS (PARTITION BY stored.lane ORDER BY arrival DESC)
 ),
 reserved AS (
    INSERT INTO @lane AS lane(key, last, head)
    SELECT lane, count(*), max(seq) FILTER (WHERE is_first)
    FROM arrived WHERE lane IS NOT NULL GROUP BY lane ORDER BY lane
    ON CONFLICT (key) DO UPDATE SET last = lane.last + excluded.last RETURNING key, last
 ),
 placed AS (
    SELECT seq, queue, lane, (ARRAY(SELECT last FROM reserved ORDER BY key))[lane_number] - later AS position
    FROM arrived
 ),
 entering AS (
    SELECT seq, NULL::integer AS run, queue, lane, position, position = 1 AS is_head FROM placed
 )";

/// Expressions that make the rows of `entering` ready, or let them wait behind others of their
/// lane. Without a lane, `lane` and `position` are NULL.
pub(super) const ENTER: &str = "queued AS (
    INSERT INTO @due(seq, due, attempts, run, queue, lane)
    SELECT seq, :now, 0, run, queue, lane FROM entering WHERE lane IS NULL OR is_head
    RETURNING seq
 ),
 behind AS (
    INSERT INTO @waiting(seq, lane, position, run, queue)
    SELECT seq, lane, position, run, queue FROM entering WHERE lane IS NOT NULL AND NOT is_head
    RETURNING seq
 )";

/// Expressions that find the events of `given`, lock the lanes of the heads that end, and return
/// the events as `input`.
///
/// They return nothing if an event has entered one of these lanes since the statement began. The
/// statement would not see that event, and `last` tells.
pub(super) const LOCKED: &str = "found AS MATERIALIZED (
    SELECT given.*, lane.key AS lane, lane.place AS lane_place, lane.last
    FROM given CROSS JOIN LATERAL (
        SELECT lane FROM @due AS due WHERE due.seq = given.seq LIMIT 1
    ) AS due LEFT JOIN LATERAL (
        SELECT ctid AS place, key, last FROM @lane AS lane WHERE lane.key = due.lane LIMIT 1
    ) AS lane ON given.kind IN ('complete', 'bury')
 ),
 locked AS MATERIALIZED (
    SELECT FROM found
    JOIN @lane AS lane ON lane.ctid = found.lane_place AND lane.last = found.last
    ORDER BY found.lane FOR UPDATE OF lane
 ),
 input AS MATERIALIZED (
    SELECT * FROM found WHERE (SELECT count(*) FROM locked) = (SELECT count(lane) FROM found)
 )";

/// Expressions that make the first waiting event of each lane of `freed` ready. The lanes are
/// locked, so their rows and those of their events stay where they are.
pub(super) const PROMOTE: &str = "next AS MATERIALIZED (
    SELECT freed.lane, freed.lane_place, next.* FROM freed LEFT JOIN LATERAL (
        SELECT ctid AS place, seq, run, queue FROM @waiting AS waiting
        WHERE waiting.lane = freed.lane ORDER BY position LIMIT 1
    ) AS next ON true
 ),
 moved AS (DELETE FROM @waiting WHERE ctid = ANY(ARRAY(SELECT place FROM next))),
 promoted AS (
    INSERT INTO @due(seq, due, attempts, run, queue, lane)
    SELECT seq, :now, 0, run, queue, lane FROM next WHERE seq IS NOT NULL
 ),
 headed AS (
    UPDATE @lane AS lane SET head = next.seq
    FROM next WHERE lane.ctid = next.lane_place AND next.seq IS NOT NULL
 ),
 empty AS (DELETE FROM @lane WHERE ctid = ANY(ARRAY(SELECT lane_place FROM next WHERE seq IS NULL)))";

/// Locks the lanes of events that may enter them. Returns the position of each event, in their
/// order.
async fn reserve(
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

/// The condition that the head of `lane` is not to run. An older version may have dropped the
/// event, or have replayed it outside the lane.
const HAS_NO_HEAD: &str =
    "(SELECT due.lane FROM @due AS due WHERE due.seq = lane.head) IS DISTINCT FROM lane.key";

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
            SELECT key AS lane, ctid AS lane_place FROM @lane AS lane WHERE key = ANY($1)
            AND {HAS_NO_HEAD}
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
                (SELECT key, head FROM @lane WHERE key >= '' {part}) UNION
                (SELECT key, head FROM @lane WHERE key >= $1 {part})
             )
             SELECT key FROM looked_at AS lane WHERE {HAS_NO_HEAD}"
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
