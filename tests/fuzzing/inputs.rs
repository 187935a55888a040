//! The inputs that the fuzzers have found, in a text file for each target.
//!
//! A line is an input. All but printable ASCII is escaped, as in `\xff`.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use bstr::{ByteSlice, ByteVec};

/// Returns the inputs of a target, regressions included.
///
/// # Errors
///
/// If a file cannot be read.
pub fn of(target: &str) -> io::Result<Vec<Vec<u8>>> {
    Ok([read(&by_coverage(target))?, read(&regressions(target))?].concat())
}

/// Writes the inputs of a target into the folder in which `cargo fuzz` looks for them, a file each.
///
/// # Errors
///
/// If a file cannot be read or written.
pub fn unpack(target: &str) -> io::Result<()> {
    let folder = corpus(target);
    fs::create_dir_all(&folder)?;
    for (index, input) in of(target)?.iter().enumerate() {
        fs::write(folder.join(format!("packed-{index:03}")), input)?;
    }
    Ok(())
}

/// Replaces the inputs of a target by those in the folder of `cargo fuzz`. Regressions stay, also
/// if they are not in the folder.
///
/// # Errors
///
/// If a file cannot be read or written.
pub fn pack(target: &str) -> io::Result<()> {
    let mut inputs: Vec<_> =
        fs::read_dir(corpus(target))?.map(|entry| fs::read(entry?.path())).collect::<io::Result<_>>()?;
    let regressions = read(&regressions(target))?;
    inputs.retain(|input| !regressions.contains(input));
    inputs.sort_by(|one, other| (one.len(), one).cmp(&(other.len(), other)));
    inputs.dedup();
    let lines: String = inputs.iter().map(|input| escape(input) + "\n").collect();
    fs::write(by_coverage(target), lines)
}

/// Escapes an input byte by byte: `escape_bytes` leaves characters outside of ASCII as they are,
/// which includes invisible ones.
fn escape(input: &[u8]) -> String {
    input.chunks(1).map(|byte| byte.escape_bytes().to_string()).collect()
}

/// Reads a text file. One that does not exist has no inputs.
fn read(file: &Path) -> io::Result<Vec<Vec<u8>>> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(text.lines().map(Vec::unescape_bytes).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// The folder of the fuzzers.
fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

/// The inputs that reach code which no smaller one reaches.
fn by_coverage(target: &str) -> PathBuf {
    fuzz().join(format!("inputs/{target}.txt"))
}

/// The inputs that once told right code from wrong. Coverage alone could drop them.
fn regressions(target: &str) -> PathBuf {
    fuzz().join(format!("regressions/{target}.txt"))
}

fn corpus(target: &str) -> PathBuf {
    fuzz().join("corpus").join(target)
}
