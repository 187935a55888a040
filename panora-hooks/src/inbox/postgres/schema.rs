//! The tables.

use sqlx::{AssertSqlSafe, Postgres, postgres::PgArguments, query::Query};

/// A statement with room for values.
pub(super) type Statement = Query<'static, Postgres, PgArguments>;

/// What each version adds to the one before; `@` stands for the schema. What has been released is not
/// changed.
///
/// The large row of an event is written once, and stands apart from the small ones that change: PostgreSQL
/// writes a new row for each change. An event is in one of `due`, `dead` and `done`.
///
/// All texts are bytes: they are not authenticated, and a character that the database's encoding does not
/// have would fail the batch that it comes in. Times are in microseconds since 1970, as on every store.
pub(super) const MIGRATIONS: &[&str] = &["
    -- What arrived. `key` begins with the 32 bytes of its content, which stands in `content` once: there, the same
    -- content under another key is a replay. `data` is NULL once it is pruned.
    CREATE TABLE @event(
        seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        key bytea NOT NULL,
        content bytea,
        id_event bytea NOT NULL,
        type bytea NOT NULL,
        received bigint NOT NULL,
        data bytea
    );
    CREATE UNIQUE INDEX event_key ON @event(key);
    CREATE UNIQUE INDEX event_content ON @event(content) WHERE content IS NOT NULL;

    -- What is to run, and when. With a fence it is leased until then.
    CREATE TABLE @due(
        seq bigint PRIMARY KEY,
        due bigint NOT NULL,
        attempts integer NOT NULL,
        fence bigint
    ) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
    CREATE INDEX due_by_time ON @due(due, seq);

    -- What does not run, and why.
    CREATE TABLE @dead(
        seq bigint PRIMARY KEY,
        at bigint NOT NULL,
        attempts integer NOT NULL,
        is_parked boolean NOT NULL,
        reason bytea NOT NULL
    );

    -- What has run.
    CREATE TABLE @done(
        seq bigint PRIMARY KEY,
        at bigint NOT NULL,
        attempts integer NOT NULL,
        is_pruned boolean NOT NULL
    );
    CREATE INDEX done_by_time ON @done(is_pruned, at);

    -- Written to find out whether the server takes writes.
    CREATE TABLE @probe(written bigint NOT NULL);
    INSERT INTO @probe VALUES (0);
"];

/// The version that this code writes and reads.
pub(super) fn current() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// The time of the server, which all machines share. The same all through a statement, so that indexes serve.
pub(super) const NOW: &str = "(extract(epoch FROM now()) * 1000000)::bigint";

/// The schema that holds the tables.
pub(super) struct Schema {
    name: String,
}

impl Schema {
    /// `None` if the name is not one that stands for itself everywhere, in statements too.
    pub(super) fn new(name: &str) -> Option<Self> {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let is_name = matches!(name.len(), 1..=48)
            && name.chars().all(is_plain)
            && !name.starts_with(|c: char| c.is_ascii_digit());
        is_name.then(|| Self { name: name.to_owned() })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// A text of SQL for this schema: `@` stands for it, `:now` for the time.
    pub(super) fn sql(&self, text: &str) -> AssertSqlSafe<String> {
        // The name is checked, and everything else is written here.
        AssertSqlSafe(text.replace('@', &format!("\"{}\".", self.name)).replace(":now", NOW))
    }

    pub(super) fn query(&self, text: &str) -> Statement {
        sqlx::query(self.sql(text))
    }
}
