//! An application with a database of its own, whose hooks the test defines.

use std::{env, pin::Pin, sync::Arc, time::Duration};

use panora_hooks::{
    HookError, Metadata, State, Tx, Verifier, Webhooks, hooks, on,
    transactions::{self, PostgresTransactions, Transactions},
};
use sqlx::{
    AssertSqlSafe, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::time::timeout;

use crate::{contract::Source, skip::skip};

/// The longest wait of a test. Past this, something hangs.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub const SECRET: &str = "f1f9a1c6-1c57-4a6b-a5b8-2c1f42f2a1de";

pub fn verifier() -> Verifier {
    Verifier::new(SECRET).unwrap()
}

/// The result of a hook.
pub type Ending = Pin<Box<dyn Future<Output = Result<(), HookError>> + Send>>;

/// The behaviour of the hook, in transactions of one type.
pub struct App<T: Transactions = PostgresTransactions>(Arc<Hook<T>>);

type Hook<T> = dyn Fn(Metadata, transactions::Tx<T>) -> Ending + Send + Sync;

impl<T: Transactions> Clone for App<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Transactions> App<T> {
    pub fn new<F>(hook: impl Fn(Metadata, transactions::Tx<T>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), HookError>> + Send + 'static,
    {
        Self(Arc::new(move |meta, tx| Box::pin(hook(meta, tx))))
    }
}

impl App {
    /// An application whose hook has one effect.
    pub fn happy() -> Self {
        Self::new(async |meta, mut tx| effect(&meta, &mut tx).await)
    }
}

/// Inserts the effect of an event.
pub async fn effect(meta: &Metadata, connection: &mut PgConnection) -> Result<(), HookError> {
    let insert = sqlx::query("INSERT INTO effect VALUES ($1, $2, $3)");
    let insert = insert.bind(&meta.id).bind(i64::from(meta.run)).bind(meta.idempotency_key());
    insert.execute(connection).await?;
    Ok(())
}

#[on("crm.contact.created")]
async fn contact_created(meta: Metadata, State(app): State<App>, tx: Tx) -> Result<(), HookError> {
    (app.0)(meta, tx).await
}

/// The same hook in transactions of any source.
#[on("crm.contact.created")]
async fn contact_created_in(
    meta: Metadata,
    State(app): State<App<Source>>,
    tx: transactions::Tx<Source>,
) -> Result<(), HookError> {
    (app.0)(meta, tx).await
}

/// A schema with a table of effects, which the tests of one database do not share.
pub struct Database {
    pub schema: String,
    options: PgConnectOptions,
    /// Looks at the tables. Its sessions have another application name than those of the
    /// application.
    pub pool: PgPool,
}

impl Database {
    /// Returns `None`, and reports it, if there is no server.
    pub async fn new() -> Option<Self> {
        let Ok(url) = env::var("PANORA_TEST_POSTGRES") else {
            skip("set PANORA_TEST_POSTGRES to the URL of a PostgreSQL database");
            return None;
        };
        let schema = format!("panora_tx_{:016x}", fastrand::u64(..));
        let options: PgConnectOptions = url.parse().unwrap();
        let options = options.options([("search_path", &schema)]).application_name(&schema);
        let look = options.clone().application_name("panora_test_look");
        let pool = PgPoolOptions::new().max_connections(2).connect_with(look).await.unwrap();
        let create = format!(
            "CREATE SCHEMA {schema}; CREATE TABLE effect(event text, run bigint, idempotency_key text)"
        );
        sqlx::raw_sql(AssertSqlSafe(create)).execute(&pool).await.unwrap();
        Some(Self { schema, options, pool })
    }

    /// Returns the options of the application's connections.
    pub fn options(&self) -> PgConnectOptions {
        self.options.clone()
    }

    /// Returns a pool for the application.
    pub fn pool(&self, max: u32) -> PgPool {
        PgPoolOptions::new().max_connections(max).connect_lazy_with(self.options.clone())
    }

    /// Returns transactions whose markers are in the schema.
    pub fn transactions(&self) -> PostgresTransactions {
        PostgresTransactions::new(self.pool(5)).schema(&self.schema)
    }

    /// Returns webhooks whose hook takes a transaction.
    pub fn webhooks(&self, app: App) -> Webhooks<App> {
        webhooks(app, self.transactions())
    }

    pub async fn count(&self, table: &str) -> i64 {
        let count = format!("SELECT count(*) FROM {table}");
        sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(&self.pool).await.unwrap()
    }

    /// Returns the name of a role that a test may create.
    pub fn role(&self) -> String {
        format!("{}_role", self.schema)
    }

    /// Executes statements.
    pub async fn execute(&self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&self.pool).await.unwrap();
    }

    /// Returns how many sessions of the application meet a condition on `pg_stat_activity`.
    pub async fn sessions(&self, condition: &str) -> i64 {
        self.sessions_of(&self.schema, condition).await
    }

    async fn sessions_of(&self, name: &str, condition: &str) -> i64 {
        let count =
            format!("SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND {condition}");
        sqlx::query_scalar(AssertSqlSafe(count)).bind(name).fetch_one(&self.pool).await.unwrap()
    }

    /// Waits until a session of the application meets a condition on `pg_stat_activity`.
    pub async fn session(&self, condition: &str) {
        self.session_of(&self.schema, condition).await;
    }

    /// Waits until a session with an application name meets a condition on `pg_stat_activity`.
    pub async fn session_of(&self, name: &str, condition: &str) {
        let wait = async {
            while self.sessions_of(name, condition).await == 0 {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("no session with {condition}"));
    }

    /// Returns the name of a schema for an inbox.
    pub fn inbox_schema(&self) -> String {
        format!("{}_inbox", self.schema)
    }

    /// Returns how many effects there are.
    pub async fn effects(&self) -> i64 {
        self.count("effect").await
    }

    /// Returns how many markers there are.
    pub async fn markers(&self) -> i64 {
        self.count("panora_hooks_done").await
    }
}

pub fn webhooks(app: App, transactions: PostgresTransactions) -> Webhooks<App> {
    Webhooks::new(verifier()).with_state(app).with_transactions(transactions).hooks(hooks![contact_created])
}

pub fn webhooks_in(app: App<Source>, source: Source) -> Webhooks<App<Source>> {
    Webhooks::new(verifier()).with_state(app).with_transactions(source).hooks(hooks![contact_created_in])
}

/// Drops the schemas and the role, even if the test fails.
impl Drop for Database {
    fn drop(&mut self) {
        let (options, schema, inbox) = (self.options.clone(), self.schema.clone(), self.inbox_schema());
        let role = self.role();
        let options = options.application_name("panora_test_drop");
        // A test that fails can leave a transaction open.
        let is_left = if std::thread::panicking() { "true" } else { "false" };
        let drop_schema = async move {
            let pool = PgPoolOptions::new().max_connections(1).connect_with(options).await?;
            let drop_schemas = format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE {is_left} AND application_name ^@ '{schema}';
                 DROP SCHEMA {schema} CASCADE; DROP SCHEMA IF EXISTS {inbox} CASCADE; DROP ROLE IF EXISTS {role}"
            );
            sqlx::raw_sql(AssertSqlSafe(drop_schemas)).execute(&pool).await
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        std::thread::spawn(move || runtime.block_on(drop_schema)).join().unwrap().unwrap();
    }
}
