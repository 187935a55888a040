//! The place of a hook, which distinguishes hooks of one name in the signatures of their functions.

/// Returns the hash of a place in the source.
///
/// `place` is a module and a line. Crates in one program can share both: two versions of a package,
/// a program and the library of its package, or a library and the same library under test.
/// `package` has the name and the version of the package, and the name of the program.
#[must_use]
pub const fn place(place: &str, package: [Option<&str>; 3], is_test: bool) -> u64 {
    let mut hash = with(0xcbf2_9ce4_8422_2325, place);
    let mut index = 0;
    while index < package.len() {
        hash = match package[index] {
            Some(text) => with(hash, text),
            None => with(hash, ""),
        };
        index += 1;
    }
    with(hash, if is_test { "test" } else { "" })
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
