//! What ends a command early, and its exit status.

use std::{error::Error, fmt::Display, process::ExitCode};

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It did, and the answer is no. It is printed already, unless there is a text.
    No(Option<String>),
    /// The command line, or a file that it names, is wrong.
    Usage(String),
    /// Something else does not work: the network, a server, an inbox, a disk.
    Outside(String),
}

impl Failure {
    pub(crate) fn no(text: impl Display) -> Self {
        Self::No(Some(text.to_string()))
    }

    pub(crate) fn usage(text: impl Display) -> Self {
        Self::Usage(text.to_string())
    }

    /// Something that does not work, with the first cause in brackets.
    pub(crate) fn outside(text: impl Display, error: &dyn Error) -> Self {
        Self::Outside(format!("{text} ({})", root(error)))
    }

    /// An error that says by itself what does not work.
    pub(crate) fn of(error: impl Error) -> Self {
        Self::Outside(with_cause(&error))
    }

    /// The text to print, if it is not printed yet.
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

/// What an error says, with its first cause in brackets.
pub(crate) fn with_cause(error: &dyn Error) -> String {
    match error.source() {
        Some(source) => format!("{error} ({})", root(source)),
        None => error.to_string(),
    }
}

/// The innermost cause: those around it say the same in other words.
fn root(mut error: &dyn Error) -> String {
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
