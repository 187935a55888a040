//! Selections: statements that find the numbers of events in order, whatever the tables contain.
//!
//! The planner does not choose the table that a statement goes through first, because its
//! statistics are missing or old while a queue grows. The choice is made here: the index of ids, of
//! errors or of the types of dead events, if the filter names one, the table of the state, or the
//! index of types if fewer events have the type, counted up to a limit.
//!
//! Pages of ready or delayed events go through the table `due` in the order of numbers if there are
//! many of both. Such a page reads every event of the other state that lies in between.

use sqlx::Row;

use super::{
    PostgresInbox,
    groups::{ERROR, ERROR_OF_GROUP, IS_DEAD, TYPE_OF_DEAD, TYPE_OF_GROUP, type_key},
    received::Span,
    schema::Statement,
    wanted::{MAX_COUNT, Wanted},
};
use crate::inbox::{EventState, Filter, Fingerprint, InboxError, time::micros};

/// The limit of a count of the events of a type, each of which is looked up.
const MAX_OF_TYPE: i64 = 5_000;

/// The order of the numbers that a selection returns.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Ascending,
    Descending,
    /// For counts.
    Any,
}

impl Order {
    pub(super) fn sql(self) -> &'static str {
        match self {
            Self::Ascending | Self::Any => "ASC",
            Self::Descending => "DESC",
        }
    }
}

/// The rows that a statement goes through first.
#[derive(Clone, Copy)]
enum DrivingTable {
    /// The table of events, in the order of numbers.
    Events,
    /// The index of event types.
    Types,
    /// The index of ids.
    Ids,
    /// The index of lanes.
    Lane,
    /// The lane, which names its head.
    Heads,
    /// The index of waiting events by their lanes.
    WaitingInLane,
    /// The index of errors.
    Errors,
    /// The index of errors and types.
    ErrorsOfTypes,
    /// The index of the types of dead events.
    DeadOfTypes,
    /// The table of the state, in the order of numbers.
    Walk,
    /// An index of the state's table. It finds few rows, which are sorted afterwards, or those of a
    /// count.
    Gather,
    /// No event is accepted.
    Nothing,
}

/// A filter, ready to find events.
#[derive(Clone)]
pub(super) struct Selection {
    sql: String,
    order: Order,
    span: Span,
    types: Vec<Vec<u8>>,
    received_from: i64,
    received_before: i64,
    id: Vec<u8>,
    error: i64,
    /// NULL if the statement compares no lane.
    lane: Option<Vec<u8>>,
}

impl Selection {
    /// Limits the selection to a range of numbers.
    pub(super) fn within(self, span: Span) -> Self {
        Self { span, ..self }
    }

    /// Returns `sql` as a statement, with the selection in the place of `{}`. The selection returns
    /// up to `limit` numbers that follow `after`, in order.
    pub(super) fn statement(
        &self,
        inbox: &PostgresInbox,
        sql: &str,
        after: Option<i64>,
        limit: i64,
    ) -> Statement {
        let Span { mut after_seq, mut before_seq } = self.span;
        match (after, self.order) {
            (Some(after), Order::Ascending | Order::Any) => after_seq = after_seq.max(after),
            (Some(after), Order::Descending) => before_seq = before_seq.min(after),
            (None, _) => {}
        }
        let statement = inbox.schema.query(&sql.replace("{}", &self.sql));
        let statement = statement.bind(after_seq).bind(limit).bind(before_seq).bind(self.types.clone());
        let statement = statement.bind(self.received_from).bind(self.received_before);
        statement.bind(self.id.clone()).bind(self.error).bind(self.lane.clone())
    }
}

impl PostgresInbox {
    /// Decides how the wanted events that a filter accepts are found.
    pub(super) async fn selection(
        &self,
        filter: &Filter,
        wanted: Wanted,
        order: Order,
    ) -> Result<Selection, InboxError> {
        let types = filter.wire_types();
        let has_types = types.is_some();
        let types: Vec<_> = types.into_iter().flatten().map(|text| text.as_bytes().to_vec()).collect();
        // A range of time is narrower than a state, but only in the order of numbers.
        let has_time = filter.received_from.is_some() || filter.received_before.is_some();
        let is_any = order == Order::Any && !has_time;
        let drive = match (wanted, &filter.id, filter.error_group) {
            (Wanted::State(state), _, Some(_)) if state != EventState::Dead => DrivingTable::Nothing,
            (_, Some(_), _) => DrivingTable::Ids,
            // The type of an event that an older version has buried is not in the index.
            (_, _, Some(error)) if has_types && error != Fingerprint::UNKNOWN => DrivingTable::ErrorsOfTypes,
            (_, _, Some(_)) => DrivingTable::Errors,
            _ if filter.lane.is_some() => self.drive_lane(wanted).await?,
            (Wanted::State(EventState::Dead), _, _) if has_types => DrivingTable::DeadOfTypes,
            _ => match (wanted.place(), has_types) {
                (None, false) => DrivingTable::Events,
                (None, true) => DrivingTable::Types,
                (Some(place), _) => {
                    self.drive(wanted, place, has_types.then(|| types.clone()), is_any).await?
                }
            },
        };
        Ok(Selection {
            sql: numbers(wanted, drive, filter, order),
            order,
            span: Span::ALL,
            types,
            received_from: filter.received_from.map_or(i64::MIN, micros),
            received_before: filter.received_before.map_or(i64::MAX, micros),
            id: filter.id.as_deref().unwrap_or_default().as_bytes().to_vec(),
            // No row has a negative one.
            error: filter.error_group.map_or(-1, |error| i64::try_from(error.number()).unwrap_or(-1)),
            lane: filter.lane.map(|lane| lane.to_bytes().to_vec()),
        })
    }

