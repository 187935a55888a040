//! The place of a hook, which distinguishes hooks of one name in the signatures of their functions.

/// Returns the hash of a place in the source.
///
/// `place` is a module and a line. A program and a library of one package can have the same name and
/// share modules, and two versions of a crate can be in one program.
#[must_use]
pub const fn place(place: &str, program: Option<&str>, version: Option<&str>) -> u64 {
    let mut hash = with(0xcbf2_9ce4_8422_2325, place);
    if let Some(program) = program {
        hash = with(hash, program);
    }
    if let Some(version) = version {
        hash = with(hash, version);
    }
    hash
}

/// Hashes a text with FNV-1a. A byte that no text has ends it.
const fn with(mut hash: u64, text: &str) -> u64 {
    const PRIME: u64 = 0x0100_0000_01b3;
    let text = text.as_bytes();
    let mut index = 0;
    while index < text.len() {
        hash = (hash ^ text[index] as u64).wrapping_mul(PRIME);
        index += 1;
    }
    (hash ^ 0xff).wrapping_mul(PRIME)
}
