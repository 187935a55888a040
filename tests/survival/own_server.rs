//! A separate PostgreSQL server that a test can kill, stop and promote.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::{MetadataExt, chown},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;

use crate::skip::skip;

/// A server that belongs to the test.
pub struct Server {
    folder: TempDir,
    programs: PathBuf,
    pub port: u16,
    settings: String,
}

impl Server {
    /// Starts a server with settings. Returns `None`, and reports it, if PostgreSQL is not
    /// installed.
    pub fn start(settings: &str) -> Option<Self> {
        let server = Self::try_new(settings).and_then(Self::init);
        if server.is_none() {
            skip("there is no PostgreSQL to start (`initdb`)");
        }
        server
    }

    /// Chooses a folder and a port.
    fn try_new(settings: &str) -> Option<Self> {
        let mut versions: Vec<_> =
            fs::read_dir("/usr/lib/postgresql").ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
        versions.sort();
        let programs = versions.pop()?.join("bin");
        let port = TcpListener::bind(("127.0.0.1", 0)).ok()?.local_addr().ok()?.port();
        let folder = TempDir::new().ok()?;
        if let Some((user, group)) = user() {
            chown(folder.path(), Some(user), Some(group)).ok()?;
        }
        Some(Self { folder, programs, port, settings: settings.to_owned() })
    }

    fn init(self) -> Option<Self> {
        let data = self.data();
        let made = self
            .command("initdb")
            .args(["-A", "trust", "-U", "postgres", "-D"])
            .arg(&data)
            .stdout(Stdio::null())
            .status();
        if !made.is_ok_and(|status| status.success()) {
            return None;
        }
        assert!(self.try_start(), "{}", log(self.folder.path()));
        Some(self)
    }

    /// Starts a standby of this server.
    pub fn start_standby(&self) -> Self {
        let standby = Self::try_new(&self.settings).unwrap();
        let copied = standby
            .command("pg_basebackup")
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", "postgres"])
            .args(["--checkpoint=fast", "--write-recovery-conf", "-D"])
            .arg(standby.data())
            .status();
        assert!(copied.unwrap().success());
        assert!(standby.try_start(), "{}", log(standby.folder.path()));
        standby
    }

    /// Stops the server once its standby has received everything.
    pub fn stop(&self) {
        self.control(&["-m", "fast", "-w", "stop"]);
    }

    /// Makes a standby accept writes.
    pub fn promote(&self) {
        self.control(&["-w", "promote"]);
    }

    fn control(&self, arguments: &[&str]) {
        let controlled = self.command("pg_ctl").arg("-D").arg(self.data()).args(arguments).output().unwrap();
        assert!(controlled.status.success(), "{controlled:?} {}", log(self.folder.path()));
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Returns a command of PostgreSQL, which refuses to run as root.
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
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' {}",
            self.port, self.settings,
        );
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

    /// Kills the server with SIGKILL, as a crash of its machine would.
    pub fn kill_and_restart(&self) {
        let pid = fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        let kill = format!("kill -KILL {}", pid.lines().next().unwrap());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        // The remaining processes end by themselves. Until then, the server does not start.
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

/// Returns the user `postgres` if this process is root, because servers do not start as root.
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
