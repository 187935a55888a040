//! Conditions on the state of events.

use crate::inbox::EventState;

/// The limit of a count, also of those in [`Depth`](crate::inbox::Depth).
pub(super) const MAX_COUNT: i64 = 10_000;

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
    pub(super) fn place(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Any | Self::Replayable | Self::Unfinished => None,
            Self::Over => Some(("dead", "true")),
            Self::State(state) => Some(match state {
                EventState::Ready => ("due", "item.due <= :now"),
                EventState::Waiting => ("waiting", "true"),
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
                    (SELECT true FROM @waiting AS item WHERE item.seq = {seq}),
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
