//! PostgreSQL fails while deliveries arrive.

use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::{
    contents::contents,
    own_server::Server,
    postgres::Schema,
    process::{Lost, Receiver, Senders, check, ledger, ledger_in, quiet},
    say,
    support::is_long,
};

const SENDERS: usize = 16;

/// Sends deliveries while `harm` is called repeatedly, and then checks that every acknowledged
/// event is there.
pub fn run(schema: &Schema, times: usize, lost: Lost, mut harm: impl FnMut()) {
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
fn cut_connections_lose_nothing() {
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
    let Some(server) = Server::start("") else { return };
    let schema = Schema::on(&server.url());
    run(&schema, if is_long() { 10 } else { 2 }, Lost::Server, || server.kill_and_restart());
}

#[test]
fn a_server_that_is_killed_loses_nothing_even_if_its_commits_do_not_wait_for_the_disk() {
    let Some(server) = Server::start("-c synchronous_commit=off -c wal_writer_delay=10s") else { return };
    let schema = Schema::on(&server.url());
    run(&schema, if is_long() { 10 } else { 2 }, Lost::Server, || server.kill_and_restart());
}
