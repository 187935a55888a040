//! Operations on many events, in batches between which other events can be stored.

use std::collections::HashSet;

use sqlx::Row;

use super::{
    PostgresInbox,
    copies::DATA,
    lanes::{self, ENTER, InLanes},
    received::Span,
    schema::Statement,
    select::{Order, Selection},
    session::{Begin, OpenTransaction},
    wanted::Wanted,
};
use crate::inbox::{EventState, Filter, InboxError, Select, column};

/// The most events that one transaction changes.
pub(super) const BATCH: u32 = 200;

/// The most keys that one statement looks at.
const KEYS: usize = 1000;

/// The most numbers that one statement looks at if the filter names a time, which has no index.
const WINDOW: i64 = 10_000;

/// Goes through the selected events, each of them once, oldest first.
struct Walk {
    wanted: Wanted,
    source: WalkSource,
    after: i64,
}

enum WalkSource {
    Keys(Vec<i64>),
    All(Selection),
    /// Every event up to `last`, some numbers at a time.
    Windows {
        selection: Selection,
        last: i64,
    },
}

impl Walk {
    async fn new(inbox: &PostgresInbox, which: &Select, wanted: Wanted) -> Result<Self, InboxError> {
        let source = match which {
            Select::Keys(keys) => {
                let mut keys: Vec<_> = keys.iter().map(|key| column::seq(*key)).collect();
                keys.sort_unstable();
                keys.dedup();
                WalkSource::Keys(keys)
            }
            Select::All(filter) => {
                let selection = inbox.selection(filter, wanted, Order::Ascending).await?;
                if filter.received_from.is_none() && filter.received_before.is_none() {
                    WalkSource::All(selection)
                } else {
                    let last = inbox.schema.query("SELECT seq FROM @event ORDER BY seq DESC LIMIT 1");
                    let last = inbox.sessions.fetch(last).await?;
                    let last = last.first().map_or(Ok(0), |row| row.try_get(0))?;
                    WalkSource::Windows { selection, last }
                }
            }
        };
        Ok(Self { wanted, source, after: 0 })
    }

    /// Returns the next wanted events, or none at the end.
    async fn next(
        &mut self,
        inbox: &PostgresInbox,
        change: &mut OpenTransaction,
        limit: i64,
    ) -> Result<Vec<i64>, InboxError> {
        loop {
            let (statement, end) = match &self.source {
                WalkSource::All(_) if self.after == i64::MAX => return Ok(Vec::new()),
                WalkSource::All(selection) => {
                    (selection.statement(inbox, "{}", Some(self.after), limit), i64::MAX)
                }
                WalkSource::Windows { last, .. } if self.after >= *last => return Ok(Vec::new()),
                WalkSource::Windows { selection, last } => {
                    let end = self.after.saturating_add(WINDOW).min(*last);
                    let window = Span { after_seq: self.after, before_seq: end.saturating_add(1) };
                    let window = selection.clone().within(window);
                    (window.statement(inbox, "{}", None, limit), end)
                }
                WalkSource::Keys(keys) => {
                    let rest = keys.iter().skip(keys.partition_point(|key| *key <= self.after));
                    let chunk: Vec<_> = rest.take(KEYS).copied().collect();
                    let Some(end) = chunk.last().copied() else { return Ok(Vec::new()) };
                    let next = format!(
                        "SELECT seq FROM unnest($1::bigint[]) AS chosen(seq) WHERE {} ORDER BY seq LIMIT $2",
                        self.wanted.condition("chosen.seq"),
                    );
                    (inbox.schema.query(&next).bind(chunk).bind(limit), end)
                }
            };
            let found = change.fetch(statement).await?;
            let found = found.iter().map(|row| row.try_get(0)).collect::<sqlx::Result<Vec<i64>>>()?;
            // An event that the change of this batch promotes may be among those up to `end`.
            let is_full = i64::try_from(found.len()).is_ok_and(|count| count >= limit);
            self.after = found.last().copied().filter(|_| is_full).unwrap_or(end);
            if !found.is_empty() {
                return Ok(found);
            }
        }
    }
}

