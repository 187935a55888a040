//! Selections: statements that find the numbers of events in order, whatever the tables contain.
//!
//! The planner does not choose the table that a statement goes through first, because its
//! statistics are missing or old while a queue grows. The choice is made here: the table of the
//! state, or the index of types if fewer events have the type, counted up to a limit.
//!
//! Pages of ready or delayed events go through the table `due` in the order of numbers if there are
//! many of both. Such a page reads every event of the other state that lies in between.

use sqlx::Row;

use super::{PostgresInbox, schema::Statement};
use crate::inbox::{EventState, Filter, InboxError, time::micros};

/// The limit of a count, also of those in [`Depth`](crate::inbox::Depth).
pub(super) const MAX_COUNT: i64 = 10_000;

/// The limit of a count of the events of a type, each of which is looked up.
const MAX_OF_TYPE: i64 = 5_000;

/// The condition that `event` has one of the types that are bound to `$3`.
const HAS_TYPE: &str = "event.type = ANY($3::bytea[])";

/// The events to find.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Events in any state.
    Any,
    State(EventState),
    /// Parked and dead events.
    Over,
    /// Events that are not done.
    Unfinished,
    /// Events that can be replayed.
    Replayable,
}

impl Wanted {
    /// Returns the table that holds the events, and the condition on its row `item`. Returns `None`
    /// if several tables hold them.
    fn place(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Any | Self::Replayable | Self::Unfinished => None,
            Self::Over => Some(("dead", "true")),
            Self::State(state) => Some(match state {
                EventState::Ready => ("due", "item.due <= :now"),
                EventState::Delayed => ("due", "item.due > :now AND item.fence IS NULL"),
                EventState::Leased => ("due", "item.due > :now AND item.fence IS NOT NULL"),
                EventState::Parked => ("dead", "item.is_parked"),
                EventState::Dead => ("dead", "NOT item.is_parked"),
                EventState::Done => ("done", "true"),
            }),
        }
    }

    /// Returns the condition on the event with the number `seq`.
    ///
    /// Subqueries that return a value are never turned into joins.
    pub(super) fn condition(self, seq: &str) -> String {
        match (self, self.place()) {
            (Self::Replayable, _) => format!(
                "coalesce(
                    (SELECT item.due > :now AND item.fence IS NULL FROM @due AS item WHERE item.seq = {seq}),
                    (SELECT true FROM @dead AS item WHERE item.seq = {seq}),
                    (SELECT NOT item.is_pruned FROM @done AS item WHERE item.seq = {seq})
                 )"
            ),
            (Self::Unfinished, _) => format!(
                "coalesce(
                    (SELECT true FROM @due AS item WHERE item.seq = {seq}),
                    (SELECT true FROM @dead AS item WHERE item.seq = {seq})
                 )"
            ),
            (_, None) => "true".to_owned(),
            (_, Some((table, condition))) => {
                format!("(SELECT {condition} FROM @{table} AS item WHERE item.seq = {seq})")
            }
        }
    }

    /// Returns an expression that counts the events up to [`MAX_COUNT`].
    pub(super) fn count(self) -> String {
        let (table, condition) = self.place().unwrap_or(("event", "true"));
        let limit = MAX_COUNT + 1;
        format!(
            "(SELECT count(*) FROM (SELECT FROM @{table} AS item WHERE {condition} LIMIT {limit}) AS counted)"
        )
    }
}

/// The rows that a statement goes through first.
#[derive(Clone, Copy)]
enum DrivingTable {
    /// The table of events, in the order of numbers.
    Events,
    /// The index of event types.
    Types,
    /// The table of the state, in the order of numbers.
    Walk,
    /// An index of the state's table, which finds few rows. They are sorted afterwards.
    Gather,
}

/// A filter, ready to find events.
pub(super) struct Selection {
    sql: String,
    types: Vec<Vec<u8>>,
    received_before: i64,
}

impl Selection {
    /// Returns `sql` as a statement, with the selection in the place of `{}`. The selection returns
    /// up to `limit` numbers greater than `after`, in order.
    pub(super) fn statement(&self, inbox: &PostgresInbox, sql: &str, after: i64, limit: i64) -> Statement {
        let statement = inbox.schema.query(&sql.replace("{}", &self.sql));
        statement.bind(after).bind(limit).bind(self.types.clone()).bind(self.received_before)
    }
}

