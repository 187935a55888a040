//! Creating the tables.

use sqlx::{PgPool, Row};

use super::schema::{self, MIGRATIONS, Schema};
use crate::inbox::OpenError;

pub(super) async fn open(pool: &PgPool, name: &str) -> Result<Schema, OpenError> {
    let schema = named(name)?;
    let failed = |source: sqlx::Error| OpenError::Store { inbox: inbox(name), source: source.into() };
    let known = schema::current();
    let found = match version(pool, &schema).await.map_err(failed)? {
        Some(found) if found == known => found,
        _ => migrate(pool, &schema).await.map_err(failed)?,
    };
    if found > known {
        return Err(OpenError::Newer { inbox: inbox(name), found, known });
    }
    Ok(schema)
}

/// Opens what is there already.
pub(super) async fn attach(pool: &PgPool, name: &str) -> Result<Schema, OpenError> {
    let schema = named(name)?;
    let failed = |source: sqlx::Error| OpenError::Store { inbox: inbox(name), source: source.into() };
    let (inbox, known) = (inbox(name), schema::current());
    match version(pool, &schema).await.map_err(failed)? {
        None => Err(OpenError::Missing { inbox }),
        Some(found) if found < known => Err(OpenError::Older { inbox, found, known }),
        Some(found) if found > known => Err(OpenError::Newer { inbox, found, known }),
        Some(_) => Ok(schema),
    }
}

fn named(name: &str) -> Result<Schema, OpenError> {
    Schema::new(name).ok_or_else(|| OpenError::SchemaName { name: name.to_owned() })
}

fn inbox(name: &str) -> String {
    format!("in the schema `{name}`")
}

/// The version of the tables; `None` if there are none.
async fn version(executor: impl sqlx::PgExecutor<'_> + Copy, schema: &Schema) -> sqlx::Result<Option<i64>> {
    let exists = sqlx::query("SELECT to_regclass($1) IS NOT NULL").bind(format!("{}.format", schema.name()));
    if !exists.fetch_one(executor).await?.try_get::<bool, _>(0)? {
        return Ok(None);
    }
    let version = schema.query("SELECT version FROM @format").fetch_one(executor).await?;
    Ok(Some(version.try_get(0)?))
}

/// Brings the tables to this version, unless they are of a later one, and says which they have then.
async fn migrate(pool: &PgPool, schema: &Schema) -> sqlx::Result<i64> {
    let mut migration = pool.begin().await?;
    // One after the other, however many programs start at once.
    let lock = sqlx::query("SELECT pg_advisory_xact_lock(hashtext($1))");
    lock.bind(format!("panora-hooks {}", schema.name())).execute(&mut *migration).await?;
    // Not `IF NOT EXISTS`, which asks for the right to create even where there is nothing to create.
    let exists = sqlx::query("SELECT to_regnamespace($1) IS NOT NULL").bind(schema.name());
    if !exists.fetch_one(&mut *migration).await?.try_get::<bool, _>(0)? {
        let create = format!("CREATE SCHEMA {}", schema.name());
        sqlx::query(sqlx::AssertSqlSafe(create)).execute(&mut *migration).await?;
    }
    let found = sqlx::query("SELECT to_regclass($1) IS NOT NULL").bind(format!("{}.format", schema.name()));
    let version = if found.fetch_one(&mut *migration).await?.try_get::<bool, _>(0)? {
        schema.query("SELECT version FROM @format").fetch_one(&mut *migration).await?.try_get(0)?
    } else {
        let create = "CREATE TABLE @format(version bigint NOT NULL); INSERT INTO @format VALUES (0)";
        sqlx::raw_sql(schema.sql(create)).execute(&mut *migration).await?;
        0
    };
    for step in MIGRATIONS.iter().skip(usize::try_from(version).unwrap_or(usize::MAX)) {
        sqlx::raw_sql(schema.sql(step)).execute(&mut *migration).await?;
    }
    let version = version.max(schema::current());
    schema.query("UPDATE @format SET version = $1").bind(version).execute(&mut *migration).await?;
    migration.commit().await?;
    Ok(version)
}
