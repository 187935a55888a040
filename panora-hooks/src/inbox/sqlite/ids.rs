//! Searches for many ids at once.

use std::{
    collections::{HashMap, HashSet},
    time::SystemTime,
};

use rusqlite::Connection;

use super::{read::Reader, span::Span, thread::Caller};
use crate::inbox::{Filter, InboxError};

/// The index of ids has a part for each 1024 numbers. A step reads this many parts.
const PARTS: i64 = 64;

impl Reader {
    /// Returns whether an event with each of these ids is stored.
    ///
    /// Reads the index, which takes less time than to look up hundreds of ids in each of its parts.
    pub(super) fn contains_ids(
        &mut self,
        ids: &[String],
        received_from: Option<SystemTime>,
        now: SystemTime,
        caller: Caller<'_>,
    ) -> Result<Vec<bool>, InboxError> {
        let filter = Filter { received_from, ..Filter::default() };
        let Span { after, .. } = Span::of(self.connection(), &filter, now)?;
        let mut wanted = by_ending(self.connection(), ids)?;
        let mut found = HashSet::new();
        let first: Option<i64> =
            self.connection().query_row("SELECT min(seq) FROM event", [], |row| row.get(0))?;
        let mut part = after.max(first.unwrap_or(0)) >> 10;
        while !wanted.is_empty() {
            caller.check()?;
            let snapshot = self.snapshot()?;
            let last: Option<i64> = snapshot
                .prepare_cached("SELECT max(seq) >> 10 FROM event")?
                .query_row([], |row| row.get(0))?;
            if last.is_none_or(|last| last < part) {
                break;
            }
            read_parts(&snapshot, part, &mut wanted, &mut found)?;
            part += PARTS;
        }
        Ok(ids.iter().map(|id| found.contains(id)).collect())
    }
}

/// Returns the ids by the part of them that the index holds, as SQLite computes it.
fn by_ending(connection: &Connection, ids: &[String]) -> rusqlite::Result<HashMap<String, HashSet<String>>> {
    let mut ending = connection.prepare_cached("SELECT substr(?1, -8)")?;
    let mut by_ending: HashMap<String, HashSet<String>> = HashMap::new();
    for id in ids {
        let ending = ending.query_row([id], |row| row.get(0))?;
        by_ending.entry(ending).or_default().insert(id.clone());
    }
    Ok(by_ending)
}

/// Moves the ids that these parts of the index lead to from `wanted` to `found`.
fn read_parts(
    connection: &Connection,
    first: i64,
    wanted: &mut HashMap<String, HashSet<String>>,
    found: &mut HashSet<String>,
) -> rusqlite::Result<()> {
    let mut entries = connection.prepare_cached(
        "SELECT substr(id_event, -8), seq FROM event INDEXED BY event_by_id
         WHERE seq >> 10 >= ?1 AND seq >> 10 < ?2",
    )?;
    let mut id = connection.prepare_cached("SELECT id_event FROM event WHERE seq = ?1")?;
    let mut entries = entries.query([first, first + PARTS])?;
    while let Some(entry) = entries.next()? {
        let ending = entry.get_ref(0)?.as_str()?;
        let Some(ids) = wanted.get_mut(ending) else { continue };
        let id: String = id.query_row([entry.get::<_, i64>(1)?], |row| row.get(0))?;
        if let Some(id) = ids.take(&id) {
            if ids.is_empty() {
                wanted.remove(ending);
            }
            found.insert(id);
        }
    }
    Ok(())
}
