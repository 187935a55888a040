//! The queues of events. Events and their index hold a number instead of the name.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use super::{PostgresInbox, info::text};
use crate::inbox::{InboxError, LeaseRequest};

/// The condition that a row `queue` is paused.
pub(super) const IS_PAUSED: &str = r"EXISTS (
    SELECT FROM @paused AS paused WHERE queue.name = paused.pattern
    OR substr(queue.name, 1, greatest(octet_length(paused.pattern) - 1, 0)) || '*'::bytea = paused.pattern
)";

/// An expression for the statement that stores events: adds their queues, in the same order
/// everywhere, so that two processes cannot deadlock. If another process adds a queue at the same
/// time, these events go into the empty queue.
pub(super) const ADD_QUEUES: &str = "added AS (
    INSERT INTO @queue AS queue(name) SELECT unnest($9::bytea[])
    EXCEPT SELECT name FROM @queue ORDER BY 1 ON CONFLICT DO NOTHING RETURNING id, name
),";

/// The names of the queues that exist.
#[derive(Default)]
pub(super) struct KnownQueues(Mutex<HashSet<String>>);

impl KnownQueues {
    /// Returns the names that are not known to exist.
    pub(super) fn unknown<'n>(&self, names: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        names.filter(|name| !known.contains(*name)).collect()
    }

    pub(super) fn add(&self, names: Vec<&str>) {
        if !names.is_empty() {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            known.extend(names.into_iter().map(str::to_owned));
        }
    }
}

/// The groups of a request, as columns.
pub(super) struct GroupColumns {
    /// Each queue that a group names, and the place of its group.
    pub(super) queues: Vec<Vec<u8>>,
    pub(super) places: Vec<i32>,
    /// The place of the group of all other queues; `None` if they are left out.
    pub(super) others: Option<i32>,
    /// The most events of each group, and how many of them run.
    pub(super) max: Vec<i64>,
    pub(super) running: Vec<i64>,
}

impl GroupColumns {
    pub(super) fn of(request: &LeaseRequest) -> Self {
        let mut columns = Self {
            queues: Vec::new(),
            places: Vec::new(),
            others: None,
            max: Vec::new(),
            running: Vec::new(),
        };
        for (place, group) in (0..).zip(&*request.shares()) {
            match &group.queues {
                Some(queues) => {
                    columns.queues.extend(queues.iter().map(|queue| queue.as_bytes().to_vec()));
                    columns.places.extend(queues.iter().map(|_| place));
                }
                None => columns.others = Some(place),
            }
            columns.max.push(group.max.into());
            columns.running.push(group.running.into());
        }
        columns
    }
}

impl PostgresInbox {
    /// Pauses the queues of a pattern. Returns whether they were not paused.
    pub(super) async fn pause_queues(&self, pattern: &str) -> Result<bool, InboxError> {
        let pause = "INSERT INTO @paused VALUES ($1) ON CONFLICT DO NOTHING RETURNING pattern";
        let pause = self.schema.query(pause).bind(pattern.as_bytes().to_vec());
        Ok(!self.sessions.fetch(pause).await?.is_empty())
    }

    /// Resumes the queues of a pattern. Returns whether they were paused.
    pub(super) async fn resume_queues(&self, pattern: &str) -> Result<bool, InboxError> {
        let resume = "DELETE FROM @paused WHERE pattern = $1 RETURNING pattern";
        let resume = self.schema.query(resume).bind(pattern.as_bytes().to_vec());
        let was_paused = !self.sessions.fetch(resume).await?.is_empty();
        self.announce();
        Ok(was_paused)
    }

    pub(super) async fn paused_patterns(&self) -> Result<Vec<String>, InboxError> {
        let paused = self.schema.query("SELECT pattern FROM @paused ORDER BY pattern");
        self.sessions.fetch(paused).await?.iter().map(|row| text(row, 0)).collect()
    }
}
