//! The tables.

use sqlx::{AssertSqlSafe, Postgres, postgres::PgArguments, query::Query};

/// A statement whose values are bound to it.
pub(super) type Statement = Query<'static, Postgres, PgArguments>;

/// The additions of a version to the previous one. `@` stands for the schema.
pub(super) struct Migration {
    /// Statements that change present tables, each in a transaction of its own. They wait for
    /// running transactions, but take no time. They may run twice.
    pub(super) columns: &'static [&'static str],
    /// Statements that create tables. From version 2 on they may run twice.
    pub(super) tables: &'static str,
    /// Indexes, which are built while older receivers store events.
    pub(super) indexes: &'static [Index],
}

/// An index, and the columns that it is on.
pub(super) struct Index {
    pub(super) name: &'static str,
    pub(super) on: &'static str,
}

/// The steps to the current version. A step that was released is never changed.
///
/// The large row of an event is written once and kept apart from the small ones that change,
/// because PostgreSQL writes a new row for each change. An event is in one of `due`, `waiting`,
/// `dead` and `done`.
///
/// Texts are stored as bytes, because they are not authenticated, and a character that the
/// database's encoding lacks would fail the whole batch. Times are in microseconds since 1970, as
/// in every store.
///
/// From version 2 on a replay has no copy of its data. The row whose `content` is set holds it, for
/// itself and for every row with that content whose `data` is NULL, unless that event is done and
/// pruned. When such a row is emptied or deleted while another one needs the data, `content` and
/// `data` move there.
pub(super) const MIGRATIONS: &[Migration] = &[
    Migration {
        columns: &[],
        tables: "
    -- Events as they arrived. `key` begins with the 32 bytes of its content. Where `content` is
    -- set, in one row per content at most, the same content under another key is a replay. `data`
    -- is NULL once it is pruned.
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

    -- Events that are to run, and when. An event with a fence is leased until then.
    CREATE TABLE @due(
        seq bigint PRIMARY KEY,
        due bigint NOT NULL,
        attempts integer NOT NULL,
        fence bigint
    ) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
    CREATE INDEX due_by_time ON @due(due, seq);

    -- Events that do not run, and why.
    CREATE TABLE @dead(
        seq bigint PRIMARY KEY,
        at bigint NOT NULL,
        attempts integer NOT NULL,
        is_parked boolean NOT NULL,
        reason bytea NOT NULL
    );

    -- Events that are done.
    CREATE TABLE @done(
        seq bigint PRIMARY KEY,
        at bigint NOT NULL,
        attempts integer NOT NULL,
        is_pruned boolean NOT NULL
    );
    CREATE INDEX done_by_time ON @done(is_pruned, at);

    -- Written to find out whether the server accepts writes.
    CREATE TABLE @probe(written bigint NOT NULL);
    INSERT INTO @probe VALUES (0);
",
        indexes: &[],
    },
    Migration {
        columns: &[],
        tables: "",
        // For a statement that uses `seq + 0`, the planner can choose one index only.
        indexes: &[
            // Lists and counts of parked and of dead events.
            Index { name: "dead_by_kind", on: "@dead(is_parked, (seq + 0))" },
            // Leased events, which are few among many delayed ones.
            Index { name: "due_leased", on: "@due(due, seq) WHERE fence IS NOT NULL" },
            // A type may be megabytes long, an entry of an index may not.
            Index { name: "event_by_type", on: "@event(substr(type, 1, 64), (seq + 0))" },
        ],
    },
    Migration {
        // Older receivers keep storing, and settle what they have leased. They leave these columns
        // NULL.
        columns: &[
            // A leased event: when the attempt began, and the worker; NULL if unknown. The run of
            // the event; NULL is 1, also in the other tables. A delayed event: the delay that its
            // worker asked for; NULL is 0, also if an older version has delayed the event. The
            // queue of the event; older receivers store events in the empty one. The lane of which
            // the event is the head.
            "ALTER TABLE @due
                ADD COLUMN IF NOT EXISTS started bigint,
                ADD COLUMN IF NOT EXISTS worker bytea,
                ADD COLUMN IF NOT EXISTS run integer,
                ADD COLUMN IF NOT EXISTS asked bigint,
                ADD COLUMN IF NOT EXISTS queue integer NOT NULL DEFAULT 0,
                ADD COLUMN IF NOT EXISTS lane bytea",
            // The queue and the lane in which the event is replayed. An event that an older version
            // replays runs outside its lane.
            "ALTER TABLE @event
                ADD COLUMN IF NOT EXISTS queue integer NOT NULL DEFAULT 0,
                ADD COLUMN IF NOT EXISTS lane bytea",
            // A dead event: the fingerprint of the reason, and the type as in `groups::type_key`.
            // Both are NULL for parked events, and until they are filled in for events that an
            // older version has buried. When the death may be announced: at once, or when its claim
            // expires; NULL if it was announced, or nobody wants to know.
            "ALTER TABLE @dead
                ADD COLUMN IF NOT EXISTS run integer,
                ADD COLUMN IF NOT EXISTS fingerprint bigint,
                ADD COLUMN IF NOT EXISTS type_key bytea,
                ADD COLUMN IF NOT EXISTS announce bigint",
            // How long the hook ran; NULL if unknown.
            "ALTER TABLE @done
                ADD COLUMN IF NOT EXISTS run integer,
                ADD COLUMN IF NOT EXISTS duration bigint",
        ],
        tables: "
    -- The queues of events.
    CREATE TABLE IF NOT EXISTS @queue(
        id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
        name bytea NOT NULL UNIQUE
    );
    INSERT INTO @queue VALUES (0, '') ON CONFLICT DO NOTHING;

    -- Patterns of the queues that are paused.
    CREATE TABLE IF NOT EXISTS @paused(pattern bytea PRIMARY KEY);

    -- Lanes with events that are to run, and the last position and the head of each.
    CREATE TABLE IF NOT EXISTS @lane(
        key bytea PRIMARY KEY,
        last bigint NOT NULL,
        head bigint
    ) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

    -- Events behind the head of their lane, which have no attempts yet.
    CREATE TABLE IF NOT EXISTS @waiting(
        seq bigint PRIMARY KEY,
        lane bytea NOT NULL,
        position bigint NOT NULL,
        run integer,
        queue integer NOT NULL
    ) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
    CREATE UNIQUE INDEX IF NOT EXISTS waiting_by_lane ON @waiting(lane, position);

    -- Attempts that did not succeed at once, in the order of `place`.
    CREATE TABLE IF NOT EXISTS @attempt(
        seq bigint NOT NULL,
        place integer NOT NULL,
        run integer NOT NULL,
        number integer NOT NULL,
        started bigint,
        duration bigint,
        outcome bytea NOT NULL,
        error bytea,
        worker bytea,
        PRIMARY KEY (seq, place)
    );

    -- Sums per event type, in steps of several lengths. `sums` may get longer.
    CREATE TABLE IF NOT EXISTS @figure(
        step bigint NOT NULL,
        start bigint NOT NULL,
        type bytea NOT NULL,
        sums bigint[] NOT NULL,
        PRIMARY KEY (step, start, type)
    ) WITH (fillfactor = 50);

    -- Actions of operators.
    CREATE TABLE IF NOT EXISTS @audit(
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at bigint NOT NULL,
        who bytea,
        action bytea NOT NULL,
        what bytea NOT NULL,
        events bigint NOT NULL
    );
",
        indexes: &[
            Index { name: "dead_unannounced", on: "@dead(announce, seq) WHERE announce IS NOT NULL" },
            // The oldest events of each queue.
            Index { name: "due_by_queue", on: "@due(queue, due, seq)" },
            Index { name: "event_by_lane", on: "@event(lane, (seq + 0)) WHERE lane IS NOT NULL" },
            // Ids are random, so an index of ids alone changes another page for each event. Of this
            // index, new events change the last pages only, and a search looks into each range of
            // 1024 numbers. The end of an id tells most ids apart, and the beginning may be a time.
            Index {
                name: "event_by_id",
                on: "@event((seq >> 10), substr(id_event, greatest(octet_length(id_event) - 7, 1)))",
            },
            // Dead events with an error, with a type, and with both. The expressions differ so that
            // the planner can choose one index only, and it does not see through CASE.
            Index {
                name: "dead_by_error",
                on: "@dead(coalesce(fingerprint, 0), (seq + 0))
                    WHERE CASE WHEN is_parked THEN false ELSE true END",
            },
            Index {
                name: "dead_by_type",
                on: "@dead(substr(coalesce(type_key, ''), 1, 64), (seq + 0))
                    WHERE CASE WHEN is_parked THEN false ELSE true END",
            },
            Index {
                name: "dead_by_group",
                on: "@dead((coalesce(fingerprint, 0) + 0), coalesce(type_key, ''), (seq + 0))
                    WHERE CASE WHEN is_parked THEN false ELSE true END",
            },
        ],
    },
];

/// Returns the version that this code writes and reads.
pub(super) fn current() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// The time of the server, which all machines share. It is constant within a statement, so that
/// indexes can be used.
pub(super) const NOW: &str = "(extract(epoch FROM now()) * 1000000)::bigint";

/// The schema that holds the tables.
pub(super) struct Schema {
    name: String,
}

impl Schema {
    /// Returns `None` unless the name needs no quotes in any statement.
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

    /// Returns SQL for this schema. In `text`, `@` stands for the schema and `:now` for the time.
    pub(super) fn sql(&self, text: &str) -> AssertSqlSafe<String> {
        // The name is checked, and the texts are constants of this crate.
        AssertSqlSafe(text.replace('@', &format!("\"{}\".", self.name)).replace(":now", NOW))
    }

    /// Returns a statement that is planned each time, for tables of their present size.
    pub(super) fn query(&self, text: &str) -> Statement {
        sqlx::query(self.sql(text)).persistent(false)
    }

    /// Returns a frequent statement, which each session plans once. One plan has to suit tables of
    /// any size.
    pub(super) fn cached(&self, text: &str) -> Statement {
        sqlx::query(self.sql(text))
    }
}