    async fn drive_lane(&self, wanted: Wanted) -> Result<DrivingTable, InboxError> {
        let is_of_head =
            |state| matches!(state, EventState::Ready | EventState::Delayed | EventState::Leased);
        Ok(match wanted {
            Wanted::State(state) if is_of_head(state) => DrivingTable::Heads,
            Wanted::State(EventState::Waiting) => DrivingTable::WaitingInLane,
            Wanted::State(_) | Wanted::Over => {
                let count = self.schema.query(&format!("SELECT {}", wanted.count()));
                let rows = self.sessions.fetch(count).await?;
                let in_state: i64 = rows.first().map_or(Ok(0), |row| row.try_get(0))?;
                if in_state <= MAX_COUNT { DrivingTable::Walk } else { DrivingTable::Lane }
            }
            _ => DrivingTable::Lane,
        })
    }

    async fn drive(
        &self,
        wanted: Wanted,
        (table, _): (&str, &str),
        types: Option<Vec<Vec<u8>>>,
        is_any: bool,
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
        } else if is_gathered && (in_state <= MAX_COUNT || is_any) {
            DrivingTable::Gather
        } else {
            DrivingTable::Walk
        })
    }
}

/// Returns the part of an id that its index holds.
pub(super) fn end_of_id(id: &str) -> String {
    format!("substr({id}, greatest(octet_length({id}) - 7, 1))")
}

/// Returns the conditions of a filter on a row `event`; `None` if there are none.
fn of_event(filter: &Filter) -> Option<String> {
    let has_time = filter.received_from.is_some() || filter.received_before.is_some();
    let conditions = [
        (filter.event_type.is_some(), "event.type = ANY($4)"),
        (has_time, "event.received >= $5 AND event.received < $6"),
        (filter.lane.is_some(), "event.lane = $9"),
    ];
    let conditions = conditions.into_iter().filter(|(is_given, _)| *is_given).map(|(_, condition)| condition);
    let conditions = conditions.collect::<Vec<_>>().join(" AND ");
    (!conditions.is_empty()).then_some(conditions)
}