impl PostgresInbox {
    /// Decides how the wanted events that a filter accepts are found.
    pub(super) async fn selection(&self, filter: &Filter, wanted: Wanted) -> Result<Selection, InboxError> {
        let types = filter.wire_types();
        let has_types = types.is_some();
        let types: Vec<_> = types.into_iter().flatten().map(|text| text.as_bytes().to_vec()).collect();
        let drive = match (wanted.place(), has_types) {
            (None, false) => DrivingTable::Events,
            (None, true) => DrivingTable::Types,
            (Some(place), _) => self.drive(wanted, place, has_types.then(|| types.clone())).await?,
        };
        let received_before = filter.received_before.map(micros);
        let sql = numbers(wanted, drive, has_types, received_before.is_some());
        Ok(Selection { sql, types, received_before: received_before.unwrap_or(i64::MAX) })
    }

    async fn drive(
        &self,
        wanted: Wanted,
        (table, _): (&str, &str),
        types: Option<Vec<Vec<u8>>>,
    ) -> Result<DrivingTable, InboxError> {
        let is_gathered = table == "due";
        if types.is_none() && !is_gathered {
            return Ok(DrivingTable::Walk);
        }
        let limit = MAX_OF_TYPE + 1;
        let count = format!(
            "SELECT {}, (SELECT count(*) FROM (
                SELECT FROM unnest($1::bytea[]) AS wanted(type) CROSS JOIN LATERAL (
                    SELECT FROM @event AS event
                    WHERE substr(event.type, 1, 64) = substr(wanted.type, 1, 64) AND event.type = wanted.type
                    LIMIT {limit}
                ) AS event LIMIT {limit}
             ) AS counted)",
            wanted.count(),
        );
        let has_types = types.is_some();
        let rows = self.sessions.fetch(self.schema.query(&count).bind(types.unwrap_or_default())).await?;
        let (in_state, of_type): (i64, i64) = match rows.first() {
            Some(row) => (row.try_get(0)?, row.try_get(1)?),
            None => return Ok(DrivingTable::Walk),
        };
        // A type that more events have than that is frequent in the table of the state, too.
        let is_rare = has_types && of_type <= MAX_OF_TYPE && of_type < in_state;
        Ok(if is_rare {
            DrivingTable::Types
        } else if is_gathered && in_state <= MAX_COUNT {
            DrivingTable::Gather
        } else {
            DrivingTable::Walk
        })
    }
}

/// Returns the statement that finds the numbers: `$1` is the one to start after, `$2` the limit,
/// `$3` the types, `$4` the time.
fn numbers(wanted: Wanted, drive: DrivingTable, has_types: bool, has_time: bool) -> String {
    let (table, condition) = wanted.place().unwrap_or(("event", "true"));
    let received = if has_time { "event.received < $4" } else { "true" };
    let of_event = match (has_types, has_time) {
        (false, false) => "true".to_owned(),
        (false, true) => format!("(SELECT {received} FROM @event AS event WHERE event.seq = item.seq)"),
        (true, _) => {
            format!("(SELECT {HAS_TYPE} AND {received} FROM @event AS event WHERE event.seq = item.seq)")
        }
    };
    match drive {
        DrivingTable::Events => format!(
            "SELECT event.seq FROM @event AS event
             WHERE event.seq > $1 AND {received} AND {}
             ORDER BY event.seq LIMIT $2",
            wanted.condition("event.seq"),
        ),
        DrivingTable::Types => format!(
            "SELECT item.seq FROM unnest($3::bytea[]) AS wanted(type) CROSS JOIN LATERAL (
                SELECT event.seq FROM @event AS event
                WHERE substr(event.type, 1, 64) = substr(wanted.type, 1, 64) AND event.type = wanted.type
                AND event.seq + 0 > $1 AND {received} AND {}
                ORDER BY event.seq + 0 LIMIT $2
             ) AS item ORDER BY item.seq LIMIT $2",
            wanted.condition("event.seq"),
        ),
        DrivingTable::Walk => {
            let order = match wanted {
                Wanted::State(EventState::Parked | EventState::Dead) => "item.seq + 0",
                _ => "item.seq",
            };
            format!(
                "SELECT item.seq FROM @{table} AS item WHERE {} AND {order} > $1 AND {of_event}
                 ORDER BY {order} LIMIT $2",
                // Keeps the planner from the index by time, which has another order.
                condition.replace("item.due", "item.due + 0"),
            )
        }
        DrivingTable::Gather => format!(
            "SELECT item.seq FROM (SELECT item.seq FROM @{table} AS item WHERE {condition} OFFSET 0) AS item
             WHERE item.seq > $1 AND {of_event}
             ORDER BY item.seq LIMIT $2"
        ),
    }
}
