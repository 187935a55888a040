//! Opening: creates the tables, or migrates them to this version.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Row, postgres::PgRow};

use super::{
    failure, fill, pooler,
    schema::{self, Index, MIGRATIONS, Schema},
    session::{Session, Sessions},
};
use crate::inbox::{InboxError, OpenError};

/// The pause before another process is asked again whether it has finished its migration.
const PAUSE: Duration = Duration::from_millis(100);

/// The pause before a table that was in use is changed again. It lets the statements finish that
/// queued behind the change.
const PAUSE_BETWEEN_CHANGES: Duration = Duration::from_secs(1);

/// Opens the inbox in a schema, and creates it if it is missing. Returns whether dead events have
/// to be [filled in](super::fill).
pub(super) async fn open(sessions: &Sessions, schema: &Schema) -> Result<bool, OpenError> {
    let mut session = first_session(sessions, schema).await?;
    let known = schema::current();
    let open = async {
        warn_of_fsync(&mut session).await?;
        let found = version(&mut session, schema).await?;
        if found != Some(known) {
            // The connection is closed afterwards, because it holds a lock and has no timeout.
            let found = migrate(&mut session, schema).await?;
            let is_unfilled = found == known && fill::is_needed(&mut session, schema).await?;
            return Ok((found, is_unfilled));
        }
        let is_unfilled = fill::is_needed(&mut session, schema).await?;
        session.release(Ok((known, is_unfilled)))
    };
    let (found, is_unfilled) = open.await.map_err(|error| failed(error, schema))?;
    if found > known {
        return Err(OpenError::Newer { inbox: inbox(schema), found, known });
    }
    Ok(is_unfilled)
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
async fn migrate(session: &mut Session, schema: &Schema) -> Result<i64, InboxError> {
    session.execute("SET statement_timeout = 0").await?;
    lock(session, schema).await?;
    match version(session, schema).await? {
        Some(found) => upgrade(session, schema, found).await,
        None => create(session, schema).await,
    }
}

/// Creates the tables in a schema that holds nothing yet. Returns their version.
async fn create(session: &mut Session, schema: &Schema) -> Result<i64, InboxError> {
    session.execute("BEGIN").await?;
    // Not `IF NOT EXISTS`, which requires the right to create even if there is nothing to create.
    let exists = sqlx::query("SELECT to_regnamespace($1) IS NOT NULL").bind(schema.name().to_owned());
    if !is_true(&session.fetch(exists).await?)? {
        session.execute(AssertSqlSafe(format!("CREATE SCHEMA {}", schema.name()))).await?;
    }
    session.execute(schema.sql("CREATE TABLE @format(version bigint NOT NULL)")).await?;
    for step in MIGRATIONS {
        for change in step.columns {
            session.execute(schema.sql(change)).await?;
        }
        session.execute(schema.sql(step.tables)).await?;
        for Index { name, on } in step.indexes {
            session.execute(schema.sql(&format!("CREATE INDEX {name} ON {on}"))).await?;
        }
    }
    let known = schema::current();
    session.fetch(schema.query("INSERT INTO @format VALUES ($1)").bind(known)).await?;
    session.execute("COMMIT").await?;
    Ok(known)
}

/// Makes the additions that a version lacks, while older receivers store events. The version
/// changes at the end, so an interrupted migration begins again.
async fn upgrade(session: &mut Session, schema: &Schema, found: i64) -> Result<i64, InboxError> {
    let known = schema::current();
    if found >= known {
        return Ok(found);
    }
    for step in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(usize::MAX)) {
        for change in step.columns {
            change_table(session, schema, change).await?;
        }
        session.execute(schema.sql(step.tables)).await?;
        for index in step.indexes {
            build(session, schema, index).await?;
        }
    }
    session.fetch(schema.query("UPDATE @format SET version = $1").bind(known)).await?;
    Ok(known)
}

/// Changes a table as soon as no transaction uses it.
///
/// Other statements queue behind the change while it waits, so it waits for a short time only, and
/// tries again.
async fn change_table(session: &mut Session, schema: &Schema, change: &str) -> Result<(), InboxError> {
    session.execute("SET lock_timeout = '100ms'").await?;
    while let Err(error) = session.execute(schema.sql(change)).await {
        if !matches!(error, InboxError::Busy) {
            return Err(error);
        }
        tracing::info!("the inbox is migrated once the open transactions that use it have ended");
        tokio::time::sleep(PAUSE_BETWEEN_CHANGES).await;
    }
    session.execute("SET lock_timeout = 0").await
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

/// Builds an index, unless it is there already.
async fn build(session: &mut Session, schema: &Schema, index: &Index) -> Result<(), InboxError> {
    let Index { name, on } = index;
    tracing::info!(index = name, "building an index of the inbox, once all open transactions have ended");
    // If building an index was interrupted, the index exists but is not used.
    let broken = schema.query("SELECT NOT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)");
    if is_true(&session.fetch(broken.bind(format!("{}.{name}", schema.name()))).await?)? {
        session.execute(schema.sql(&format!("DROP INDEX @{name}"))).await?;
    }
    let create = format!("CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {on}");
    session.execute(schema.sql(&create)).await
}
