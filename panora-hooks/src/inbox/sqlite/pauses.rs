//! Paused patterns.

use rusqlite::Connection;

use super::queue::{Durability, Queue, ROW_BYTES};
use crate::inbox::InboxError;

impl Queue {
    /// Pauses the queues of a pattern, or resumes them. Returns whether they were not paused, or
    /// paused.
    pub(super) fn set_paused(&mut self, pattern: &str, is_paused: bool) -> Result<bool, InboxError> {
        let change = if is_paused {
            "INSERT INTO paused VALUES (?1) ON CONFLICT DO NOTHING"
        } else {
            "DELETE FROM paused WHERE pattern = ?1"
        };
        self.change(Durability::Full, ROW_BYTES, |connection| {
            Ok(connection.prepare_cached(change)?.execute([pattern])? > 0)
        })
    }
}

/// Returns the paused patterns.
pub(super) fn paused(connection: &Connection) -> Result<Vec<String>, InboxError> {
    let mut paused = connection.prepare_cached("SELECT pattern FROM paused ORDER BY pattern")?;
    let paused = paused.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(paused)
}
