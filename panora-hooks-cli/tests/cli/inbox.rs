//! `inbox`, used while a receiver runs.

use std::{
    path::PathBuf,
    time::{Duration, SystemTime},
};

use assert_cmd::Command;
use panora_hooks::{
    HookError, Webhooks, hooks,
    inbox::{Fingerprint, Inbox, PostgresInbox, SqliteInbox},
    on,
    testing::{Sample, sample},
};
use serde_json::json;
use snapbox::{assert_data_eq, str};
use tempfile::TempDir;
use tokio::{runtime::Runtime, sync::oneshot};

use crate::{
    pooler::Pooler,
    skip::skip,
    support::{cli, fails, json as printed, run, verifier},
};

const CANARY: &str = "canary-in-a-payload";

#[on("crm.contact.created")]
async fn never() -> Result<(), HookError> {
    Err(HookError::permanent("the address is unknown"))
}

#[on("crm.company.created")]
async fn done() {}

/// A running receiver with two done events, two dead ones, and a parked one.
struct Receiver<I> {
    runtime: Runtime,
    inbox: I,
    stop: Option<oneshot::Sender<()>>,
}

impl<I: Inbox + Clone> Receiver<I> {
    fn start(runtime: Runtime, inbox: I) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let (router, worker) = Webhooks::new(verifier())
            .hooks(hooks![never, done])
            .with_inbox(inbox.clone())
            .into_parts("/webhook");
        runtime.block_on(async {
            tokio::spawn(worker.run_until(async { drop(stopped.await) }));
            for sample in events() {
                assert_eq!(sample.send(router.clone(), &verifier(), "/webhook").await.status(), 200);
            }
            until(&inbox, 2).await;
        });
        Self { runtime, inbox, stop: Some(stop) }
    }

    /// Waits until `count` events are dead, and none is due.
    fn until_dead(&self, count: u64) {
        self.runtime.block_on(until(&self.inbox, count));
    }
}

