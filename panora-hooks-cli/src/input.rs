//! What is read: files, the standard input, answers to questions.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, IsTerminal, Read, Write},
    path::Path,
};

use crate::{failure::Failure, recording::RecordingError};

/// A file to read piece by piece, or the standard input if it is `-`.
pub(crate) fn open(path: &Path) -> Result<Box<dyn BufRead>, Failure> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    Ok(Box::new(BufReader::new(file)))
}

/// The bytes of a file, or of the standard input if it is `-`.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    if path.as_os_str() != "-" {
        return fs::read(path).map_err(|error| unreadable(path, &error));
    }
    let mut bytes = Vec::new();
    io::stdin().read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    Ok(bytes)
}

/// What was to be done with a recording, and why it cannot be.
pub(crate) fn wrong_recording(what: &str, path: &Path, error: &RecordingError) -> Failure {
    let path = path.display();
    match error {
        // The system knows better what it is.
        RecordingError::Io(error) => Failure::usage(format_args!("cannot {what} `{path}`: {error}")),
        error => Failure::usage(format_args!("cannot {what} `{path}`: {error}")),
    }
}

pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format_args!("cannot read `{}`: {error}", path.display()))
}

/// Asks before something is done that cannot be undone, unless `--yes` has answered.
pub(crate) fn confirm(question: &str, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::usage(format_args!("there is no terminal to ask on, so add --yes: {question}")));
    }
    if ask(question)? { Ok(()) } else { Err(Failure::no("nothing was done")) }
}

/// Asks on the terminal.
pub(crate) fn ask(question: &str) -> Result<bool, Failure> {
    let failed = |error: io::Error| Failure::outside("cannot ask", &error);
    anstream::eprint!("{question} [y/N] ");
    io::stderr().flush().map_err(failed)?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(failed)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
