//! Failures of commands, and their exit statuses.

use std::{error::Error, fmt::Display, process::ExitCode};

/// The reason why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command ran, and the answer is no. Without a text, the answer is printed already.
    No(Option<String>),
    /// The command line, or a file that it names, is wrong.
    Usage(String),
    /// Something outside does not work: the network, a server, an inbox, a disk.
    Outside(String),
}

impl Failure {
    pub(crate) fn no(text: impl Display) -> Self {
        Self::No(Some(text.to_string()))
    }

    pub(crate) fn usage(text: impl Display) -> Self {
        Self::Usage(text.to_string())
    }

    /// Creates an outside failure, with the root cause in parentheses.
    pub(crate) fn outside(text: impl Display, error: &dyn Error) -> Self {
        Self::Outside(format!("{text} ({})", root(error)))
    }

    /// Creates an outside failure from an error whose message stands on its own.
    pub(crate) fn of(error: impl Error) -> Self {
        Self::Outside(with_cause(&error))
    }

    /// Returns the text to print, unless it is printed already.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::No(text) => text.as_deref(),
            Self::Usage(text) | Self::Outside(text) => Some(text),
        }
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::No(_) => 1,
            Self::Usage(_) => 2,
            Self::Outside(_) => 3,
        })
    }
}

/// Returns the message of an error, with its root cause in parentheses.
pub(crate) fn with_cause(error: &dyn Error) -> String {
    match error.source() {
        Some(source) => format!("{error} ({})", root(source)),
        None => error.to_string(),
    }
}

/// Returns the message of the innermost cause, because the causes in between repeat it in other
/// words.
fn root(mut error: &dyn Error) -> String {
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
