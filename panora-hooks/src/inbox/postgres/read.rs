//! Reading: lists, single events and counts.

use std::time::Duration;

use sqlx::{Row, postgres::PgRow};

use super::{
    PostgresInbox,
    copies::DATA,
    select::{MAX_COUNT, Wanted},
};
use crate::inbox::{
    Count, Depth, EventInfo, EventKey, EventState, InboxError, Page, Query, StoredEvent, column, time::time,
};

/// Returns the statement that selects the columns of [`info`] for the numbers that `found` returns.
///
/// Each row is looked up by its number, because the planner could join whole tables instead.
fn infos(found: &str, data: &str) -> String {
    format!(
        "SELECT event.*, due.*, coalesce(due_attempts, dead_attempts, done_attempts),
            dead.is_parked, dead.reason, :now
         FROM ({found}) AS found
         CROSS JOIN LATERAL (
            SELECT event.seq, event.id_event, event.type, event.received, {data} AS data
            FROM @event AS event WHERE event.seq = found.seq LIMIT 1
         ) AS event
         LEFT JOIN LATERAL (
            SELECT due, fence IS NOT NULL AS is_leased, attempts AS due_attempts
            FROM @due WHERE seq = found.seq LIMIT 1
         ) AS due ON true
         LEFT JOIN LATERAL (
            SELECT is_parked, reason, attempts AS dead_attempts FROM @dead WHERE seq = found.seq LIMIT 1
         ) AS dead ON true
         LEFT JOIN LATERAL (
            SELECT attempts AS done_attempts FROM @done WHERE seq = found.seq LIMIT 1
         ) AS done ON true
         ORDER BY found.seq"
    )
}

/// Returns an expression for the data of `event`, which is NULL if the event is done and pruned.
/// The same content may be kept for another event.
fn kept(data: &str) -> String {
    format!(
        "CASE WHEN (SELECT is_pruned FROM @done AS done WHERE done.seq = event.seq) THEN NULL ELSE {data} END"
    )
}

impl PostgresInbox {
    pub(super) async fn page(&self, query: &Query) -> Result<Page<EventInfo>, InboxError> {
        let Query { filter, after, limit, .. } = query;
        let wanted = filter.state.map_or(Wanted::Any, Wanted::State);
        let selection = self.selection(filter, wanted).await?;
        let after = after.map_or(0, column::seq);
        let sql = infos("{}", &kept(&format!("octet_length({DATA})::bigint")));
        let page = selection.statement(self, &sql, after, i64::from(*limit) + 1);
        let rows = self.sessions.fetch(page).await?;
        let found: Result<Vec<_>, _> = rows.iter().map(|row| info(row, row.try_get(4)?)).collect();
        Ok(Page::new(found?, *limit))
    }

    pub(super) async fn one(&self, key: EventKey) -> Result<Option<StoredEvent>, InboxError> {
        let find = infos("SELECT $1::bigint AS seq", &kept(DATA));
        let rows = self.sessions.fetch(self.schema.query(&find).bind(column::seq(key))).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let data = row.try_get::<Option<Vec<u8>>, _>(4)?.map(String::from_utf8).transpose();
        let data = data.map_err(|error| InboxError::Corrupt(error.into()))?;
        let size = data.as_ref().map(|data| data.len() as u64);
        Ok(Some(StoredEvent::new(info(row, size.map(u64::cast_signed))?, data)))
    }

    /// Writes to find out whether the server accepts writes, and reads how long the oldest ready
    /// event has been ready.
    pub(super) async fn check(&self) -> Result<Option<Duration>, InboxError> {
        let check = || {
            self.schema.query(
                "WITH written AS (UPDATE @probe SET written = :now)
                 SELECT :now - due FROM @due WHERE due <= :now ORDER BY due LIMIT 1",
            )
        };
        let rows = self.sessions.fetch_promptly(check).await?;
        let oldest: Option<i64> = rows.first().map(|row| row.try_get(0)).transpose()?;
        Ok(oldest.map(|age| Duration::from_micros(age.unsigned_abs())))
    }

    pub(super) async fn counts(&self) -> Result<Depth, InboxError> {
        let count = |state| Wanted::State(state).count();
        let counts = format!(
            "SELECT {}, {}, {}, {}, {}, :now - (SELECT due FROM @due WHERE due <= :now ORDER BY due LIMIT 1)",
            count(EventState::Ready),
            count(EventState::Delayed),
            count(EventState::Leased),
            count(EventState::Parked),
            count(EventState::Dead),
        );
        let rows = self.sessions.fetch(self.schema.query(&counts)).await?;
        let Some(row) = rows.first() else { return Ok(Depth::default()) };
        let count = |column: usize| {
            let count: i64 = row.try_get(column)?;
            Ok::<_, sqlx::Error>(Count::up_to(MAX_COUNT.unsigned_abs(), count.unsigned_abs()))
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

/// Reads the columns of [`infos`], except for the data.
fn info(row: &PgRow, size: Option<i64>) -> Result<EventInfo, InboxError> {
    let (due, now): (Option<i64>, i64) = (row.try_get(5)?, row.try_get(11)?);
    let is_leased = row.try_get::<Option<bool>, _>(6)?.unwrap_or(false);
    let state = EventState::of(due, now, is_leased, row.try_get(9)?);
    let is_over: Option<&[u8]> = row.try_get(10)?;
    Ok(EventInfo {
        attempts: row.try_get::<Option<i32>, _>(8)?.unwrap_or(0).unsigned_abs(),
        until: due.filter(|due| *due > now).map(time),
        reason: if is_over.is_some() { Some(text(row, 10)?) } else { None },
        size: size.map(i64::unsigned_abs),
        ..EventInfo::new(
            column::key(row.try_get(0)?),
            text(row, 1)?,
            text(row, 2)?,
            time(row.try_get(3)?),
            state,
        )
    })
}

/// Reads a text, which is stored as its bytes.
pub(super) fn text(row: &PgRow, column: usize) -> Result<String, InboxError> {
    let bytes: Vec<u8> = row.try_get(column)?;
    String::from_utf8(bytes).map_err(|error| InboxError::Corrupt(error.into()))
}
