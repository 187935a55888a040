//! Storing events.

use std::collections::{HashMap, HashSet};

use sqlx::{Row, postgres::PgRow};

use super::{
    PostgresInbox,
    lanes::{ENTER, RESERVE},
    queues::ADD_QUEUES,
    schema::Statement,
};
use crate::inbox::{InboxError, NewEvent, ParkReason, Put, column, time::micros};

/// The expression that makes events ready that have no lane.
const QUEUED: &str = "queued AS (
    INSERT INTO @due(seq, due, attempts, queue)
    SELECT seq, :now, 0, stored.queue FROM stored JOIN input USING (key) WHERE reason IS NULL
 )";

type IdentityBytes = [u8; 48];

/// The results so far, by the identity of the event.
pub(super) type Results = HashMap<IdentityBytes, Put>;

/// An event that is not known to be a replay.
pub(super) struct BatchEvent<'b> {
    pub(super) key: IdentityBytes,
    pub(super) event: &'b NewEvent,
    /// The place of the event in the batch.
    pub(super) place: usize,
    /// Whether an event with the same content comes before it in the batch, which makes it a
    /// replay.
    is_replay: bool,
}

/// A row to be inserted.
pub(super) struct NewRow<'b> {
    pub(super) key: IdentityBytes,
    pub(super) event: &'b NewEvent,
    /// Whether the row stands for its content, so that the same content under another key is a
    /// replay.
    pub(super) has_content: bool,
    pub(super) has_data: bool,
    pub(super) park: Option<ParkReason>,
    /// The place of the event in the batch.
    pub(super) place: usize,
}

impl PostgresInbox {
    pub(super) async fn put_batch(&self, batch: &[NewEvent]) -> Result<Vec<Put>, InboxError> {
        if batch.is_empty() {
            let probe = || self.schema.query("UPDATE @probe SET written = :now");
            self.sessions.fetch_promptly(probe).await?;
            return Ok(Vec::new());
        }
        let candidates = candidates(batch);
        let mut results = HashMap::with_capacity(candidates.len());
        let first: Vec<_> = candidates.iter().filter(|candidate| !candidate.is_replay).collect();
        let rows: Vec<_> = first.iter().map(|candidate| row(candidate)).collect();
        let new_queues = self.queues.unknown(rows.iter().map(|row| row.event.queue()));
        let inserted = self.sessions.fetch_promptly(|| self.insert(&rows, !new_queues.is_empty())).await?;
        self.queues.add(new_queues);
        stored(&rows, &inserted, &mut results)?;
        self.find(&candidates.iter().collect::<Vec<_>>(), &mut results).await?;
        // Candidates without a result share their content, but not their key, with a stored event.
        let replays: Vec<_> =
            candidates.iter().filter(|candidate| !results.contains_key(&candidate.key)).collect();
        if !replays.is_empty() {
            self.park_replays(&replays, &mut results).await?;
        }
        if results.values().any(|put| matches!(put, Put::Stored(_))) {
            self.announce();
        }
        let mut seen = HashSet::with_capacity(batch.len());
        let result = |event: &NewEvent| {
            let key = event.identity();
            let put = *results.get(&key)?;
            // Of two equal events in a batch, the first is the one that was stored.
            Some(if seen.insert(key) { put } else { Put::Duplicate(put.key()) })
        };
        let puts: Option<Vec<_>> = batch.iter().map(result).collect();
        puts.ok_or_else(|| InboxError::Unavailable("an event was dropped while it was stored".into()))
    }

