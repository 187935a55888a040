//! Classification of SQLite's errors.

use rusqlite::{Error, ErrorCode};

use crate::inbox::InboxError;

impl From<Error> for InboxError {
    fn from(error: Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DiskFull) => Self::Full(error.into()),
            Some(ErrorCode::ReadOnly) => Self::ReadOnly(error.into()),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt(error.into()),
            _ => Self::Other(error.into()),
        }
    }
}
