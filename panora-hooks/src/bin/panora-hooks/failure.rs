//! What ends a command early, and its exit status.

use std::{error::Error, fmt::Display, io, process::ExitCode};

use anstyle::{AnsiColor, Style};

const ERROR: Style = AnsiColor::Red.on_default().bold();

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It did, and the answer is no. It is printed already, unless there is a text.
    No(Option<String>),
    /// The command line, or a file that it names, is wrong.
    Usage(String),
    /// Something else does not work: the network, a server, an inbox, a disk.
    Outside(String),
    /// Whoever reads the output has read enough.
    Closed,
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
        match error.source() {
            Some(source) => Self::outside(&error, source),
            None => Self::Outside(error.to_string()),
        }
    }

    /// Prints it, as one line.
    pub(crate) fn report(self) -> ExitCode {
        let (code, text) = match self {
            Self::Closed => (0, None),
            Self::No(text) => (1, text),
            Self::Usage(text) => (2, Some(text)),
            Self::Outside(text) => (3, Some(text)),
        };
        if let Some(text) = text {
            anstream::eprintln!("{ERROR}error:{ERROR:#} {text}");
        }
        ExitCode::from(code)
    }
}

/// Output that cannot be written. A closed pipe is no error: `| head` is done.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::outside("cannot write the output", &error),
        }
    }
}

/// The innermost cause: those around it say the same in other words.
fn root(mut error: &dyn Error) -> String {
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
