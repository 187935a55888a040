//! The public API of the library and its macros agrees with the files next to this one, so that it
//! changes only on purpose.
//!
//! The files list the items with all features, and the types that are `Send` and `Sync`. They do
//! not contain the feature that an item needs, or whether the future of an `async fn` is `Send`.

#![cfg(unix)]

use std::{
    collections::HashSet,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use public_api::Builder;

#[test]
fn the_public_api_of_the_library_is_unchanged() {
    compare("panora-hooks");
}

#[test]
fn the_public_api_of_the_macros_is_unchanged() {
    compare("panora-hooks-macros");
}

fn compare(package: &str) {
    let file = here().join(package).with_extension("txt");
    let now = listing(&documentation(package));
    if env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&file, &now).unwrap();
    }
    let expected = fs::read_to_string(&file).unwrap();
    assert!(
        now == expected,
        "the public API is not what {} says; if that is meant, set UPDATE_EXPECT=1:\n{}{}",
        file.display(),
        difference("-", &expected, &now),
        difference("+", &now, &expected),
    );
}

/// Returns the lines of one text that the other does not contain. Of thousands, these few matter.
fn difference(mark: &str, of: &str, without: &str) -> String {
    let others: HashSet<&str> = without.lines().collect();
    of.lines().filter(|line| !others.contains(line)).flat_map(|line| [mark, " ", line, "\n"]).collect()
}

/// Returns one line for each item that is not hidden. Of the implementations that the compiler
/// adds, it contains those that programs rely on.
fn listing(documentation: &Path) -> String {
    let everything = lines(Builder::from_rustdoc_json(documentation).omit_blanket_impls(true));
    let written: HashSet<String> = lines(
        Builder::from_rustdoc_json(documentation)
            .omit_blanket_impls(true)
            .omit_auto_trait_impls(true)
            .omit_auto_derived_impls(true),
    )
    .into_iter()
    .collect();
    everything.into_iter().filter(|line| written.contains(line) || is_relied_on(line)).collect()
}

/// Returns whether programs would miss an implementation. Methods of derived traits are left out,
/// because they follow from the trait.
fn is_relied_on(line: &str) -> bool {
    const UNMISSED: [&str; 6] = [
        "core::marker::Freeze",
        "core::marker::StructuralPartialEq",
        "core::marker::UnsafeUnpin",
        "core::panic::unwind_safe::RefUnwindSafe",
        "core::panic::unwind_safe::UnwindSafe",
        "core::marker::Unpin",
    ];
    line.starts_with("impl") && !UNMISSED.iter().any(|name| line.contains(name))
}

fn lines(builder: Builder) -> Vec<String> {
    builder.build().unwrap().items().map(|item| format!("{item}\n")).collect()
}

/// Returns rustdoc's JSON for a crate with all its features.
fn documentation(package: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let status = Command::new(env!("CARGO"))
        .args(["rustdoc", "--quiet", "--locked", "--lib", "--all-features", "--package", package])
        .arg("--target-dir")
        .arg(target)
        .args(["--", "-Z", "unstable-options", "--output-format", "json"])
        .env("RUSTDOC", here().join("rustdoc"))
        .current_dir(here())
        .status()
        .unwrap();
    assert!(status.success(), "{package} has no documentation");
    target.join("doc").join(package.replace('-', "_")).with_extension("json")
}

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
