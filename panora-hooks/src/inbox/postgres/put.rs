//! Storing.

use std::{
    collections::{HashMap, HashSet},
    sync::atomic::Ordering,
};

use sqlx::Row;

use super::PostgresInbox;
use crate::inbox::{InboxError, NewEvent, ParkReason, Put, column, time::micros};

type Key = [u8; 48];

/// An event of a batch, and what is known of it before the server is asked.
struct Candidate<'b> {
    key: Key,
    event: &'b NewEvent,
    /// Whether it is the first with its content, as far as the batch goes, and others would be replays.
    is_original: bool,
    park: Option<ParkReason>,
}

impl PostgresInbox {
    pub(super) async fn put_batch(&self, batch: &[NewEvent]) -> Result<Vec<Put>, InboxError> {
        if batch.is_empty() {
            let probe = "WITH durable AS (@durable) UPDATE @probe SET written = :now + coalesce((SELECT 0 FROM durable), 0)";
            self.schema.query(&durable(probe)).execute(&self.pool).await?;
            return Ok(Vec::new());
        }
        let candidates = candidates(batch);
        let mut results = HashMap::with_capacity(candidates.len());
        self.insert(&candidates, &mut results).await?;
        self.find(&candidates, &mut results).await?;
        // What is left shares its content, but not its key, with an event that is there: replays.
        let replays: Vec<_> = candidates
            .into_iter()
            .filter(|candidate| !results.contains_key(&candidate.key))
            .map(|candidate| Candidate { is_original: false, park: Some(ParkReason::Replayed), ..candidate })
            .collect();
        self.insert(&replays, &mut results).await?;
        // Somebody else may just have stored the same ones.
        self.find(&replays, &mut results).await?;
        if results.values().any(|put| matches!(put, Put::Stored(_))) {
            self.announce();
        }
        let mut seen = HashSet::with_capacity(batch.len());
        let result = |event: &NewEvent| {
            let key = event.identity();
            let put = *results.get(&key)?;
            // The same event twice in a batch: the first is the one that was stored.
            Some(if seen.insert(key) { put } else { Put::Duplicate(put.key()) })
        };
        let puts: Option<Vec<_>> = batch.iter().map(result).collect();
        puts.ok_or_else(|| InboxError::Unavailable("an event was dropped while it was stored".into()))
    }

    /// Stores those whose key is new, and whose content is if they are originals.
    ///
    /// Sorted by key: two batches that wait for each other's events cannot wait in a circle.
    async fn insert(
        &self,
        candidates: &[Candidate<'_>],
        results: &mut HashMap<Key, Put>,
    ) -> Result<(), InboxError> {
        if candidates.is_empty() {
            return Ok(());
        }
        let column = |of: fn(&Candidate<'_>) -> Vec<u8>| candidates.iter().map(of).collect::<Vec<_>>();
        let contents = candidates
            .iter()
            .map(|candidate| candidate.is_original.then(|| candidate.event.content().to_vec()));
        let reasons = candidates.iter().map(|candidate| Some(candidate.park?.as_str().as_bytes().to_vec()));
        let received = candidates.iter().map(|candidate| micros(candidate.event.received_at()));
        let insert = durable(
            "WITH durable AS (@durable),
             input AS (
                SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bigint[], $6::bytea[], $7::bytea[])
                    WITH ORDINALITY AS input(key, content, id_event, type, received, data, reason, place)
             ),
             stored AS (
                INSERT INTO @event(key, content, id_event, type, received, data)
                SELECT key, content, id_event, type, received, data FROM input ORDER BY place
                ON CONFLICT DO NOTHING RETURNING seq, key
             ),
             queued AS (
                INSERT INTO @due(seq, due, attempts)
                SELECT seq, :now, 0 FROM stored JOIN input USING (key) WHERE reason IS NULL
             ),
             parked AS (
                INSERT INTO @dead(seq, at, attempts, is_parked, reason)
                SELECT seq, :now, 0, true, reason FROM stored JOIN input USING (key) WHERE reason IS NOT NULL
             )
             SELECT seq, key, (SELECT 0 FROM durable) FROM stored",
        );
        let insert = self
            .schema
            .query(&insert)
            .bind(column(|candidate| candidate.key.to_vec()))
            .bind(contents.collect::<Vec<_>>())
            .bind(column(|candidate| candidate.event.id().as_bytes().to_vec()))
            .bind(column(|candidate| candidate.event.wire_type().as_bytes().to_vec()))
            .bind(received.collect::<Vec<_>>())
            .bind(column(|candidate| candidate.event.data().as_bytes().to_vec()))
            .bind(reasons.collect::<Vec<_>>());
        let parks: HashMap<_, _> =
            candidates.iter().map(|candidate| (candidate.key, candidate.park)).collect();
        for row in self.fetch(insert).await? {
            let (seq, key) = (column::key(row.try_get(0)?), row.try_get::<Key, _>(1)?);
            let park = parks.get(&key).copied().flatten();
            results.insert(key, park.map_or(Put::Stored(seq), |reason| Put::Parked(seq, reason)));
        }
        Ok(())
    }

    /// Finds those that were there before.
    async fn find(
        &self,
        candidates: &[Candidate<'_>],
        results: &mut HashMap<Key, Put>,
    ) -> Result<(), InboxError> {
        let missing = candidates.iter().filter(|candidate| !results.contains_key(&candidate.key));
        let keys: Vec<_> = missing.map(|candidate| candidate.key.to_vec()).collect();
        if keys.is_empty() {
            return Ok(());
        }
        let find = self.schema.query("SELECT seq, key FROM @event WHERE key = ANY($1)").bind(keys);
        for row in self.fetch(find).await? {
            results.insert(row.try_get(1)?, Put::Duplicate(column::key(row.try_get(0)?)));
        }
        Ok(())
    }

    /// Tells other processes that there is something to run.
    ///
    /// Apart from the transaction that stores: notifications make commits wait for each other. And one at a time,
    /// however many batches there are.
    pub(super) fn announce(&self) {
        if self.is_announcing.swap(true, Ordering::AcqRel) {
            return;
        }
        let inbox = self.clone();
        tokio::spawn(async move {
            inbox.is_announcing.store(false, Ordering::Release);
            let notify = sqlx::query("SELECT pg_notify($1, '')").bind(inbox.schema.name());
            if let Err(error) = notify.execute(&inbox.pool).await {
                // They look for themselves every second.
                tracing::debug!("other workers are not told: {error}");
            }
        });
    }
}

/// Each key once, sorted, with what the batch itself says of them.
fn candidates(batch: &[NewEvent]) -> Vec<Candidate<'_>> {
    let (mut keys, mut contents) = (HashSet::new(), HashSet::new());
    let mut candidates = Vec::with_capacity(batch.len());
    for event in batch {
        let key = event.identity();
        if !keys.insert(key) {
            continue;
        }
        let is_first = contents.insert(event.content());
        let is_replayed = event.is_unique() && !is_first;
        let park = if is_replayed { Some(ParkReason::Replayed) } else { event.park_reason() };
        candidates.push(Candidate { key, event, is_original: event.is_unique() && is_first, park });
    }
    candidates.sort_unstable_by_key(|candidate| candidate.key);
    candidates
}

/// A statement whose commit waits for the disk, even where the database's default is not to.
fn durable(statement: &str) -> String {
    let durable = "SELECT set_config('synchronous_commit', 'on', true)
        WHERE current_setting('synchronous_commit') = 'off'";
    statement.replace("@durable", durable)
}
