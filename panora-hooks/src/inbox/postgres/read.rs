//! Looking at events.

use std::time::Duration;

use sqlx::{PgConnection, Postgres, QueryBuilder, Row, postgres::PgRow};

use super::PostgresInbox;
use crate::inbox::{
    Count, Depth, EventInfo, EventKey, EventState, Filter, InboxError, Page, Query, Select, StoredEvent,
    column,
    time::{micros, time},
};

const COLUMNS: &str = "SELECT event.seq, event.id_event, event.type, event.received, octet_length(event.data)::bigint,
    due.due, due.fence IS NOT NULL, coalesce(due.attempts, dead.attempts, done.attempts), dead.is_parked, dead.reason, :now
    FROM @event AS event LEFT JOIN @due AS due USING (seq) LEFT JOIN @dead AS dead USING (seq)
    LEFT JOIN @done AS done USING (seq) WHERE ";

impl PostgresInbox {
    pub(super) async fn page(&self, query: &Query) -> Result<Page<EventInfo>, InboxError> {
        let Query { filter, after, limit } = query;
        let mut statement = self.filtered(filter);
        if let Some(after) = after {
            statement.push(" AND event.seq > ").push_bind(column::seq(*after));
        }
        statement.push(" ORDER BY event.seq LIMIT ").push_bind(i64::from(*limit) + 1);
        let rows = statement.build().fetch_all(&self.pool).await?;
        let found: Result<Vec<_>, _> = rows.iter().map(info).collect();
        Ok(Page::new(found?, *limit))
    }

    pub(super) async fn one(&self, key: EventKey) -> Result<Option<StoredEvent>, InboxError> {
        // Of one moment.
        let mut snapshot = self.pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        let mut found = self.by_keys(&mut snapshot, &[key]).await?;
        let Some(info) = found.pop() else { return Ok(None) };
        let data = self.schema.query("SELECT data FROM @event WHERE seq = $1").bind(column::seq(key));
        let row = data.fetch_one(&mut *snapshot).await?;
        let data = row.try_get::<Option<Vec<u8>>, _>(0)?.map(String::from_utf8);
        Ok(Some(StoredEvent::new(info, data.transpose().map_err(|error| InboxError::Corrupt(error.into()))?)))
    }

    /// All events that are selected.
    pub(super) async fn selected(
        &self,
        connection: &mut PgConnection,
        which: &Select,
    ) -> Result<Vec<EventInfo>, InboxError> {
        match which {
            Select::Keys(keys) => self.by_keys(connection, keys).await,
            Select::All(filter) => {
                let rows = self.filtered(filter).build().fetch_all(connection).await?;
                rows.iter().map(info).collect()
            }
        }
    }

    async fn by_keys(
        &self,
        connection: &mut PgConnection,
        keys: &[EventKey],
    ) -> Result<Vec<EventInfo>, InboxError> {
        let keys: Vec<_> = keys.iter().map(|key| column::seq(*key)).collect();
        let find = self.schema.query(&format!("{COLUMNS} event.seq = ANY($1)")).bind(keys);
        find.fetch_all(connection).await?.iter().map(info).collect()
    }

    pub(super) fn filtered(&self, filter: &Filter) -> QueryBuilder<Postgres> {
        let state = match filter.state {
            None => "true",
            Some(EventState::Ready) => "due.due <= :now",
            Some(EventState::Delayed) => "due.due > :now AND due.fence IS NULL",
            Some(EventState::Leased) => "due.due > :now AND due.fence IS NOT NULL",
            Some(EventState::Parked) => "dead.is_parked",
            Some(EventState::Dead) => "NOT dead.is_parked",
            Some(EventState::Done) => "done.seq IS NOT NULL",
        };
        let mut statement = QueryBuilder::new(self.schema.sql(&format!("{COLUMNS} {state}")).0);
        if let Some(types) = filter.wire_types() {
            let types: Vec<_> = types.into_iter().map(|text| text.as_bytes().to_vec()).collect();
            statement.push(" AND event.type = ANY(").push_bind(types).push(")");
        }
        if let Some(received_before) = filter.received_before {
            statement.push(" AND event.received < ").push_bind(micros(received_before));
        }
        statement
    }

    pub(super) async fn counts(&self) -> Result<Depth, InboxError> {
        let counts = self.schema.query(
            "SELECT
                (SELECT count(*) FROM @due WHERE due <= :now),
                (SELECT count(*) FROM @due WHERE due > :now AND fence IS NULL),
                (SELECT count(*) FROM @due WHERE due > :now AND fence IS NOT NULL),
                (SELECT count(*) FROM @dead WHERE is_parked),
                (SELECT count(*) FROM @dead WHERE NOT is_parked),
                :now - (SELECT min(due) FROM @due WHERE due <= :now)",
        );
        let row = counts.fetch_one(&self.pool).await?;
        let count = |column: usize| {
            Ok::<_, sqlx::Error>(Count::exactly(row.try_get::<i64, _>(column)?.unsigned_abs()))
        };
        let oldest: Option<i64> = row.try_get(5)?;
        Ok(Depth {
            ready: count(0)?,
            delayed: count(1)?,
            leased: count(2)?,
            parked: count(3)?,
            dead: count(4)?,
            oldest_ready: oldest.map(|age| Duration::from_micros(age.unsigned_abs())),
        })
    }
}

fn info(row: &PgRow) -> Result<EventInfo, InboxError> {
    let (due, now): (Option<i64>, i64) = (row.try_get(5)?, row.try_get(10)?);
    let (is_leased, is_parked): (bool, Option<bool>) = (row.try_get(6)?, row.try_get(8)?);
    let state = EventState::of(due, now, is_leased, is_parked);
    let is_over: Option<&[u8]> = row.try_get(9)?;
    Ok(EventInfo {
        attempts: row.try_get::<Option<i32>, _>(7)?.unwrap_or(0).unsigned_abs(),
        until: due.filter(|due| *due > now).map(time),
        reason: if is_over.is_some() { Some(text(row, 9)?) } else { None },
        size: row.try_get::<Option<i64>, _>(4)?.map(i64::unsigned_abs),
        ..EventInfo::new(
            column::key(row.try_get(0)?),
            text(row, 1)?,
            text(row, 2)?,
            time(row.try_get(3)?),
            state,
        )
    })
}

/// A text, which is stored as its bytes.
pub(super) fn text(row: &PgRow, column: usize) -> Result<String, InboxError> {
    let bytes: Vec<u8> = row.try_get(column)?;
    String::from_utf8(bytes).map_err(|error| InboxError::Corrupt(error.into()))
}