impl PostgresInbox {
    pub(super) async fn replay_selected(&self, which: &Select, max: u32) -> Result<u64, InboxError> {
        let wanted = match which {
            Select::All(Filter {
                state: Some(EventState::Ready | EventState::Waiting | EventState::Leased),
                ..
            }) => {
                return Ok(0);
            }
            Select::All(Filter { state: Some(state), .. }) => Wanted::State(*state),
            _ => Wanted::Replayable,
        };
        let mut walk = Walk::new(self, which, wanted).await?;
        let mut replayed = 0;
        while replayed < u64::from(max) {
            let mut change = self.sessions.begin(Begin::Bulk).await?;
            let found = walk.next(self, &mut change, batch(max, replayed)).await?;
            if found.is_empty() {
                change.commit().await?;
                return Ok(replayed);
            }
            let in_lanes = lanes::lock_all(&mut change, &self.schema, &found).await?;
            let rows = change.fetch(self.make_ready(found, &in_lanes)).await?;
            lanes::fill(&mut change, &self.schema, &in_lanes.lanes).await?;
            change.commit().await?;
            replayed += rows.len() as u64;
            if !rows.is_empty() {
                self.announce();
            }
        }
        Ok(replayed)
    }

    /// Returns the statement that makes events ready, unless their state has changed.
    ///
    /// Data can be missing only if it was dropped by a receiver of version 1, which does not know
    /// that a replay needs it.
    fn make_ready(&self, events: Vec<i64>, in_lanes: &InLanes) -> Statement {
        let statement = format!(
            "WITH complete AS MATERIALIZED (
                SELECT event.seq FROM @event AS event WHERE event.seq = ANY($1) AND {DATA} IS NOT NULL
             ),
             delayed AS (
                UPDATE @due SET due = :now, attempts = 0, asked = NULL
                WHERE seq = ANY(ARRAY(SELECT seq FROM complete)) AND due > :now AND fence IS NULL
                RETURNING seq
             ),
             dead AS (
                DELETE FROM @dead AS dead WHERE seq = ANY(ARRAY(SELECT seq FROM complete))
                RETURNING seq, CASE WHEN is_parked THEN coalesce(run, 1) ELSE {} END AS run
             ),
             done AS (
                DELETE FROM @done AS done
                WHERE seq = ANY(ARRAY(SELECT seq FROM complete)) AND NOT is_pruned
                RETURNING seq, {} AS run
             ),
             entering AS (
                SELECT over.seq, run, event.queue, event.lane, position, false AS is_head
                FROM (SELECT * FROM dead UNION ALL SELECT * FROM done) AS over
                CROSS JOIN LATERAL (
                    SELECT queue, lane FROM @event AS event WHERE event.seq = over.seq LIMIT 1
                ) AS event
                LEFT JOIN unnest($2::bigint[], $3::bigint[]) AS in_lane(seq, position) USING (seq)
             ),
             {ENTER}
             SELECT seq FROM delayed UNION ALL SELECT seq FROM queued UNION ALL SELECT seq FROM behind",
            next_run("dead"),
            next_run("done"),
        );
        let InLanes { events: in_lanes, positions, .. } = in_lanes;
        self.schema.query(&statement).bind(events).bind(in_lanes.clone()).bind(positions.clone())
    }

    pub(super) async fn discard_selected(&self, which: &Select, max: u32) -> Result<u64, InboxError> {
        let wanted = match which {
            Select::All(Filter { state: Some(state), .. }) if !which.discards(*state) => return Ok(0),
            Select::All(Filter { state: Some(state), .. }) => Wanted::State(*state),
            Select::All(_) => Wanted::Over,
            Select::Keys(_) => Wanted::Unfinished,
        };
        // A lane has one head. A second one was promoted by this call, and is not dropped by it.
        let are_heads =
            matches!(wanted, Wanted::State(EventState::Ready | EventState::Delayed | EventState::Leased));
        let mut walk = Walk::new(self, which, wanted).await?;
        let (mut discarded, mut dropped) = (0, HashSet::new());
        while discarded < u64::from(max) {
            let mut change = self.sessions.begin(Begin::Bulk).await?;
            let found = walk.next(self, &mut change, batch(max, discarded)).await?;
            if found.is_empty() {
                change.commit().await?;
                return Ok(discarded);
            }
            let in_lanes = lanes::lock_all(&mut change, &self.schema, &found).await?;
            let promoted = in_lanes.of(&dropped);
            let events = found.into_iter().filter(|seq| !promoted.contains(seq)).collect();
            discarded += self.bury_for_good(&mut change, events).await?;
            lanes::fill(&mut change, &self.schema, &in_lanes.lanes).await?;
            change.commit().await?;
            if !in_lanes.lanes.is_empty() {
                self.announce();
            }
            if are_heads {
                dropped.extend(in_lanes.lanes);
            }
        }
        Ok(discarded)
    }

    /// Drops the data of those events that have not become done in the meantime. Their lanes are
    /// locked.
    async fn bury_for_good(&self, change: &mut OpenTransaction, events: Vec<i64>) -> Result<u64, InboxError> {
        let lock = "SELECT seq FROM @dead WHERE seq = ANY($1) ORDER BY seq FOR UPDATE";
        let mut locked = change.fetch(self.schema.query(lock).bind(events.clone())).await?;
        // A locked row is being leased or settled. Waiting for it could end in a deadlock.
        let lock = "SELECT seq FROM @due WHERE seq = ANY($1) ORDER BY seq FOR UPDATE SKIP LOCKED";
        locked.extend(change.fetch(self.schema.query(lock).bind(events.clone())).await?);
        let waiting = "SELECT seq FROM @waiting WHERE seq = ANY($1)";
        locked.extend(change.fetch(self.schema.query(waiting).bind(events)).await?);
        let locked = locked.iter().map(|row| row.try_get(0)).collect::<sqlx::Result<Vec<i64>>>()?;
        let lock = "SELECT seq FROM @event WHERE seq = ANY($1) ORDER BY seq FOR UPDATE";
        change.fetch(self.schema.query(lock).bind(locked.clone())).await?;
        let discard = "WITH over AS (DELETE FROM @dead WHERE seq = ANY($1) RETURNING seq, attempts, run),
             unfinished AS (DELETE FROM @due WHERE seq = ANY($1) RETURNING seq, attempts, run),
             waiting AS (DELETE FROM @waiting WHERE seq = ANY($1) RETURNING seq, 0 AS attempts, run)
             INSERT INTO @done(seq, at, attempts, is_pruned, run)
             SELECT seq, :now, attempts, true, run
             FROM (
                SELECT * FROM over UNION ALL SELECT * FROM unfinished UNION ALL SELECT * FROM waiting
             ) AS gone";
        change.fetch(self.schema.query(discard).bind(locked.clone())).await?;
        change.fetch(self.drop_data(locked.clone())).await?;
        Ok(locked.len() as u64)
    }
}

/// Returns an expression for the run that a replay begins, of a row of a table. A process of an
/// older version may have lost the run, but the attempts have theirs.
fn next_run(table: &str) -> String {
    format!(
        "greatest({table}.run, 1, (SELECT max(run) FROM @attempt AS attempt WHERE attempt.seq = {table}.seq)) + 1"
    )
}

fn batch(max: u32, so_far: u64) -> i64 {
    let rest = u64::from(max).saturating_sub(so_far);
    i64::from(u32::try_from(rest).unwrap_or(u32::MAX).min(BATCH))
}
