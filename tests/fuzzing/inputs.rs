//! The inputs that the fuzzers have found, in a text file for each target.
//!
//! Each line is an input. Everything but printable ASCII is escaped, as in `\xff`.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use bstr::{ByteSlice, ByteVec};

/// Returns the inputs of a target, including regressions.
///
/// # Errors
///
/// Returns an error if a file cannot be read.
pub fn of(target: &str) -> io::Result<Vec<Vec<u8>>> {
    Ok([read(&by_coverage(target))?, read(&regressions(target))?].concat())
}

/// Writes the inputs of a target into the folder that `cargo fuzz` reads, one file each.
///
/// # Errors
///
/// Returns an error if a file cannot be read or written.
pub fn unpack(target: &str) -> io::Result<()> {
    let folder = corpus(target);
    fs::create_dir_all(&folder)?;
    for (index, input) in of(target)?.iter().enumerate() {
        fs::write(folder.join(format!("packed-{index:03}")), input)?;
    }
    Ok(())
}

/// Replaces the inputs of a target by those in the folder of `cargo fuzz`. Regressions stay even if
/// they are not in the folder.
///
/// # Errors
///
/// Returns an error if a file cannot be read or written.
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

/// Escapes an input byte by byte, because `escape_bytes` keeps characters outside of ASCII,
/// including invisible ones.
fn escape(input: &[u8]) -> String {
    input.chunks(1).map(|byte| byte.escape_bytes().to_string()).collect()
}

/// Reads a text file. A missing file has no inputs.
fn read(file: &Path) -> io::Result<Vec<Vec<u8>>> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(text.lines().map(Vec::unescape_bytes).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Returns the folder of the fuzzers.
fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

/// Returns the file of the inputs that reach code that no smaller input reaches.
fn by_coverage(target: &str) -> PathBuf {
    fuzz().join(format!("inputs/{target}.txt"))
}

/// Returns the file of the inputs that once distinguished faulty code. Coverage alone could drop
/// them.
fn regressions(target: &str) -> PathBuf {
    fuzz().join(format!("regressions/{target}.txt"))
}

fn corpus(target: &str) -> PathBuf {
    fuzz().join("corpus").join(target)
}
