//! A connection pooler (`PgBouncer`) in front of the server, for one test.

use std::{
    fs::{self, Permissions},
    net::{TcpListener, TcpStream},
    os::unix::fs::{MetadataExt, PermissionsExt},
    process::{Child, Command, Stdio},
    time::Duration,
};

use sqlx::postgres::PgConnectOptions;
use tempfile::TempDir;

use crate::skip::skip;

const PROGRAM: &str = "/usr/sbin/pgbouncer";

pub struct Pooler {
    folder: TempDir,
    port: u16,
    server: PgConnectOptions,
    process: Option<Child>,
}

impl Pooler {
    /// Starts a pooler with settings. Returns `None`, and reports it, if it is not installed.
    pub fn start(server: PgConnectOptions, settings: &str) -> Option<Self> {
        if fs::metadata(PROGRAM).is_err() {
            skip("there is no pooler to start (`pgbouncer`)");
            return None;
        }
        let folder = TempDir::new().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let mut pooler = Self { folder, port, server, process: None };
        pooler.restart(settings);
        Some(pooler)
    }

    /// Restarts the pooler with other settings.
    pub fn restart(&mut self, settings: &str) {
        self.stop();
        let Self { folder, port, server, .. } = self;
        let file = folder.path().join("pooler.ini");
        let (host, user) = (server.get_host(), server.get_username());
        let configuration = format!(
            "[databases]\n\
             pooled = host={host} port={} dbname={} user={user}\n\
             [pgbouncer]\n\
             listen_addr = 127.0.0.1\n\
             listen_port = {port}\n\
             unix_socket_dir =\n\
             auth_type = any\n\
             {settings}\n",
            server.get_port(),
            server.get_database().unwrap_or(user),
        );
        fs::write(&file, configuration).unwrap();
        let mut command = Command::new(PROGRAM);
        if fs::metadata("/proc/self").unwrap().uid() == 0 {
            // PgBouncer refuses to run as root.
            command.args(["-u", "nobody"]);
        }
        let process = command.arg("-q").arg(file).stderr(Stdio::null()).spawn().unwrap();
        let process = self.process.insert(process);
        while TcpStream::connect(("127.0.0.1", *port)).is_err() {
            assert_eq!(process.try_wait().unwrap(), None, "the pooler does not start");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/pooled", self.port)
    }

    fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        self.stop();
    }
}