/// Returns the statement that finds the numbers between `$1` and `$3`, up to `$2` of them. The
/// types are `$4`, the times `$5` and `$6`, the id `$7`, the fingerprint `$8`, and the lane `$9`.
fn numbers(wanted: Wanted, drive: DrivingTable, filter: &Filter, order: Order) -> String {
    let (table, condition) = wanted.place().unwrap_or(("event", "true"));
    let received = of_event(filter).unwrap_or_else(|| "true".to_owned());
    let of_event = of_event(filter).map_or_else(
        || "true".to_owned(),
        |conditions| format!("(SELECT {conditions} FROM @event AS event WHERE event.seq = item.seq)"),
    );
    let sorted = match order {
        Order::Any => String::new(),
        _ => format!("ORDER BY item.seq {}", order.sql()),
    };
    let order = order.sql();
    match drive {
        DrivingTable::Events => format!(
            "SELECT event.seq FROM @event AS event
             WHERE event.seq > $1 AND event.seq < $3 AND {received} AND {}
             ORDER BY event.seq {order} LIMIT $2",
            wanted.condition("event.seq"),
        ),
        DrivingTable::Types => format!(
            "SELECT item.seq FROM unnest($4::bytea[]) AS wanted(type) CROSS JOIN LATERAL (
                SELECT event.seq FROM @event AS event
                WHERE substr(event.type, 1, 64) = substr(wanted.type, 1, 64) AND event.type = wanted.type
                AND event.seq + 0 > $1 AND event.seq + 0 < $3 AND {received} AND {}
                ORDER BY event.seq + 0 {order} LIMIT $2
             ) AS item ORDER BY item.seq {order} LIMIT $2",
            wanted.condition("event.seq"),
        ),
        DrivingTable::Ids => with_id(wanted, filter, order, &received),
        DrivingTable::Lane => format!(
            "SELECT event.seq FROM @event AS event
             WHERE event.lane = $9 AND event.seq + 0 > $1 AND event.seq + 0 < $3 AND {received} AND {}
             ORDER BY event.seq + 0 {order} LIMIT $2",
            wanted.condition("event.seq"),
        ),
        DrivingTable::Heads => format!(
            "SELECT item.seq FROM @due AS item
             WHERE item.seq = (SELECT lane.head FROM @lane AS lane WHERE lane.key = $9) AND item.lane = $9
             AND item.seq > $1 AND item.seq < $3 AND {condition} AND {of_event} LIMIT $2"
        ),
        DrivingTable::WaitingInLane => format!(
            "SELECT item.seq FROM (SELECT item.seq FROM @waiting AS item WHERE item.lane = $9 OFFSET 0) AS item
             WHERE item.seq > $1 AND item.seq < $3 AND {of_event} {sorted} LIMIT $2"
        ),
        DrivingTable::Errors => format!(
            "SELECT item.seq FROM @dead AS item
             WHERE {IS_DEAD} AND {ERROR} = $8 AND item.seq + 0 > $1 AND item.seq + 0 < $3 AND {of_event}
             ORDER BY item.seq + 0 {order} LIMIT $2"
        ),
        DrivingTable::ErrorsOfTypes => format!(
            "SELECT item.seq FROM unnest($4::bytea[]) AS wanted(type) CROSS JOIN LATERAL (
                SELECT item.seq FROM @dead AS item
                WHERE {IS_DEAD} AND {ERROR_OF_GROUP} = $8 AND {TYPE_OF_GROUP} = {}
                AND item.seq + 0 > $1 AND item.seq + 0 < $3 AND {of_event}
                ORDER BY item.seq + 0 {order} LIMIT $2
             ) AS item ORDER BY item.seq {order} LIMIT $2",
            type_key("wanted.type"),
        ),
        // An event that an older version has buried is found under no type until that is filled in.
        DrivingTable::DeadOfTypes => format!(
            "SELECT item.seq FROM (
                SELECT {} AS type_key FROM unnest($4::bytea[]) AS wanted(type) UNION SELECT ''
             ) AS wanted CROSS JOIN LATERAL (
                SELECT item.seq FROM @dead AS item
                WHERE {IS_DEAD} AND {TYPE_OF_DEAD} = wanted.type_key
                AND item.seq + 0 > $1 AND item.seq + 0 < $3 AND {of_event}
                ORDER BY item.seq + 0 {order} LIMIT $2
             ) AS item ORDER BY item.seq {order} LIMIT $2",
            type_key("wanted.type"),
        ),
        DrivingTable::Walk => {
            let seq = match wanted {
                Wanted::State(EventState::Parked | EventState::Dead) => "item.seq + 0",
                _ => "item.seq",
            };
            format!(
                "SELECT item.seq FROM @{table} AS item
                 WHERE {} AND {seq} > $1 AND {seq} < $3 AND {of_event}
                 ORDER BY {seq} {order} LIMIT $2",
                // Keeps the planner from the index by time, which has another order.
                condition.replace("item.due", "item.due + 0"),
            )
        }
        DrivingTable::Gather => format!(
            "SELECT item.seq FROM (SELECT item.seq FROM @{table} AS item WHERE {condition} OFFSET 0) AS item
             WHERE item.seq > $1 AND item.seq < $3 AND {of_event} {sorted} LIMIT $2"
        ),
        DrivingTable::Nothing => "SELECT 0::bigint AS seq WHERE false".to_owned(),
    }
}

/// Returns the statement of [`numbers`] that uses the index of ids.
fn with_id(wanted: Wanted, filter: &Filter, order: &str, received: &str) -> String {
    let of_error = match filter.error_group {
        Some(_) => {
            format!("(SELECT {IS_DEAD} AND {ERROR} = $8 FROM @dead AS item WHERE item.seq = event.seq)")
        }
        None => "true".to_owned(),
    };
    format!(
        "SELECT item.seq FROM generate_series(
            greatest($1, (SELECT seq FROM @event ORDER BY seq LIMIT 1)) >> 10,
            least($3, coalesce((SELECT seq FROM @event ORDER BY seq DESC LIMIT 1), 0)) >> 10
         ) AS range(n) CROSS JOIN LATERAL (
            SELECT event.seq FROM @event AS event
            WHERE event.seq >> 10 = range.n AND {} = {} AND event.id_event = $7
            AND event.seq + 0 > $1 AND event.seq + 0 < $3 AND {received} AND {of_error} AND {}
            OFFSET 0
         ) AS item ORDER BY item.seq {order} LIMIT $2",
        end_of_id("event.id_event"),
        end_of_id("$7::bytea"),
        wanted.condition("event.seq"),
    )
}
