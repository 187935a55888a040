//! Places for receivers, and commands that torture them.

use std::{
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::PathBuf,
    sync::LazyLock,
    time::{Duration, Instant},
};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    example::executable,
    support::{cli, run},
};

/// The program with receivers of several kinds.
pub static TORTURED: LazyLock<PathBuf> = LazyLock::new(|| executable("tortured"));

/// A port and a folder for one receiver.
pub struct Place {
    pub folder: TempDir,
    pub port: u16,
}

impl Place {
    pub fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        Self { folder: TempDir::new().unwrap(), port: listener.local_addr().unwrap().port() }
    }

    pub fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Returns the command line of a receiver, as a line of the shell.
    pub fn receiver(&self, kind: &str) -> String {
        let (inbox, log) = (self.path("inbox.db"), self.path("handled"));
        format!("{} {kind} {} {inbox} {log}", TORTURED.display(), self.port)
    }

    /// Returns a command that tortures a line of the shell with three kills.
    pub fn torture(&self, options: &[&str], line: &str) -> Command {
        let mut command = cli(["torture", "--kills", "3", "--to", &self.url()]);
        command.env("TMPDIR", self.folder.path());
        command.args(options).args(["--", "sh", "-c", &format!("exec {line}")]);
        command
    }

    /// Tortures a receiver with an inbox in a file, and returns the exit status and the report.
    pub fn torture_with_inbox(&self, kind: &str) -> (i32, Value) {
        let (inbox, log) = (self.path("inbox.db"), self.path("handled"));
        let options = ["--json", "--inbox", &inbox, "--handled-log", &log];
        report(&mut self.torture(&options, &self.receiver(kind)))
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/webhook", self.port)
    }

    pub fn answers(&self) -> bool {
        TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok()
    }

    /// Waits until a killed receiver that is not the child of its killer has ended.
    #[track_caller]
    pub fn becomes_free(&self) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.answers() {
            assert!(Instant::now() < deadline, "the receiver still runs");
        }
    }
}

/// Returns the exit status and the report that a command prints.
pub fn report(command: &mut Command) -> (i32, Value) {
    let (status, printed, errors) = run(command);
    let report = serde_json::from_str(&printed);
    (status, report.unwrap_or_else(|error| panic!("{error}: {printed}{errors}")))
}
