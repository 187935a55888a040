//! Input: files, the standard input, and answers to questions.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, IsTerminal, Read, Write},
    path::Path,
};

use crate::{failure::Failure, recording::RecordingError};

/// Opens a file for reading piece by piece, or the standard input for `-`.
pub(crate) fn open(path: &Path) -> Result<Box<dyn BufRead>, Failure> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    Ok(Box::new(BufReader::new(file)))
}

/// Reads a file, or the standard input for `-`.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    if path.as_os_str() != "-" {
        return fs::read(path).map_err(|error| unreadable(path, &error));
    }
    let mut bytes = Vec::new();
    io::stdin().read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    Ok(bytes)
}

/// Describes the operation on a recording that failed, and the reason.
pub(crate) fn wrong_recording(what: &str, path: &Path, error: &RecordingError) -> Failure {
    let path = path.display();
    match error {
        // The error of the system is more precise.
        RecordingError::Io(error) => Failure::usage(format_args!("cannot {what} `{path}`: {error}")),
        error => Failure::usage(format_args!("cannot {what} `{path}`: {error}")),
    }
}

pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format_args!("cannot read `{}`: {error}", path.display()))
}

/// Asks before a change that cannot be undone, unless `--yes` was given.
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
