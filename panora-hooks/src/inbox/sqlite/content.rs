//! One copy of identical data.
//!
//! A captured delivery can be sent again under any number of ids, so a replay is parked without
//! data of its own: `event.shares` is 1, and the data is that of another event of the same content,
//! the holder. Content identifies data, because it is the signature of the data. When a holder
//! loses its data, an event that shares it becomes the holder.

use rusqlite::{Connection, OptionalExtension, params};

const CONTENT: usize = 32;
const IDENTITY: usize = 48;

/// Returns the smallest and the largest identity of a content.
pub(super) fn identities(content: &[u8; CONTENT]) -> ([u8; IDENTITY], [u8; IDENTITY]) {
    let (mut first, mut last) = ([0; IDENTITY], [u8::MAX; IDENTITY]);
    first[..CONTENT].copy_from_slice(content);
    last[..CONTENT].copy_from_slice(content);
    (first, last)
}

/// Returns the content of an event with this identity.
pub(super) fn of(identity: &[u8; IDENTITY]) -> [u8; CONTENT] {
    let mut content = [0; CONTENT];
    content.copy_from_slice(&identity[..CONTENT]);
    content
}

/// Finds the event that holds the data of a content.
pub(super) fn holder(connection: &Connection, content: &[u8; CONTENT]) -> rusqlite::Result<Option<i64>> {
    let (first, last) = identities(content);
    connection
        .prepare_cached(
            "SELECT seq FROM event INDEXED BY event_key
             WHERE key BETWEEN ?1 AND ?2 AND data IS NOT NULL LIMIT 1",
        )?
        .query_row(params![first, last], |row| row.get(0))
        .optional()
}

/// Drops the data of an event, and hands it on to an event that shares it.
pub(super) fn drop_data(change: &Connection, seq: i64) -> rusqlite::Result<()> {
    let event: Option<([u8; IDENTITY], bool)> = change
        .prepare_cached("SELECT key, shares IS NOT NULL FROM event WHERE seq = ?1")?
        .query_row([seq], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((identity, is_sharing)) = event else { return Ok(()) };
    let heir = if is_sharing { None } else { heir(change, &of(&identity))? };
    if let Some(heir) = heir {
        change
            .prepare_cached(
                "UPDATE event SET data = (SELECT data FROM event WHERE seq = ?1), shares = NULL
                 WHERE seq = ?2",
            )?
            .execute([seq, heir])?;
    }
    change.prepare_cached("UPDATE event SET data = NULL, shares = NULL WHERE seq = ?1")?.execute([seq])?;
    Ok(())
}

/// Finds an event that shares the data of a content.
fn heir(change: &Connection, content: &[u8; CONTENT]) -> rusqlite::Result<Option<i64>> {
    let (first, last) = identities(content);
    change
        .prepare_cached(
            "SELECT seq FROM event INDEXED BY event_sharing
             WHERE key BETWEEN ?1 AND ?2 AND shares = 1 LIMIT 1",
        )?
        .query_row(params![first, last], |row| row.get(0))
        .optional()
}