async fn until(inbox: &impl Inbox, dead: u64) {
    loop {
        let depth = inbox.depth().await.unwrap();
        if depth.dead == dead && depth.is_idle() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

impl<I> Drop for Receiver<I> {
    fn drop(&mut self) {
        drop(self.stop.take());
    }
}

fn events() -> Vec<Sample> {
    let named = |event_type, name| sample(event_type).set("first_name", name).id(name);
    vec![
        named("crm.company.created", "company 1"),
        named("crm.contact.created", CANARY),
        named("crm.contact.created", "contact 2"),
        named("crm.company.created", "company 2"),
        named("crm.deal.created", "deal"),
    ]
}

fn sqlite() -> (Receiver<SqliteInbox>, TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("inbox.db");
    let inbox = SqliteInbox::open(&file).unwrap();
    (Receiver::start(Runtime::new().unwrap(), inbox), folder, file)
}

/// The location of an inbox: a file, or the URL of a database and a schema.
type At<'a> = (&'a str, &'a str);

fn inbox<const N: usize>((location, schema): At<'_>, args: [&str; N]) -> Command {
    let mut command = cli(["inbox"]);
    command.args(args).env("PANORA_INBOX", location).env("PANORA_INBOX_SCHEMA", schema);
    command
}

/// Counts the events, and pauses and resumes a pattern of which there are none.
fn count_and_pause(at: At<'_>) {
    let depth = printed(&mut inbox(at, ["depth"]));
    assert_eq!(
        depth,
        json!({
            "ready": 0, "paused": 0, "waiting": 0, "delayed": 0, "leased": 0, "parked": 1, "dead": 2,
            "oldest_ready_seconds": null, "paused_patterns": [],
        })
    );
    assert_eq!(
        printed(&mut inbox(at, ["pause", "ticketing.*"])),
        json!({ "pattern": "ticketing.*", "paused": true })
    );
    assert_eq!(run(&mut inbox(at, ["pause", "ticketing.*"])).1, "ticketing.* was paused already\n");
    assert_eq!(printed(&mut inbox(at, ["depth"]))["paused_patterns"], json!(["ticketing.*"]));
    let (status, resumed, _) = run(&mut inbox(at, ["resume", "ticketing.*"]));
    assert_eq!((status, &*resumed), (0, "ticketing.* resumed\n"));
    let (status, resumed, _) = run(&mut inbox(at, ["resume", "ticketing.*"]));
    assert_eq!((status, &*resumed), (1, "ticketing.* was not paused\n"));
    let (status, _, error) = run(&mut inbox(at, ["pause", "crm.*.created"]));
    assert_eq!(status, 2);
    assert!(error.contains("a prefix such as crm.*"), "{error}");
}

fn inspect(receiver: &Receiver<impl Inbox + Clone>, at: At<'_>) {
    count_and_pause(at);
    let (status, listed, _) = run(&mut inbox(at, ["list"]));
    assert_eq!(status, 0);
    assert_data_eq!(
        listed,
        str![[r#"
id  state   type                 received              tried  size     why
1   done    crm.company.created  [..]Z  1      [..] KiB
2   dead    crm.contact.created  [..]Z  1      [..] KiB  the address is unknown
3   dead    crm.contact.created  [..]Z  1      [..] KiB  the address is unknown
4   done    crm.company.created  [..]Z  1      [..] KiB
5   parked  crm.deal.created     [..]Z  0      [..] B    unhandled

"#]]
    );
    // Filters by state, type and age, and pages.
    let ids = |args: &[&str]| {
        let listed = printed(inbox(at, ["list"]).args(args));
        let ids: Vec<_> =
            listed["events"].as_array().unwrap().iter().map(|event| event["id"].as_i64().unwrap()).collect();
        (ids, listed["next"].clone())
    };
    assert_eq!(ids(&["--state", "dead"]).0, [2, 3]);
    assert_eq!(ids(&["--type", "crm.company.push"]).0, [1, 4]);
    assert_eq!(ids(&["--type", "crm.company.created", "--state", "dead"]).0, [] as [i64; 0]);
    assert_eq!(ids(&["--older-than", "1h"]).0, [] as [i64; 0]);
    assert_eq!(ids(&["--older-than", "0s"]).0.len(), 5);
    assert_eq!(ids(&["--limit", "2"]), (vec![1, 2], json!(2)));
    assert_eq!(ids(&["--limit", "3", "--after", "2"]), (vec![3, 4, 5], json!(null)));

    assert_eq!(ids(&["--id-event", "contact 2"]).0, [3]);
    assert_eq!(ids(&["--newer-than", "1h", "--state", "dead"]).0, [2, 3]);
    assert_eq!(
        ids(&["--newer-than", "2020-01-01T00:00:00Z", "--older-than", "2020-01-02T00:00:00Z"]).0,
        [] as [i64; 0]
    );
    let group = Fingerprint::of("the address is unknown").to_string();
    assert_eq!(ids(&["--error-group", &group]).0, [2, 3]);

    // The payload is shown only on request.
    let (_, shown, _) = run(&mut inbox(at, ["show", "2"]));
    assert!(
        shown.contains("state        dead") && shown.contains(r#""first_name": "<text of 19>""#),
        "{shown}"
    );
    assert_eq!(shown.matches(CANARY).count(), 1, "its id alone: {shown}");
    let shown = printed(&mut inbox(at, ["show", "2"]));
    assert_eq!(
        (&shown["data"]["first_name"], &shown["wire_type"]),
        (&json!("<text of 19>"), &json!("crm.contact.created"))
    );
    assert_eq!(printed(&mut inbox(at, ["show", "2", "--show-data"]))["data"]["first_name"], CANARY);
    let (status, _, errors) = run(&mut inbox(at, ["show", "6"]));
    assert_eq!((status, &*errors), (1, "error: there is no event 6 in the inbox\n"));

    // A replayed event runs in the receiver, where it fails again.
    inbox(at, ["replay", "2", "2"]).assert().success().stdout("1 event replayed\n");
    receiver.until_dead(2);
    for args in [&["replay", "6"][..], &["replay", "2", "6"], &["drop", "--yes", "6"]] {
        inbox(at, [])
            .args(args)
            .assert()
            .code(1)
            .stdout("")
            .stderr("error: there is no event 6 in the inbox\n");
    }
    let says = "there is no terminal to ask on, so add --yes: run all dead events once more?";
    fails(&mut inbox(at, ["replay", "--state", "dead"]), 2, says);
    inbox(at, ["replay", "--state", "dead", "--yes"]).assert().success().stdout("2 events replayed\n");
    receiver.until_dead(2);

    // Each run has its attempts.
    let (_, shown, _) = run(&mut inbox(at, ["show", "2"]));
    for expected in ["run          3", "attempt     began", "1 of run 2", "failed", "the address is unknown"]
    {
        assert!(shown.contains(expected), "{expected}: {shown}");
    }
    let shown = printed(&mut inbox(at, ["show", "2"]));
    let attempts: Vec<_> = shown["recorded_attempts"].as_array().unwrap().iter().collect();
    assert_eq!(attempts.len(), 3);
    for (attempt, run) in attempts.into_iter().zip(1..) {
        assert_eq!(
            (&attempt["run"], &attempt["number"], &attempt["outcome"]),
            (&json!(run), &json!(1), &json!("failed"))
        );
        assert_eq!(attempt["error"], "the address is unknown");
        assert!(attempt["started_at"].is_string() && attempt["duration_seconds"].is_number());
        assert!(attempt["worker"].as_str().unwrap().ends_with(&format!(":{}", std::process::id())));
    }
    assert_eq!((&shown["run"], &shown["last_error"]), (&json!(3), &json!("the address is unknown")));

    // A dropped event has no data, but is still known.
    inbox(at, ["drop", "3"]).assert().code(2);
    inbox(at, ["drop", "1", "--yes"]).assert().code(1).stdout("0 events dropped\n");
    inbox(at, ["drop", "3", "3", "--yes"]).assert().success().stdout("1 event dropped\n");
    assert_eq!(
        printed(&mut inbox(at, ["drop", "--type", "crm.deal.created", "--yes"])),
        json!({ "dropped": 1 })
    );
    let (_, shown, _) = run(&mut inbox(at, ["show", "3"]));
    assert!(shown.contains("state        done") && shown.contains("size         pruned"), "{shown}");
    inbox(at, ["replay", "3"]).assert().code(1);
    inbox(at, ["prune", "--older-than", "1h", "--yes"]).assert().success().stdout("0 events pruned\n");
    inbox(at, ["prune", "--older-than", "0s", "--yes"]).assert().success().stdout("2 events pruned\n");
    assert_eq!(printed(&mut inbox(at, ["depth"]))["dead"], 1);
}

#[test]
fn a_sqlite_inbox_is_inspected_and_fixed_while_its_receiver_runs() {
    let (receiver, _folder, file) = sqlite();
    inspect(&receiver, (file.to_str().unwrap(), ""));
    // The lock is still held by the receiver, so no other receiver can open the file.
    assert!(SqliteInbox::open(&file).unwrap_err().to_string().contains("is open in another receiver"));
}

#[test]
fn a_postgres_inbox_is_inspected_and_fixed_while_its_receiver_runs() {
    let Ok(url) = std::env::var("PANORA_TEST_POSTGRES") else {
        skip("PANORA_TEST_POSTGRES is not set");
        return;
    };
    let runtime = Runtime::new().unwrap();
    let nanos = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos();
    let schema = format!("cli_{nanos}");
    let pool = runtime.block_on(sqlx::PgPool::connect(&url)).unwrap();
    let receiver = {
        let inbox = runtime.block_on(PostgresInbox::open_schema(pool.clone(), &schema)).unwrap();
        Receiver::start(runtime, inbox)
    };
    inspect(&receiver, (&url, &schema));
    fails(
        &mut inbox((&url, "Two Words"), ["depth"]),
        2,
        "the name of the schema is not a plain one: use at most 48 lower-case letters, digits and `_`",
    );
    // The wait for a lock has a time limit, as for a SQLite file.
    receiver.runtime.block_on(async {
        let mut locked = pool.begin().await.unwrap();
        let lock = sqlx::AssertSqlSafe(format!("LOCK TABLE {schema}.due"));
        sqlx::query(lock).execute(&mut *locked).await.unwrap();
        fails(
            &mut inbox((&url, &schema), ["depth"]),
            3,
            "the inbox is busy: another process holds a lock on it",
        );
    });
    let drop_schema = sqlx::AssertSqlSafe(format!("DROP SCHEMA {schema} CASCADE"));
    receiver.runtime.block_on(async { sqlx::query(drop_schema).execute(&pool).await.unwrap() });
}

#[test]
fn an_inbox_may_be_behind_a_pooler_that_keeps_sessions() {
    let Ok(url) = std::env::var("PANORA_TEST_POSTGRES") else {
        skip("PANORA_TEST_POSTGRES is not set");
        return;
    };
    let Some(mut pooler) = Pooler::start(url.parse().unwrap(), "pool_mode = session") else { return };
    let schema = "panora_test_nobody_has";
    fails(
        &mut inbox((&pooler.url(), schema), ["depth"]),
        3,
        "there is no inbox in the schema `panora_test_nobody_has`: check the name, or start the receiver once",
    );
    pooler.restart("pool_mode = transaction");
    fails(
        &mut inbox((&pooler.url(), schema), ["depth"]),
        3,
        "cannot open the inbox in the schema `panora_test_nobody_has`: a pooler shares the sessions of \
         PostgreSQL between clients: connect to the server itself, or through a pooler that keeps sessions \
         (PgBouncer: `pool_mode = session`)",
    );
}

#[test]
fn a_value_that_is_mistaken_for_a_file_or_a_schema_is_not_shown() {
    for value in [
        "mysql://user:hunter2@host/db",
        "POSTGRES://user:hunter2@host/db",
        " postgres://user:hunter2@host/db",
        "'postgres://user:hunter2@host/db'",
        "postgres:/user:hunter2@host/db",
        "postgres:user:hunter2@host",
        "postgresql+asyncpg://user:hunter2@host/db",
        "jdbc:postgresql://host/db?user=user&password=hunter2",
        "user:hunter2@host/db",
        "host=/tmp password=hunter2",
        "PANORA_INBOX=postgres://user:hunter2@host/db",
        "hunter2",
        "postgres://user:hunter2/x@host/db",
        "postgres://user:hunter2?x@host/db",
        "postgres://user:x@[hunter2/db",
        "postgres://localhost/db?hunter2=1",
    ] {
        for (location, schema) in [(value, "panora_hooks"), ("postgres://localhost/db", value)] {
            if schema == "hunter2" {
                // A valid name of a schema.
                continue;
            }
            for at_command in [false, true] {
                let mut command = if at_command {
                    cli(["inbox", "depth", "--inbox", location, "--schema", schema])
                } else {
                    inbox((location, schema), ["depth"])
                };
                let (status, printed, errors) = run(&mut command);
                assert!(!errors.contains("hunter2") && printed.is_empty(), "{value}: {errors}");
                assert!(status == 2 || location != value, "{status}: {errors}");
            }
        }
    }
    // A valid file name is shown.
    let (_, _, errors) = run(&mut inbox(("no-such-folder/inbox.db", ""), ["depth"]));
    assert!(errors.contains("no-such-folder/inbox.db"), "{errors}");
}

#[test]
fn control_characters_in_events_are_escaped() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("inbox.db");
    let runtime = Runtime::new().unwrap();
    let odd = sample("crm.contact.created").id("\u{1b}[31m\n").wire_type("x\u{7}y");
    let inbox_file = SqliteInbox::open(&file).unwrap();
    runtime.block_on(async {
        let (router, _worker) = Webhooks::new(verifier()).with_inbox(inbox_file).into_parts("/webhook");
        assert_eq!(odd.send(router, &verifier(), "/webhook").await.status(), 200);
    });
    for args in [["list", "--limit=1"], ["show", "1"]] {
        let (_, shown, _) = run(&mut inbox((file.to_str().unwrap(), ""), args));
        assert!(
            !shown.contains('\u{1b}') && !shown.contains('\u{7}') && shown.contains(r"x\u{7}y"),
            "{shown}"
        );
    }
}
