//! Runs examples as programs.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use serde_json::Value;

/// Builds an example and returns its program. A test of one package does not build the examples of
/// others.
pub fn executable(example: &str) -> PathBuf {
    let cargo = Command::new(env!("CARGO"))
        // Uses the features with which `cargo test --workspace` builds the example.
        .args(["build", "--workspace", "--example", example])
        .args(["--quiet", "--message-format", "json"])
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(cargo.status.success());
    let messages = String::from_utf8(cargo.stdout).unwrap();
    let executable = messages.lines().find_map(|message| {
        let message: Value = serde_json::from_str(message).unwrap();
        message["executable"].as_str().map(PathBuf::from)
    });
    executable.unwrap()
}
