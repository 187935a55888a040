//! What PostgreSQL's errors mean.

use sqlx::Error;

use crate::inbox::InboxError;

impl From<Error> for InboxError {
    fn from(error: Error) -> Self {
        let Some(database) = error.as_database_error() else {
            return match error {
                Error::Io(_)
                | Error::Tls(_)
                | Error::Protocol(_)
                | Error::PoolTimedOut
                | Error::PoolClosed
                | Error::WorkerCrashed => Self::Unavailable(error.into()),
                _ => Self::Other(error.into()),
            };
        };
        let code = database.code().unwrap_or_default().into_owned();
        match code.as_str() {
            // A serialisation failure, a deadlock, a lock that is not available.
            "40001" | "40P01" | "55P03" => Self::Busy,
            "XX001" | "XX002" => Self::Corrupt(error.into()),
            "53100" => Self::Full(error.into()),
            // A standby, or a server that was told to take no writes.
            "25006" => Self::ReadOnly(error.into()),
            // Connections, resources, a query that was cancelled, a server that starts or stops.
            "57014" | "57P01" | "57P02" | "57P03" | "57P05" => Self::Unavailable(error.into()),
            code if code.starts_with("08") || code.starts_with("53") => Self::Unavailable(error.into()),
            _ => Self::Other(error.into()),
        }
    }
}
