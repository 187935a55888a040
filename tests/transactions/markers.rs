//! The table of markers: its creation, its rights, its pruning, and the settings of marked
//! transactions.

use std::{sync::Arc, time::Duration};

use panora_hooks::{
    testing::{Outcome, sample},
    transactions::{PostgresTransactions, Transactions},
};
use sqlx::{PgPool, postgres::PgPoolOptions};
use tokio::{sync::Barrier, task::JoinSet, time::timeout};
use tower::ServiceExt;

use crate::{
    application::{App, Database, PATIENCE, effect, verifier, webhooks},
    receiver::Receiver,
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Inserts markers that are this many hours old.
async fn insert_old(database: &Database, hours: &[u32]) {
    database.execute(&database.transactions().ddl()).await;
    for hours in hours {
        let insert = format!(
            "INSERT INTO panora_hooks_done(identity, run, done_at)
             VALUES ('\\x00', {hours}, now() - interval '{hours} hours')"
        );
        database.execute(&insert).await;
    }
}

/// Waits until only these of the markers that were inserted are left.
async fn left(database: &Database, hours: &[u32]) {
    let select = "SELECT run FROM panora_hooks_done WHERE identity = '\\x00' ORDER BY run";
    let hours: Vec<_> = hours.iter().copied().map(i64::from).collect();
    let wait = async {
        while sqlx::query_scalar::<_, i64>(select).fetch_all(&database.pool).await.unwrap() != hours {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, wait).await.expect("the markers are pruned");
}

#[tokio::test]
async fn a_worker_prunes_markers_with_the_identities() {
    let Some(database) = Database::new().await else { return };
    insert_old(&database, &[1, 71, 73]).await;
    let receiver =
        Receiver::start(database.webhooks(App::happy()), |webhooks| webhooks.retention(DAY, 3 * DAY));
    left(&database, &[1, 71]).await;
    receiver.stop().await;
}

/// An event may be done in the application's database while the inbox does not know it yet.
#[tokio::test]
async fn markers_are_kept_for_a_day_at_least() {
    let Some(database) = Database::new().await else { return };
    insert_old(&database, &[1, 23, 25]).await;
    let none = Duration::ZERO;
    let receiver =
        Receiver::start(database.webhooks(App::happy()), |webhooks| webhooks.retention(none, none));
    left(&database, &[1, 23]).await;
    receiver.stop().await;
}

#[tokio::test]
async fn a_router_without_an_inbox_prunes_markers() {
    let Some(database) = Database::new().await else { return };
    insert_old(&database, &[1, 89 * 24, 91 * 24]).await;
    let router = database.webhooks(App::happy()).into_router::<()>("/webhook");
    let request = sample("crm.contact.created").request(&verifier(), "/webhook");
    assert_eq!(router.oneshot(request).await.unwrap().status(), 200);
    left(&database, &[1, 89 * 24]).await;
    assert_eq!(database.effects().await, 1);
}

#[tokio::test]
async fn pruning_reads_few_markers() {
    let Some(database) = Database::new().await else { return };
    insert_old(&database, &[]).await;
    // In the order of their identities, old markers are everywhere.
    let fill = "ALTER TABLE panora_hooks_done SET (autovacuum_enabled = off);
        INSERT INTO panora_hooks_done(identity, run, done_at)
        SELECT decode(md5(n::text), 'hex'), 1, now() - n * interval '1 hour' FROM generate_series(1, 20000) AS n;
        ANALYZE panora_hooks_done";
    database.execute(fill).await;
    let pool = database.pool(1);
    let transactions = PostgresTransactions::new(pool.clone()).schema(&database.schema);
    let keep = 60 * 60 * Duration::from_secs(19_900) + Duration::from_secs(60);
    assert_eq!(transactions.prune(keep, 40).await.unwrap(), 40);
    assert_eq!(transactions.prune(keep, 1000).await.unwrap(), 60);
    assert_eq!(transactions.prune(keep, 1000).await.unwrap(), 0);
    // A session reports its statistics when it ends.
    pool.close().await;
    let statistics = "SELECT n_tup_del, seq_tup_read, i.idx_scan, i.idx_tup_read
        FROM pg_stat_user_tables AS t JOIN pg_stat_user_indexes AS i USING (relid)
        WHERE t.schemaname = $1 AND t.relname = 'panora_hooks_done'
            AND indexrelname = 'panora_hooks_done_by_time'";
    let read = async {
        loop {
            let (deleted, table, scans, index): (i64, i64, i64, i64) =
                sqlx::query_as(statistics).bind(&database.schema).fetch_one(&database.pool).await.unwrap();
            if deleted == 100 {
                return (table, scans, index);
            }
            tokio::task::yield_now().await;
        }
    };
    let (table, scans, index) = timeout(PATIENCE, read).await.expect("the server reports statistics");
    // The planner may look at the ends of the index, too.
    assert_eq!(table, 0, "no statement reads the whole table");
    assert!(scans >= 3, "{scans} scans of the index for three statements");
    assert!(index <= 250, "{index} entries of the index are read for 100 markers");
}

#[tokio::test]
async fn several_processes_create_the_table_at_once() {
    let Some(database) = Database::new().await else { return };
    let database = Arc::new(database);
    let start = Arc::new(Barrier::new(8));
    let mut processes = JoinSet::new();
    for _ in 0..8 {
        let (database, start) = (Arc::clone(&database), Arc::clone(&start));
        processes.spawn(async move {
            let pool = database.pool(1);
            drop(pool.acquire().await.unwrap());
            // This schema does not exist.
            let transactions = PostgresTransactions::new(pool).schema(&database.inbox_schema());
            start.wait().await;
            sample("crm.contact.created").run_on(webhooks(App::happy(), transactions)).await
        });
    }
    while let Some(outcome) = processes.join_next().await {
        let outcome = outcome.unwrap();
        assert!(outcome.is_handled(), "{outcome:?}");
    }
    let markers = format!("{}.panora_hooks_done", database.inbox_schema());
    assert_eq!((database.effects().await, database.count(&markers).await), (8, 8));
}

/// Returns a pool of a role that may use the schema, and the effects.
async fn restricted(database: &Database) -> PgPool {
    let (schema, role) = (&database.schema, database.role());
    let create = format!(
        "CREATE ROLE {role}; GRANT USAGE ON SCHEMA {schema} TO {role};
         GRANT SELECT, INSERT ON {schema}.effect TO {role}"
    );
    database.execute(&create).await;
    let options = database.options().options([("role", role)]);
    PgPoolOptions::new().max_connections(2).connect_lazy_with(options)
}

#[tokio::test]
async fn a_role_that_may_not_create_tables_needs_only_the_ddl() {
    let Some(database) = Database::new().await else { return };
    let pool = restricted(&database).await;
    let transactions = || PostgresTransactions::new(pool.clone()).schema(&database.schema);
    let sample = sample("crm.contact.created");
    let outcome = sample.run_on(webhooks(App::happy(), transactions())).await;
    let error = outcome.error().expect("the table is missing");
    assert!(error.is_retryable() && error.to_string().contains("permission denied"), "{error}");

    let ddl = transactions().ddl();
    // It can be executed twice.
    database.execute(&ddl).await;
    database.execute(&ddl).await;
    let grant = format!("GRANT SELECT, INSERT, UPDATE, DELETE ON panora_hooks_done TO {}", database.role());
    database.execute(&grant).await;
    assert!(sample.run_on(webhooks(App::happy(), transactions())).await.is_handled());
    let outcome = sample.run_on(webhooks(App::happy(), transactions())).await;
    assert!(matches!(outcome, Outcome::AlreadyDone { .. }), "{outcome:?}");
    insert_old(&database, &[1, 25]).await;
    assert_eq!(transactions().prune(DAY, 10).await.unwrap(), 1);
    assert_eq!(database.effects().await, 1);
}

#[tokio::test]
async fn two_schemas_do_not_share_markers() {
    let Some(database) = Database::new().await else { return };
    let sample = sample("crm.contact.created");
    for schema in [database.schema.clone(), database.inbox_schema()] {
        let transactions = || PostgresTransactions::new(database.pool(1)).schema(&schema);
        assert!(sample.run_on(webhooks(App::happy(), transactions())).await.is_handled());
        let outcome = sample.run_on(webhooks(App::happy(), transactions())).await;
        assert!(matches!(outcome, Outcome::AlreadyDone { .. }), "{outcome:?}");
    }
    assert_eq!(database.effects().await, 2);
}

#[tokio::test]
async fn the_name_of_the_schema_may_need_quotes() {
    let Some(database) = Database::new().await else { return };
    let schema = format!("{} \"Odd\".@ $1 ' -- ;", database.schema);
    let pool = database.pool(2);
    let transactions = || PostgresTransactions::new(pool.clone()).schema(&schema);
    let sample = sample("crm.contact.created");
    let outcome = sample.run_on(webhooks(App::happy(), transactions())).await;
    let again = sample.run_on(webhooks(App::happy(), transactions())).await;
    let pruned = transactions().prune(Duration::ZERO, 10).await;
    database.execute(&format!("DROP SCHEMA \"{}\" CASCADE", schema.replace('"', "\"\""))).await;
    assert!(outcome.is_handled(), "{outcome:?}");
    assert!(matches!(again, Outcome::AlreadyDone { .. }), "{again:?}");
    assert_eq!((pruned.unwrap(), database.effects().await), (1, 1));
}

/// The settings of a session.
#[derive(Debug, PartialEq)]
struct Settings {
    statement: String,
    idle: String,
    lock: String,
    commit: String,
}

impl Settings {
    fn new(statement: &str, idle: &str, lock: &str, commit: &str) -> Self {
        let [statement, idle, lock, commit] = [statement, idle, lock, commit].map(str::to_owned);
        Self { statement, idle, lock, commit }
    }

    async fn read(executor: impl sqlx::PgExecutor<'_>) -> Self {
        let read = "SELECT current_setting('statement_timeout'),
            current_setting('idle_in_transaction_session_timeout'), current_setting('lock_timeout'),
            current_setting('synchronous_commit')";
        let (statement, idle, lock, commit) = sqlx::query_as(read).fetch_one(executor).await.unwrap();
        Self { statement, idle, lock, commit }
    }
}

/// Returns the settings of a hook with a time limit of 7 seconds, whose sessions have `options`.
/// They must not change those of the session.
async fn settings(options: &[(&str, &str)]) -> Option<Settings> {
    let database = Database::new().await?;
    let options = database.options().options(options.iter().copied());
    let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
    let before = Settings::read(&pool).await;
    let (report, mut reports) = tokio::sync::mpsc::unbounded_channel();
    let app = App::new(move |meta, mut tx| {
        let report = report.clone();
        async move {
            report.send(Settings::read(&mut *tx).await).unwrap();
            effect(&meta, &mut tx).await
        }
    });
    let transactions = PostgresTransactions::new(pool.clone()).schema(&database.schema);
    let receiver = Receiver::start(webhooks(app, transactions), |webhooks| {
        webhooks.hook_timeout(Duration::from_secs(7))
    });
    receiver.deliver(&sample("crm.contact.created")).await;
    receiver.idle().await;
    assert_eq!(Settings::read(&pool).await, before);
    reports.recv().await
}

#[tokio::test]
async fn timeouts_equal_the_time_limit_of_the_hook() {
    let Some(settings) = settings(&[]).await else { return };
    assert_eq!(settings, Settings::new("7s", "7s", "7s", "on"));
}

#[tokio::test]
async fn longer_timeouts_are_shortened() {
    let longer = [
        ("statement_timeout", "8s"),
        ("idle_in_transaction_session_timeout", "1d"),
        ("lock_timeout", "2min"),
    ];
    let Some(settings) = settings(&longer).await else { return };
    assert_eq!(settings, Settings::new("7s", "7s", "7s", "on"));
}

#[tokio::test]
async fn shorter_timeouts_stay() {
    let shorter = [
        ("statement_timeout", "6999ms"),
        ("idle_in_transaction_session_timeout", "1s"),
        ("lock_timeout", "5s"),
    ];
    let Some(settings) = settings(&shorter).await else { return };
    assert_eq!(settings, Settings::new("6999ms", "1s", "5s", "on"));
}

#[tokio::test]
async fn a_commit_waits_for_the_disk() {
    for (setting, expected) in [("off", "on"), ("local", "local"), ("remote_write", "remote_write")] {
        let Some(settings) = settings(&[("synchronous_commit", setting)]).await else { return };
        assert_eq!(settings.commit, expected);
    }
}
