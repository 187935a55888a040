//! Opening: creates the tables, or migrates them to this version.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Row, postgres::PgRow};

use super::{
    failure, pooler,
    schema::{self, Index, MIGRATIONS, Migration, Schema},
    session::{Session, Sessions},
};
use crate::inbox::{InboxError, OpenError};

/// The pause before another process is asked again whether it has finished its migration.
const PAUSE: Duration = Duration::from_millis(100);

/// Opens the inbox in a schema, and creates it if it is missing.
pub(super) async fn open(sessions: &Sessions, schema: &Schema) -> Result<(), OpenError> {
    let mut session = first_session(sessions, schema).await?;
    let open = async {
        warn_of_fsync(&mut session).await?;
        match version(&mut session, schema).await? {
            Some(found) if found == schema::current() => session.release(Ok(found)),
            // The connection is closed afterwards, because it holds a lock and has no timeout.
            _ => migrate(session, schema).await,
        }
    };
    let found = open.await.map_err(|error| failed(error, schema))?;
    let known = schema::current();
    if found > known {
        return Err(OpenError::Newer { inbox: inbox(schema), found, known });
    }
    Ok(())
}

/// Opens the inbox in a schema, which must exist.
pub(super) async fn attach(sessions: &Sessions, schema: &Schema) -> Result<(), OpenError> {
    let mut session = first_session(sessions, schema).await?;
    let look = async {
        let found = version(&mut session, schema).await?;
        session.release(Ok(found))
    };
    let (inbox, known) = (inbox(schema), schema::current());
    match look.await {
        Err(error) => Err(failed(error, schema)),
        Ok(None) => Err(OpenError::Missing { inbox }),
        Ok(Some(found)) if found < known => Err(OpenError::Older { inbox, found, known }),
        Ok(Some(found)) if found > known => Err(OpenError::Newer { inbox, found, known }),
        Ok(Some(_)) => Ok(()),
    }
}

/// Returns a session, unless the connections go through a pooler that does not keep sessions.
async fn first_session(sessions: &Sessions, schema: &Schema) -> Result<Session, OpenError> {
    let start = async {
        let mut session = sessions.take().await?;
        let is_shared = pooler::is_sharing(&mut session, sessions).await?;
        Ok((session, is_shared))
    };
    match start.await {
        Ok((session, false)) => Ok(session),
        Ok((_, true)) => Err(OpenError::Pooler { inbox: inbox(schema) }),
        Err(error) => Err(failed(error, schema)),
    }
}

fn failed(source: InboxError, schema: &Schema) -> OpenError {
    let inbox = inbox(schema);
    if failure::is_mixed_up(&source) {
        return OpenError::Pooler { inbox };
    }
    OpenError::Store { inbox, source }
}

/// Names an inbox in errors.
pub(super) fn inbox(schema: &Schema) -> String {
    format!("in the schema `{}`", schema.name())
}

async fn warn_of_fsync(session: &mut Session) -> Result<(), InboxError> {
    let is_off = sqlx::query("SELECT current_setting('fsync') = 'off'");
    if is_true(&session.fetch(is_off).await?)? {
        tracing::warn!(
            "PostgreSQL runs with `fsync = off`: acknowledged events are lost if its machine crashes"
        );
    }
    Ok(())
}

/// Returns the version of the tables; `None` if there are none.
async fn version(session: &mut Session, schema: &Schema) -> Result<Option<i64>, InboxError> {
    let exists = sqlx::query("SELECT to_regclass($1) IS NOT NULL");
    let exists = session.fetch(exists.bind(format!("{}.format", schema.name()))).await?;
    if !is_true(&exists)? {
        return Ok(None);
    }
    let rows = session.fetch(schema.query("SELECT version FROM @format")).await?;
    Ok(rows.first().map(|row| row.try_get(0)).transpose()?)
}

fn is_true(rows: &[PgRow]) -> Result<bool, InboxError> {
    Ok(rows.first().map(|row| row.try_get(0)).transpose()?.unwrap_or(false))
}

/// Migrates the tables to this version, unless they are of a later one. Returns the version that
/// they have then.
async fn migrate(mut session: Session, schema: &Schema) -> Result<i64, InboxError> {
    session.execute("SET statement_timeout = 0").await?;
    lock(&mut session, schema).await?;
    let found = version(&mut session, schema).await?;
    if let Some(found) = found {
        build_indexes(&mut session, schema, found).await?;
    }
    session.execute("BEGIN").await?;
    let found = match found {
        Some(found) => found,
        None => create(&mut session, schema).await?,
    };
    for step in steps_after(found) {
        session.execute(schema.sql(step.tables)).await?;
        for Index { name, on } in step.indexes {
            // The indexes of existing tables are built already.
            let create = format!("CREATE INDEX IF NOT EXISTS {name} ON {on}");
            session.execute(schema.sql(&create)).await?;
        }
    }
    let version = found.max(schema::current());
    session.fetch(schema.query("UPDATE @format SET version = $1").bind(version)).await?;
    session.execute("COMMIT").await?;
    Ok(version)
}

fn steps_after(found: i64) -> impl Iterator<Item = &'static Migration> {
    MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(usize::MAX))
}

/// Waits until no other process migrates the schema. The lock belongs to the session.
///
/// It polls, because building an index waits for every statement that began earlier, such as one
/// that waits for the lock.
async fn lock(session: &mut Session, schema: &Schema) -> Result<(), InboxError> {
    loop {
        let lock = sqlx::query("SELECT pg_try_advisory_lock(hashtext($1))");
        if is_true(&session.fetch(lock.bind(format!("panora-hooks {}", schema.name()))).await?)? {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Creates a schema that holds nothing yet, and returns its version, 0.
async fn create(session: &mut Session, schema: &Schema) -> Result<i64, InboxError> {
    // Not `IF NOT EXISTS`, which requires the right to create even if there is nothing to create.
    let exists = sqlx::query("SELECT to_regnamespace($1) IS NOT NULL").bind(schema.name().to_owned());
    if !is_true(&session.fetch(exists).await?)? {
        session.execute(AssertSqlSafe(format!("CREATE SCHEMA {}", schema.name()))).await?;
    }
    let format = "CREATE TABLE @format(version bigint NOT NULL); INSERT INTO @format VALUES (0)";
    session.execute(schema.sql(format)).await?;
    Ok(0)
}

/// Builds the indexes that a version lacks, while older receivers store events.
async fn build_indexes(session: &mut Session, schema: &Schema, found: i64) -> Result<(), InboxError> {
    for Index { name, on } in steps_after(found).flat_map(|step| step.indexes) {
        tracing::info!(index = name, "building an index of the inbox, once all open transactions have ended");
        // If building an index was interrupted, the index exists but is not used.
        let broken = schema.query("SELECT NOT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)");
        if is_true(&session.fetch(broken.bind(format!("{}.{name}", schema.name()))).await?)? {
            session.execute(schema.sql(&format!("DROP INDEX @{name}"))).await?;
        }
        let create = format!("CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {on}");
        session.execute(schema.sql(&create)).await?;
    }
    Ok(())
}
