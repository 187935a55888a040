//! Examples as programs.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use serde_json::Value;

/// The program of an example. It is built, since a test of this package alone has not done that.
pub fn executable(example: &str) -> PathBuf {
    let cargo = Command::new(env!("CARGO"))
        // With the features that `cargo test --workspace` has built it with.
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
