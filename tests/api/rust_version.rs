//! The promised minimum Rust version is one that every dependency promises, too, in the versions of
//! `Cargo.lock`. No compiler runs; in our own code, clippy's `incompatible_msrv`, which is in
//! `all`, finds newer items of `std`.

use std::{collections::HashMap, env, process::Command};

use serde_json::Value;

/// The minimum of the feature `postgres` and the command-line tool, because of sqlx.
const NEWER: &str = "1.94";

#[test]
fn most_features_need_the_minimum_rust_version() {
    let mut features = features();
    features.retain(|feature| feature != "postgres");
    let lowest = version(env!("CARGO_PKG_RUST_VERSION"));
    for (dependency, needs) in dependencies("panora-hooks", &features) {
        assert!(needs <= lowest, "`{dependency}` needs Rust {needs:?}");
    }
}

#[test]
fn the_feature_postgres_needs_a_newer_rust_version() {
    assert_newer(&dependencies("panora-hooks", &["postgres".to_owned()]));
}

#[test]
fn the_command_line_tool_needs_a_newer_rust_version() {
    assert_newer(&dependencies("panora-hooks-cli", &[]));
    assert_eq!(version(package("panora-hooks-cli")["rust_version"].as_str().unwrap()), version(NEWER));
}

/// Asserts that one of the dependencies needs the newer Rust, and none needs an even newer one.
#[track_caller]
fn assert_newer(dependencies: &[(String, [u64; 3])]) {
    let (dependency, needs) = dependencies.iter().max_by_key(|(_, needs)| *needs).unwrap();
    assert_eq!(*needs, version(NEWER), "because of `{dependency}`");
}

fn features() -> Vec<String> {
    package("panora-hooks")["features"].as_object().unwrap().keys().cloned().collect()
}

fn package(name: &str) -> Value {
    metadata().into_iter().find(|package| package["name"] == name).unwrap()
}

/// Returns the dependencies of users with these features on any platform, and the Rust version that
/// each requires. Some declare none.
fn dependencies(package: &str, features: &[String]) -> Vec<(String, [u64; 3])> {
    let tree = cargo(&[
        "tree",
        &format!("--package={package}"),
        "--no-default-features",
        &format!("--features={}", features.join(",")),
        "--edges=normal,build",
        "--target=all",
        "--prefix=none",
        "--format={p}",
    ]);
    let rust_versions: HashMap<String, [u64; 3]> = metadata()
        .iter()
        .filter_map(|package| {
            let rust_version = version(package["rust_version"].as_str()?);
            Some((format!("{} v{}", package["name"].as_str()?, package["version"].as_str()?), rust_version))
        })
        .collect();
    let dependencies: Vec<_> = tree
        .lines()
        // The package itself comes first.
        .skip(1)
        .filter_map(|line| {
            let name = line.split(' ').take(2).collect::<Vec<_>>().join(" ");
            let rust_version = *rust_versions.get(&name)?;
            Some((name, rust_version))
        })
        .collect();
    assert!(dependencies.len() > 20, "the tree is not read any more:\n{tree}");
    dependencies
}

fn metadata() -> Vec<Value> {
    let metadata: Value = serde_json::from_str(&cargo(&["metadata", "--format-version=1"])).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .arg("--locked")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Parses a version. `1.89` means `1.89.0`.
fn version(text: &str) -> [u64; 3] {
    let mut numbers = text.split('.').map(|number| number.parse().unwrap());
    [(); 3].map(|()| numbers.next().unwrap_or(0))
}
