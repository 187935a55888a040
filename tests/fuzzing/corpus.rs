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
