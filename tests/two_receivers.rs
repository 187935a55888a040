//! The example with two receivers on PostgreSQL, as a new user sees it.
#![cfg(unix)]

#[path = "support/skip.rs"]
mod skip;
mod support;

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Command, Stdio},
};

use skip::skip;
use sqlx::{AssertSqlSafe, PgPool};
use support::{Request, example::executable, read_answer};
use tokio::runtime::Runtime;

/// A database that is dropped with this value.
struct Database {
    name: String,
    url: String,
    server: PgPool,
    runtime: Runtime,
}

impl Database {
    fn new() -> Option<Self> {
        let Ok(url) = std::env::var("PANORA_TEST_POSTGRES") else {
            skip("PANORA_TEST_POSTGRES is not set");
            return None;
        };
        let name = format!("panora_test_{:016x}", fastrand::u64(..));
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(PgPool::connect(&url)).unwrap();
        let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
        runtime.block_on(sqlx::raw_sql(create).execute(&server)).unwrap();
        let url = format!("{}/{name}", url.rsplit_once('/').unwrap().0);
        Some(Self { name, url, server, runtime })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let drop_database = AssertSqlSafe(format!("DROP DATABASE {} WITH (FORCE)", self.name));
        drop(self.runtime.block_on(sqlx::raw_sql(drop_database).execute(&self.server)));
    }
}

#[test]
fn an_event_that_either_receiver_stores_runs_once() {
    let Some(database) = Database::new() else { return };
    let mut program = Command::new(executable("postgres"))
        .env("DATABASE_URL", &database.url)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines().map(Result::unwrap);
    let curls: Vec<_> = lines.by_ref().filter(|line| line.starts_with("curl")).take(2).collect();
    let mut ids = Vec::new();
    for curl in &curls {
        let between = |before: &str, after: &str| {
            curl.split_once(before).unwrap().1.split_once(after).unwrap().0.to_owned()
        };
        let address: SocketAddr = between("http://", "/webhook").parse().unwrap();
        let body = between("--data-raw '", "'");
        ids.push(body.split('"').nth(3).unwrap().to_owned());
        let signature = between("Panora-Signature: ", "'");
        for _ in 0..2 {
            // The program listens before the inbox is open, so the connection waits.
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            let request = Request::post("/webhook").header("Panora-Signature", &signature).body(&body);
            request.send(&mut stream);
            assert_eq!(read_answer(stream).status, 200);
        }
    }
    let runs: Vec<_> = lines.by_ref().filter(|line| line.contains("runs on the")).take(2).collect();
    for id in ids {
        assert_eq!(runs.iter().filter(|line| line.contains(&id)).count(), 1, "{runs:?}");
    }
    let kill = Command::new("sh").args(["-c", &format!("kill -INT {}", program.id())]).status();
    assert!(kill.unwrap().success());
    let rest: Vec<_> = lines.collect();
    assert!(program.wait().unwrap().success());
    assert!(!rest.iter().any(|line| line.contains("runs on the")), "{rest:?}");
}
