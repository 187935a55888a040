//! Finding events.

use std::{collections::BTreeSet, time::SystemTime};

use rusqlite::{Connection, Row, types::Value};

use crate::inbox::{
    EventInfo, EventKey, EventState, Filter, Select, column,
    time::{micros, time},
};

const COLUMNS: &str = "event.seq, event.id_event, event.type, event.received, octet_length(event.data),
    due.due, due.fence, coalesce(due.attempts, dead.attempts, done.attempts), dead.is_parked, dead.reason";

/// What a list is of, as a part of a statement.
struct Condition {
    sql: String,
    values: Vec<Value>,
}

impl Condition {
    fn new() -> Self {
        Self { sql: "true".to_owned(), values: Vec::new() }
    }

    /// Adds a condition, in which `?` stands for a value.
    fn and(&mut self, sql: &str, value: impl Into<Value>) {
        self.sql.push_str(" AND ");
        self.sql.push_str(sql);
        self.values.push(value.into());
    }

    fn and_filter(&mut self, filter: &Filter, now: SystemTime) {
        let now = micros(now);
        match filter.state {
            Some(EventState::Ready) => self.and("due.due <= ?", now),
            Some(EventState::Delayed) => self.and("due.due > ? AND due.fence IS NULL", now),
            Some(EventState::Leased) => self.and("due.due > ? AND due.fence IS NOT NULL", now),
            Some(EventState::Parked) => self.and("dead.is_parked = ?", true),
            Some(EventState::Dead) => self.and("dead.is_parked = ?", false),
            // Which table is looked at says it.
            Some(EventState::Done) | None => {}
        }
        if let Some(types) = filter.wire_types() {
            self.sql.push_str(" AND event.type IN (");
            self.sql.push_str(&vec!["?"; types.len()].join(", "));
            self.sql.push(')');
            self.values.extend(types.into_iter().map(|text| Value::Text(text.to_owned())));
        }
        if let Some(received_before) = filter.received_before {
            self.and("event.received < ?", micros(received_before));
        }
    }
}

/// A page of events, and one more to tell whether it is the last.
pub(super) fn page(
    connection: &Connection,
    filter: &Filter,
    after: Option<EventKey>,
    limit: u32,
    now: SystemTime,
) -> rusqlite::Result<Vec<EventInfo>> {
    let mut condition = Condition::new();
    condition.and_filter(filter, now);
    if let Some(after) = after {
        condition.and("seq > ?", column::seq(after));
    }
    let limit = i64::from(limit) + 1;
    find(connection, filter.state, &condition, limit, now)
}

/// All events that are selected.
pub(super) fn selected(
    connection: &Connection,
    which: &Select,
    now: SystemTime,
) -> rusqlite::Result<Vec<EventInfo>> {
    match which {
        Select::Keys(keys) => {
            // Each once: what is done to it is done by then.
            let keys: BTreeSet<_> = keys.iter().collect();
            let found = keys.into_iter().map(|key| one(connection, *key, now));
            found.filter_map(Result::transpose).collect()
        }
        Select::All(filter) => {
            let mut condition = Condition::new();
            condition.and_filter(filter, now);
            find(connection, filter.state, &condition, i64::MAX, now)
        }
    }
}

/// One event.
pub(super) fn one(
    connection: &Connection,
    key: EventKey,
    now: SystemTime,
) -> rusqlite::Result<Option<EventInfo>> {
    let mut condition = Condition::new();
    condition.and("seq = ?", column::seq(key));
    Ok(find(connection, None, &condition, 1, now)?.pop())
}

fn find(
    connection: &Connection,
    state: Option<EventState>,
    condition: &Condition,
    limit: i64,
    now: SystemTime,
) -> rusqlite::Result<Vec<EventInfo>> {
    // What is looked for stands first: there may be many events and few of them. `seq` is that of the first table,
    // whose order is there already.
    let tables = match state {
        None => "event LEFT JOIN due USING (seq) LEFT JOIN dead USING (seq) LEFT JOIN done USING (seq)",
        Some(EventState::Ready | EventState::Delayed | EventState::Leased) => {
            "due CROSS JOIN event USING (seq) LEFT JOIN dead USING (seq) LEFT JOIN done USING (seq)"
        }
        Some(EventState::Parked | EventState::Dead) => {
            "dead CROSS JOIN event USING (seq) LEFT JOIN due USING (seq) LEFT JOIN done USING (seq)"
        }
        Some(EventState::Done) => {
            "done CROSS JOIN event USING (seq) LEFT JOIN due USING (seq) LEFT JOIN dead USING (seq)"
        }
    };
    let sql = format!("SELECT {COLUMNS} FROM {tables} WHERE {} ORDER BY seq LIMIT {limit}", condition.sql);
    let mut statement = connection.prepare_cached(&sql)?;
    let values = rusqlite::params_from_iter(&condition.values);
    statement.query_map(values, |row| info(row, now))?.collect()
}

fn info(row: &Row<'_>, now: SystemTime) -> rusqlite::Result<EventInfo> {
    let due: Option<i64> = row.get(5)?;
    let is_leased = row.get::<_, Option<i64>>(6)?.is_some();
    let is_parked: Option<bool> = row.get(8)?;
    let state = EventState::of(due, micros(now), is_leased, is_parked);
    Ok(EventInfo {
        attempts: row.get::<_, Option<u32>>(7)?.unwrap_or(0),
        until: due.filter(|due| *due > micros(now)).map(time),
        reason: row.get(9)?,
        size: row.get::<_, Option<i64>>(4)?.and_then(|size| size.try_into().ok()),
        ..EventInfo::new(column::key(row.get(0)?), row.get(1)?, row.get(2)?, time(row.get(3)?), state)
    })
}
