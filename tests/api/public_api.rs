//! The public API of the library and its macros is what the files beside this one say, so that it changes on purpose only.
//!
//! They hold what there is with all features, and which types are `Send` and `Sync`. Not in them: which feature an item
//! needs, and that what an `async fn` returns is `Send`.

#![cfg(unix)]

use std::{
    collections::HashSet,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use public_api::Builder;

#[test]
fn of_the_crate() {
    compare("panora-hooks");
}

#[test]
fn of_its_macros() {
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

/// The lines of one text that the other does not have: of thousands, the few that matter.
fn difference(mark: &str, of: &str, without: &str) -> String {
    let others: HashSet<&str> = without.lines().collect();
    of.lines().filter(|line| !others.contains(line)).flat_map(|line| [mark, " ", line, "\n"]).collect()
}

/// One line for each item that is not hidden; of what the compiler implements, what programs rely on.
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

/// Whether it is an implementation that programs miss when it is gone. Not the methods of what is derived: they are the
/// trait's.
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

/// What rustdoc says of a crate with all its features, as JSON.
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
