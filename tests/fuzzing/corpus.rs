//! What the fuzzers have found so far, once more.

use std::{fs, path::Path};

use panora_hooks_fuzzing::CHECKS;

#[test]
fn what_was_of_interest_is_right() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    for (name, check) in CHECKS {
        let mut files: Vec<_> =
            fs::read_dir(corpus.join(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert!(files.len() >= 20, "the corpus of {name} is gone");
        for file in files {
            // Shown if the check fails.
            println!("{}", file.display());
            check(&fs::read(&file).unwrap());
        }
    }
}

/// Texts that mean something in JSON, or elsewhere.
const TOKENS: [&[u8]; 20] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b"\"",
    b"\\",
    b"\\u0064",
    b"\\ud83d",
    b"\x0c",
    b"\x0b",
    b"\0",
    b" ",
    b"\xc2\xa0",
    b"\"data\"",
    b"null",
    b"-0",
    b"1e5",
    b"\xff",
];

#[test]
fn what_is_near_an_envelope_of_interest_is_right() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/envelope");
    let mut files: Vec<_> = fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    // The same in each run.
    let mut state = 1_u64;
    let mut below = |bound: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % bound
    };
    for file in files {
        let body = fs::read(&file).unwrap();
        // Those that are longer hold nothing else.
        for _ in 0..if body.len() < 2000 { 100 } else { 0 } {
            let mut near = body.clone();
            for _ in 0..=below(3) {
                let at = below(near.len() + 1);
                let removed = below(3).min(near.len() - at);
                let token = if below(4) == 0 { &b""[..] } else { TOKENS[below(TOKENS.len())] };
                near.splice(at..at + removed, token.iter().copied());
            }
            println!("{}: {:?}", file.display(), String::from_utf8_lossy(&near));
            panora_hooks_fuzzing::envelope(&near);
        }
    }
}