    /// Returns the statement that stores the new rows: those whose key is new and, if they stand
    /// for their content, whose content is new.
    ///
    /// The rows are sorted by key, so that batches with the same events cannot deadlock. New queues
    /// are added before the first row is stored.
    pub(super) fn insert(&self, rows: &[NewRow<'_>], has_new_queues: bool) -> Statement {
        let (add_queues, from, added) = if has_new_queues {
            (ADD_QUEUES, "LEFT JOIN added USING (name)", "added.id,")
        } else {
            ("", "", "")
        };
        let has_lanes = rows.iter().any(|row| row.event.lane().is_some());
        let [values, lane, arrival] =
            if has_lanes { [", $10::bytea[], $11::bigint[]", ", lane", ", arrival"] } else { [""; 3] };
        let queued = if has_lanes { format!("{RESERVE}, {ENTER}") } else { QUEUED.to_owned() };
        let mut names: Vec<_> = rows.iter().map(|row| row.event.queue()).collect();
        names.sort_unstable();
        names.dedup();
        // Arrays begin with 1.
        let place = |row: &NewRow<'_>| names.partition_point(|name| *name <= row.event.queue());
        let places = rows.iter().map(|row| i32::try_from(place(row)).unwrap_or(0));
        let column = |of: fn(&NewRow<'_>) -> Vec<u8>| rows.iter().map(of).collect::<Vec<_>>();
        let optional = |of: fn(&NewRow<'_>) -> Option<Vec<u8>>| rows.iter().map(of).collect::<Vec<_>>();
        let received = rows.iter().map(|row| micros(row.event.received_at()));
        let statement = self
            .schema
            .cached(&format!(
                "WITH input AS (
                    SELECT * FROM unnest(
                        $1::bytea[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bigint[], $6::bytea[],
                        $7::bytea[], $8::integer[]{values}
                    ) WITH ORDINALITY
                    AS input(key, content, id_event, type, received, data, reason, queue{lane}{arrival}, place)
                 ),
                 {add_queues}
                 numbers AS MATERIALIZED (
                    SELECT array_agg(coalesce(queue.id, {added} 0) ORDER BY place) AS numbers
                    FROM unnest($9::bytea[]) WITH ORDINALITY AS named(name, place)
                    LEFT JOIN @queue AS queue USING (name) {from}
                 ),
                 stored AS (
                    INSERT INTO @event(key, content, id_event, type, received, data, queue{lane})
                    SELECT key, content, id_event, type, received, data,
                        (SELECT numbers FROM numbers)[queue]{lane}
                    FROM input ORDER BY place
                    ON CONFLICT DO NOTHING RETURNING seq, key, queue{lane}
                 ),
                 {queued},
                 parked AS (
                    INSERT INTO @dead(seq, at, attempts, is_parked, reason)
                    SELECT seq, :now, 0, true, reason FROM stored JOIN input USING (key)
                    WHERE reason IS NOT NULL
                 )
                 SELECT seq, key FROM stored",
            ))
            .bind(column(|row| row.key.to_vec()))
            .bind(optional(|row| row.has_content.then(|| row.event.content().to_vec())))
            .bind(column(|row| row.event.id().as_bytes().to_vec()))
            .bind(column(|row| row.event.wire_type().as_bytes().to_vec()))
            .bind(received.collect::<Vec<_>>())
            .bind(optional(|row| row.has_data.then(|| row.event.data().as_bytes().to_vec())))
            .bind(optional(|row| Some(row.park?.as_str().as_bytes().to_vec())))
            .bind(places.collect::<Vec<_>>())
            .bind(names.iter().map(|name| name.as_bytes().to_vec()).collect::<Vec<_>>());
        if !has_lanes {
            return statement;
        }
        statement
            .bind(optional(|row| row.event.lane().map(|lane| lane.to_bytes().to_vec())))
            .bind(rows.iter().map(|row| i64::try_from(row.place).unwrap_or(i64::MAX)).collect::<Vec<_>>())
    }

    /// Finds the events that are stored already.
    pub(super) async fn find(
        &self,
        candidates: &[&BatchEvent<'_>],
        results: &mut Results,
    ) -> Result<(), InboxError> {
        let missing = candidates.iter().filter(|candidate| !results.contains_key(&candidate.key));
        let keys: Vec<_> = missing.map(|candidate| candidate.key.to_vec()).collect();
        if keys.is_empty() {
            return Ok(());
        }
        let find = self.schema.query("SELECT seq, key FROM @event WHERE key = ANY($1)").bind(keys);
        for row in self.sessions.fetch(find).await? {
            results.insert(row.try_get(1)?, Put::Duplicate(column::key(row.try_get(0)?)));
        }
        Ok(())
    }
}

/// Records the rows that were inserted.
pub(super) fn stored(
    rows: &[NewRow<'_>],
    inserted: &[PgRow],
    results: &mut Results,
) -> Result<(), InboxError> {
    let parks: HashMap<_, _> = rows.iter().map(|row| (row.key, row.park)).collect();
    for row in inserted {
        let (seq, key) = (column::key(row.try_get(0)?), row.try_get::<IdentityBytes, _>(1)?);
        let park = parks.get(&key).copied().flatten();
        results.insert(key, park.map_or(Put::Stored(seq), |reason| Put::Parked(seq, reason)));
    }
    Ok(())
}

fn row<'b>(candidate: &BatchEvent<'b>) -> NewRow<'b> {
    let BatchEvent { key, event, place, .. } = *candidate;
    NewRow { key, event, has_content: event.is_unique(), has_data: true, park: event.park_reason(), place }
}

/// Returns each event of a batch once, sorted by key.
fn candidates(batch: &[NewEvent]) -> Vec<BatchEvent<'_>> {
    let (mut keys, mut contents) = (HashSet::new(), HashSet::new());
    let mut candidates = Vec::with_capacity(batch.len());
    for (place, event) in batch.iter().enumerate() {
        let key = event.identity();
        if keys.insert(key) {
            let is_first = contents.insert(event.content());
            candidates.push(BatchEvent { key, event, place, is_replay: event.is_unique() && !is_first });
        }
    }
    candidates.sort_unstable_by_key(|candidate| candidate.key);
    candidates
}
