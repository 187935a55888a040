//! PostgreSQL's errors: their meaning, and their extent.

use sqlx::{Error, error::DatabaseError, postgres::PgDatabaseError};

use crate::inbox::InboxError;

/// How far an error reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// The statement failed. The session is not affected.
    Statement,
    /// The session is unusable, and so are probably all sessions that were opened before now. The
    /// statement did nothing.
    Session,
    /// The connection or the server failed. It is unknown whether the statement took effect.
    Connection,
}

/// Returns how far an error reaches.
pub(super) fn extent(error: &Error) -> Extent {
    let Some(database) = error.as_database_error() else { return Extent::Connection };
    let code = database.code().unwrap_or_default();
    match &*code {
        // A session that was opened while the server accepted no writes keeps refusing them, for
        // example after a standby was promoted or a default has changed.
        "25006"
        // A failed transaction is open that should not be.
        | "25P02" => Extent::Session,
        code if MIXED_UP.contains(&code) => Extent::Session,
        "0A000" if is_outdated_plan(database) => Extent::Session,
        // The session or the server ends: on command, after a crash, before startup has completed,
        // or after it was idle for too long.
        "57P01" | "57P02" | "57P03" | "57P04" | "57P05" | "25P03"
        // Too many connections, reported while connecting.
        | "53300" => Extent::Connection,
        code if code.starts_with("08") => Extent::Connection,
        _ => Extent::Statement,
    }
}

/// The codes for a prepared statement that is gone or belongs to another client.
const MIXED_UP: [&str; 2] = ["26000", "42P05"];

/// Returns whether an error comes from a session that a pooler has given to several clients.
pub(super) fn is_mixed_up(error: &InboxError) -> bool {
    let InboxError::Unavailable(error) = error else { return false };
    let explained = error.downcast_ref::<Explained>();
    let code = explained.and_then(|explained| explained.source.as_database_error()?.code());
    code.is_some_and(|code| MIXED_UP.contains(&&*code))
}

/// Returns whether a prepared statement returns other columns than when it was prepared.
fn is_outdated_plan(error: &dyn DatabaseError) -> bool {
    let error = error.try_downcast_ref::<PgDatabaseError>();
    error.and_then(PgDatabaseError::routine) == Some("RevalidateCachedQuery")
}

/// An error with an explanation for operators.
#[derive(Debug, thiserror::Error)]
#[error("{advice}")]
struct Explained {
    advice: &'static str,
    source: Error,
}

fn unavailable(advice: &'static str, source: Error) -> InboxError {
    InboxError::Unavailable(Explained { advice, source }.into())
}

impl From<Error> for InboxError {
    fn from(error: Error) -> Self {
        let code = error.as_database_error().and_then(|error| Some(error.code()?.into_owned()));
        let Some(code) = code else {
            return match error {
                Error::PoolTimedOut => unavailable("no connection to PostgreSQL became free in time", error),
                Error::Io(_)
                | Error::Tls(_)
                | Error::Protocol(_)
                | Error::PoolClosed
                | Error::BeginFailed
                | Error::WorkerCrashed => Self::Unavailable(error.into()),
                _ => Self::Other(error.into()),
            };
        };
        match code.as_str() {
            // A serialisation failure, a deadlock, a lock that is not available.
            "40001" | "40P01" | "55P03" => Self::Busy,
            "XX001" | "XX002" => Self::Corrupt(error.into()),
            "53100" => Self::Full(error.into()),
            "25006" => unavailable(
                "PostgreSQL accepts no writes: it is a standby, or `default_transaction_read_only` is on",
                error,
            ),
            code if MIXED_UP.contains(&code) => unavailable(
                "a prepared statement is gone or belongs to another client: connect to the server itself, or \
                 through a pooler that keeps sessions (PgBouncer: `pool_mode = session`)",
                error,
            ),
            "53300" => unavailable(
                "PostgreSQL has no connection left: raise its `max_connections`, or lower that of pools",
                error,
            ),
            "57014" => unavailable(
                "PostgreSQL cancelled the statement, for example because of `statement_timeout`",
                error,
            ),
            // Memory and other resources, which may be free again soon.
            code if code.starts_with("53") || extent(&error) != Extent::Statement => {
                Self::Unavailable(error.into())
            }
            _ => Self::Other(error.into()),
        }
    }
}
