//! Replays the inputs that the fuzzers have found.

use bstr::ByteSlice;
use panora_hooks_fuzzing::{CHECKS, inputs};

#[test]
fn every_input_of_the_fuzzers_passes_its_check() {
    for (target, check) in CHECKS {
        let inputs = inputs::of(target).unwrap();
        assert!(inputs.len() >= 20, "the inputs of {target} are gone");
        for input in inputs {
            // Shown only if the check fails.
            println!("{target}: {}", input.escape_bytes());
            check(&input);
        }
    }
}

/// Texts with a meaning in JSON or other formats.
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
fn changed_envelopes_pass_their_check() {
    // A fixed seed, for the same sequence in each run.
    let mut state = 1_u64;
    let mut below = |bound: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % bound
    };
    for body in inputs::of("envelope").unwrap() {
        for _ in 0..115 {
            let mut near = body.clone();
            for _ in 0..=below(3) {
                let at = below(near.len() + 1);
                let removed = below(3).min(near.len() - at);
                let token = if below(4) == 0 { &b""[..] } else { TOKENS[below(TOKENS.len())] };
                near.splice(at..at + removed, token.iter().copied());
            }
            println!("{}", near.escape_bytes());
            panora_hooks_fuzzing::envelope(&near);
        }
    }
}
