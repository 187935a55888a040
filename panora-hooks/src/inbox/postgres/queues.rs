//! The queues of events. Events and their index hold a number instead of the name.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use sqlx::Row;

use super::{PostgresInbox, info::text, schema::Schema, session::Sessions};
use crate::inbox::{InboxError, LeaseRequest, NewEvent};

/// The condition that a row `queue` is paused.
pub(super) const IS_PAUSED: &str = r"EXISTS (
    SELECT FROM @paused AS paused WHERE queue.name = paused.pattern
    OR substr(queue.name, 1, octet_length(paused.pattern) - 1) || '*'::bytea = paused.pattern
)";

/// The numbers of the queues that events were put into.
#[derive(Default)]
pub(super) struct Queues(Mutex<HashMap<String, i32>>);

impl Queues {
    /// Returns the number of the queue of each event. A queue that is new is added in a transaction
    /// of its own, before any event refers to it.
    pub(super) async fn numbers(
        &self,
        sessions: &Sessions,
        schema: &Schema,
        events: impl Iterator<Item = &NewEvent> + Clone,
    ) -> Result<Vec<i32>, InboxError> {
        let mut unknown: Vec<_> = {
            let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let names = events.clone().map(NewEvent::queue);
            names.filter(|name| !known.contains_key(*name)).map(|name| name.as_bytes().to_vec()).collect()
        };
        if !unknown.is_empty() {
            // In the same order everywhere, so that two processes cannot deadlock.
            unknown.sort_unstable();
            unknown.dedup();
            let add = "INSERT INTO @queue(name) SELECT unnest($1::bytea[])
                EXCEPT SELECT name FROM @queue ORDER BY 1 ON CONFLICT DO NOTHING";
            sessions.fetch_promptly(|| schema.query(add).bind(unknown.clone())).await?;
            let find = "SELECT id, name FROM @queue WHERE name = ANY($1)";
            let rows = sessions.fetch_promptly(|| schema.query(find).bind(unknown.clone())).await?;
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            for row in &rows {
                known.insert(text(row, "name")?, row.try_get("id")?);
            }
        }
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(events.map(|event| known.get(event.queue()).copied().unwrap_or(0)).collect())
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
