//! PostgreSQL fails while deliveries arrive.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::{MetadataExt, chown},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::{
    postgres::Schema,
    process::{Lost, Receiver, Senders, check, contents, ledger, ledger_in, quiet},
    say,
    skip::skip,
    support::is_long,
};

const SENDERS: usize = 16;

/// Lets deliveries arrive while `harm` is done again and again, and looks for what was acknowledged.
fn run(schema: &Schema, times: usize, lost: Lost, harm: impl Fn()) {
    let folder = TempDir::new().unwrap();
    let ledger_path = ledger_in(folder.path());
    let receiver = Receiver::start(&schema.store(), &ledger_path, 0).unwrap();
    let senders = Senders::new(receiver.address);
    senders.send_while(SENDERS, || {
        for _ in 0..times {
            senders.wait_for(fastrand::usize(50..300));
            harm();
        }
        senders.wait_for(300);
    });
    let runtime = Runtime::new().unwrap();
    let contents = runtime.block_on(async {
        let inbox = schema.inbox().await;
        quiet(&inbox).await;
        contents(&inbox).await
    });
    let answers = senders.answers();
    assert!(answers.values().all(|status| matches!(status, 200 | 503)), "{answers:?}");
    let figures = check(&senders.acknowledged(), &ledger(&ledger_path), &contents, lost);
    let refused = answers.values().filter(|status| **status == 503).count();
    say(&format!("PostgreSQL, failed {times} times: {figures:?}, {refused} answered with 503"));
}

#[test]
fn connections_that_are_cut_lose_nothing() {
    let Some(schema) = Schema::new() else { return };
    let runtime = Runtime::new().unwrap();
    let pool = runtime.block_on(schema.pool());
    run(&schema, if is_long() { 200 } else { 20 }, Lost::Nothing, || {
        let cut =
            sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1");
        runtime.block_on(cut.bind(&schema.name).execute(&pool)).unwrap();
    });
}

#[test]
fn a_server_that_is_killed_loses_nothing() {
    let Some(server) = Server::start() else {
        skip("there is no PostgreSQL to start (`initdb`)");
        return;
    };
    let schema = Schema::on(&server.url());
    run(&schema, if is_long() { 10 } else { 2 }, Lost::Server, || server.kill_and_restart());
}

/// A server of the test's own.
struct Server {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
}

impl Server {
    fn start() -> Option<Self> {
        let mut versions: Vec<_> =
            fs::read_dir("/usr/lib/postgresql").ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
        versions.sort();
        let programs = versions.pop()?.join("bin");
        let port = TcpListener::bind(("127.0.0.1", 0)).ok()?.local_addr().ok()?.port();
        let folder = TempDir::new().ok()?;
        if let Some((user, group)) = user() {
            chown(folder.path(), Some(user), Some(group)).ok()?;
        }
        let server = Self { folder, programs, port };
        let data = server.data();
        let made = server
            .command("initdb")
            .args(["-A", "trust", "-U", "postgres", "-D"])
            .arg(&data)
            .stdout(Stdio::null())
            .status();
        if !made.is_ok_and(|status| status.success()) {
            return None;
        }
        assert!(server.try_start());
        Some(server)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// A program of the server's, which does not run as root.
    fn command(&self, program: &str) -> Command {
        use std::os::unix::process::CommandExt;

        let mut command = Command::new(self.programs.join(program));
        command.current_dir(self.folder.path());
        if let Some((user, group)) = user() {
            command.uid(user).gid(group);
        }
        command
    }

    fn try_start(&self) -> bool {
        let options = format!("-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''", self.port);
        let started = self
            .command("pg_ctl")
            .arg("-D")
            .arg(self.data())
            .args(["-w", "-l", "log", "-o", &options, "start"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        started.unwrap().success()
    }

    /// With SIGKILL, as if the machine had lost it.
    fn kill_and_restart(&self) {
        let pid = fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        let kill = format!("kill -KILL {}", pid.lines().next().unwrap());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        // The processes that it leaves end by themselves; until then there is no other.
        for _ in 0..100 {
            if self.try_start() {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("the server does not start again: {}", log(self.folder.path()));
    }
}

fn log(folder: &Path) -> String {
    fs::read_to_string(folder.join("log")).unwrap_or_default()
}

/// Who owns the server's programs elsewhere, if this is root.
fn user() -> Option<(u32, u32)> {
    if fs::metadata("/proc/self").ok()?.uid() != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").ok()?;
    let mut fields = users.lines().find(|line| line.starts_with("postgres:"))?.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

impl Drop for Server {
    fn drop(&mut self) {
        let stop =
            self.command("pg_ctl").arg("-D").arg(self.data()).args(["-m", "immediate", "stop"]).output();
        drop(stop);
    }
}
