//! Reading: lists, single events and counts.

use std::time::Duration;

use sqlx::Row;

use super::{
    PostgresInbox,
    copies::DATA,
    info::{info, infos, kept},
    queues::IS_PAUSED,
    select::Order,
    wanted::{MAX_COUNT, Wanted},
};
use crate::inbox::{
    Count, Depth, EventInfo, EventKey, EventState, Filter, InboxError, Page, Query, StoredEvent, column,
};

impl PostgresInbox {
    pub(super) async fn page(&self, query: &Query) -> Result<Page<EventInfo>, InboxError> {
        let Query { filter, after, newest_first, limit, .. } = query;
        let order = if *newest_first { Order::Descending } else { Order::Ascending };
        let wanted = filter.state.map_or(Wanted::Any, Wanted::State);
        let selection = self.selection(filter, wanted, order).await?.within(self.span(filter).await?);
        let sql = infos("{}", &kept(&format!("octet_length({DATA})::bigint")), order.sql());
        let page = selection.statement(self, &sql, after.map(column::seq), i64::from(*limit) + 1);
        let rows = self.sessions.fetch(page).await?;
        let found: Result<Vec<_>, _> = rows.iter().map(|row| info(row, row.try_get("data")?)).collect();
        Ok(Page::new(found?, *limit))
    }

    /// Counts the events that a filter accepts, up to [`MAX_COUNT`].
    pub(super) async fn count_accepted(&self, filter: &Filter) -> Result<Count, InboxError> {
        let wanted = filter.state.map_or(Wanted::Any, Wanted::State);
        let statement = if *filter == (Filter { state: filter.state, ..Filter::new() }) {
            self.schema.query(&format!("SELECT {}", wanted.count()))
        } else {
            let selection = self.selection(filter, wanted, Order::Any).await?;
            let selection = selection.within(self.span(filter).await?);
            selection.statement(self, "SELECT count(*) FROM ({}) AS counted", None, MAX_COUNT + 1)
        };
        let rows = self.sessions.fetch(statement).await?;
        rows.first().map_or(Ok(Count::default()), |row| Ok(counted(row.try_get(0)?)))
    }

    pub(super) async fn one(&self, key: EventKey) -> Result<Option<StoredEvent>, InboxError> {
        let find = infos("SELECT $1::bigint AS seq", &kept(DATA), "");
        let rows = self.sessions.fetch(self.schema.query(&find).bind(column::seq(key))).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let data = row.try_get::<Option<Vec<u8>>, _>("data")?.map(String::from_utf8).transpose();
        let data = data.map_err(|error| InboxError::Corrupt(error.into()))?;
        let size = data.as_ref().map(|data| data.len() as u64);
        Ok(Some(StoredEvent::new(info(row, size.map(u64::cast_signed))?, data)))
    }

    /// Writes to find out whether the server accepts writes, and reads how long the oldest ready
    /// event has been ready.
    pub(super) async fn check(&self) -> Result<Option<Duration>, InboxError> {
        let check = format!("WITH written AS (UPDATE @probe SET written = :now) SELECT {}", oldest_ready());
        let rows = self.sessions.fetch_promptly(|| self.schema.query(&check)).await?;
        let oldest: Option<i64> = rows.first().map_or(Ok(None), |row| row.try_get(0))?;
        Ok(oldest.map(|age| Duration::from_micros(age.unsigned_abs())))
    }

    pub(super) async fn counts(&self) -> Result<Depth, InboxError> {
        let count = |state| Wanted::State(state).count();
        let counts = format!(
            "SELECT {}, {}, {}, {}, {}, {}, {}, {}",
            count_ready(&format!("NOT {IS_PAUSED}")),
            count_ready(IS_PAUSED),
            count(EventState::Waiting),
            count(EventState::Delayed),
            count(EventState::Leased),
            count(EventState::Parked),
            count(EventState::Dead),
            oldest_ready(),
        );
        let rows = self.sessions.fetch(self.schema.query(&counts)).await?;
        let Some(row) = rows.first() else { return Ok(Depth::default()) };
        let count = |column: usize| Ok::<_, sqlx::Error>(counted(row.try_get(column)?));
        let oldest: Option<i64> = row.try_get(7)?;
        Ok(Depth {
            ready: count(0)?,
            paused: count(1)?,
            waiting: count(2)?,
            delayed: count(3)?,
            leased: count(4)?,
            parked: count(5)?,
            dead: count(6)?,
            oldest_ready: oldest.map(|age| Duration::from_micros(age.unsigned_abs())),
        })
    }
}

/// Returns an expression for the age of the oldest ready event. Paused events do not count.
fn oldest_ready() -> String {
    format!(
        "(SELECT :now - min(ready.due) FROM @queue AS queue CROSS JOIN LATERAL (
            SELECT due FROM @due AS due WHERE due.queue = queue.id AND due.due <= :now
            ORDER BY due.due, due.seq LIMIT 1
         ) AS ready WHERE NOT {IS_PAUSED})"
    )
}

/// Returns an expression that counts the ready events of some queues.
fn count_ready(is_counted: &str) -> String {
    let limit = MAX_COUNT + 1;
    format!(
        "(SELECT count(*) FROM (
            SELECT FROM @queue AS queue CROSS JOIN LATERAL (
                SELECT FROM @due AS due WHERE due.queue = queue.id AND due.due <= :now LIMIT {limit}
            ) AS ready WHERE {is_counted} LIMIT {limit}
         ) AS counted)"
    )
}

fn counted(count: i64) -> Count {
    Count::up_to(MAX_COUNT.unsigned_abs(), count.unsigned_abs())
}
