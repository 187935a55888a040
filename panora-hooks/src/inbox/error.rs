//! Errors of stores.

use std::{error::Error, io};

use crate::hook::BoxError;

/// The error of an operation of a store.
///
/// The operation did nothing, unless the variant says otherwise. [`Inbox`](super::Inbox#errors)
/// describes how the router and the worker react. `Display` is one sentence; the cause is the
/// source.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InboxError {
    /// Another process holds a lock. Retrying soon helps.
    #[error("the inbox is busy: another process holds a lock on it")]
    Busy,
    /// The store is unreachable, or does not work at the moment; either may end by itself. If the
    /// connection broke before the store answered, the operation may have happened. Putting the
    /// same event again is safe.
    #[error("the inbox cannot be reached or accepts no writes at the moment")]
    Unavailable(#[source] BoxError),
    /// The store has no room left.
    #[error("the disk of the inbox is full: make room, and the inbox continues by itself")]
    Full(#[source] BoxError),
    /// The file of the store can be read but not written.
    #[error("the inbox is read-only: make its file and folder writable for this user")]
    ReadOnly(#[source] BoxError),
    /// The files of the store were deleted, renamed or replaced while it was open.
    #[error("the files of the inbox are gone: put them back, or restart the receiver")]
    Gone(#[source] BoxError),
    /// The contents of the store are damaged.
    #[error(
        "the inbox is damaged: stop the receiver and restore the inbox from a backup, or start with a new one"
    )]
    Corrupt(#[source] BoxError),
    /// The store does not implement this optional operation.
    #[error("this inbox does not support `{0}`")]
    Unsupported(&'static str),
    /// Any other error.
    #[error("the inbox failed")]
    Other(#[source] BoxError),
}

impl InboxError {
    /// Returns whether the same operation may succeed in a moment.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Busy | Self::Unavailable(_))
    }
}

/// The error of opening an inbox.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// A file or its folder cannot be created, read or written.
    #[error("cannot open the inbox {inbox}")]
    Io {
        /// The file.
        inbox: String,
        /// The cause.
        source: io::Error,
    },
    /// Another receiver has the file open.
    #[error("the inbox {inbox} is open in another receiver: stop that, or give this one a file of its own")]
    InUse {
        /// The file.
        inbox: String,
    },
    /// The name cannot be the name of a schema. The error does not repeat it, because it may be a
    /// secret that was mistaken for a name.
    #[error("the name of the schema is not a plain one: use at most 48 lower-case letters, digits and `_`")]
    SchemaName,
    /// A tool was asked to open an inbox that no receiver has created.
    #[error("there is no inbox {inbox}: check the name, or start the receiver once")]
    Missing {
        /// The schema.
        inbox: String,
    },
    /// The file or schema holds something other than an inbox.
    #[error("{inbox} is not an inbox: give the inbox a place of its own")]
    NotAnInbox {
        /// The file or schema.
        inbox: String,
    },
    /// A tool was asked to open an inbox that no receiver of this version has opened yet.
    #[error("the inbox {inbox} has format {found}, older than {known}: start the receiver once")]
    Older {
        /// The file or schema.
        inbox: String,
        /// The version of its format.
        found: i64,
        /// The version that this program writes.
        known: i64,
    },
    /// The inbox was written by a later version of this library.
    #[error("the inbox {inbox} has format {found}, but this program knows only {known}: update it")]
    Newer {
        /// The file or schema.
        inbox: String,
        /// The version of its format.
        found: i64,
        /// The latest version that this program knows.
        known: i64,
    },
    /// The database is behind a pooler that shares sessions between its clients.
    #[error(
        "cannot open the inbox {inbox}: a pooler shares the sessions of PostgreSQL between clients: \
         connect to the server itself, or through a pooler that keeps sessions \
         (PgBouncer: `pool_mode = session`)"
    )]
    Pooler {
        /// The schema.
        inbox: String,
    },
    /// The store cannot be used.
    #[error("cannot open the inbox {inbox}")]
    Store {
        /// The file or schema.
        inbox: String,
        /// The cause.
        source: InboxError,
    },
}

/// Returns the texts of an error and of its causes on one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
