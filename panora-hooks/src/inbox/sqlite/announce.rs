//! Claims of announcements of dead events.

use std::time::{Duration, SystemTime};

use super::queue::{Durability, Queue};
use crate::inbox::{
    InboxError, LeaseToken, column,
    time::{micros, whole_micros},
};

/// The approximate size of a change of `dead` in the log, in bytes.
const DEAD_BYTES: usize = 256;

impl Queue {
    /// Claims announcements. The fence of a claim is its expiry, which no other claim of the event
    /// has, because it is claimed again only later.
    pub(super) fn claim_dead(
        &mut self,
        max: u32,
        claim_for: Duration,
        now: SystemTime,
    ) -> Result<Vec<LeaseToken>, InboxError> {
        let (now, until) = (micros(now), micros(now).saturating_add(whole_micros(claim_for)));
        self.check_version()?;
        // This read takes no lock, and usually nothing has to be announced.
        if !self.is_anything_unannounced(now)? {
            return Ok(Vec::new());
        }
        self.change(Durability::Normal, max as usize * DEAD_BYTES, |change| {
            let mut owed = change.prepare_cached(
                "SELECT seq FROM dead INDEXED BY dead_unannounced
                 WHERE announce <= ?1 ORDER BY announce LIMIT ?2",
            )?;
            let owed: Vec<i64> =
                owed.query_map([now, max.into()], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
            let mut claim = change.prepare_cached("UPDATE dead SET announce = ?2 WHERE seq = ?1")?;
            for seq in &owed {
                claim.execute([*seq, until])?;
            }
            Ok(owed.into_iter().map(|seq| column::token(seq, until)).collect())
        })
    }

    pub(super) fn announced(&mut self, claims: &[LeaseToken]) -> Result<u64, InboxError> {
        self.change(Durability::Normal, claims.len() * DEAD_BYTES, |change| {
            let mut note =
                change.prepare_cached("UPDATE dead SET announce = NULL WHERE seq = ?1 AND announce = ?2")?;
            let mut noted = 0;
            for claim in claims {
                noted += note.execute([column::seq(claim.key()), column::fence(*claim)])? as u64;
            }
            Ok(noted)
        })
    }
}
