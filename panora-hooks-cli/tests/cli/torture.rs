//! `torture`, on receivers that lose nothing and on receivers that lose events.

mod place;

use std::{
    fs::{self, OpenOptions},
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, TcpListener},
    process::{self, Stdio},
    time::Duration,
};

use panora_hooks_cli::torture::{HandledLog, Plan, Receiver, ReceiverError};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};

use self::place::{Place, TORTURED, report};
use crate::{
    example::executable,
    skip::skip,
    support::{SECRET, fails, kill, run},
};

#[track_caller]
fn assert_nothing_lost((status, report): (i32, Value)) {
    assert_eq!((status, &report["lost"]), (0, &json!([])), "{report}");
    assert_eq!(report["kills"].as_array().unwrap().len(), 3);
    assert!(report["acknowledged_events"].as_u64().unwrap() > 100, "{report}");
    assert!(report["handled_again"].is_null() || report["handled_again"]["unexplained"] == 0, "{report}");
}

#[track_caller]
fn assert_some_lost((status, report): (i32, Value)) {
    let lost = report["lost"].as_array().unwrap();
    assert!(status == 1 && !lost.is_empty(), "{report}");
    assert!(lost.iter().all(|lost| lost["id_event"].as_str().unwrap().len() == 36), "{report}");
    assert!(lost.iter().any(|lost| lost["killed_after_ms"].as_f64().unwrap() < 100.0), "{report}");
}

#[test]
fn the_quickstart_loses_nothing() {
    let place = Place::new();
    let line = format!("env PORT={} {}", place.port, executable("quickstart").display());
    let mut command = place.torture(&["--json"], &line);
    assert_nothing_lost(report(command.current_dir(&place.folder)));
}

#[test]
fn a_receiver_on_sqlite_loses_nothing() {
    assert_nothing_lost(Place::new().torture_with_inbox("sqlite"));
}

#[test]
fn a_receiver_on_postgres_loses_nothing() {
    let Ok(url) = std::env::var("PANORA_TEST_POSTGRES") else {
        skip("PANORA_TEST_POSTGRES is not set");
        return;
    };
    let place = Place::new();
    let schema = format!("torture_{:016x}", fastrand::u64(..));
    let log = place.path("handled");
    let line = format!("{} postgres {} '{url}#{schema}' {log}", TORTURED.display(), place.port);
    let mut command = place.torture(&["--json", "--schema", &schema, "--handled-log", &log], &line);
    let reported = report(command.env("PANORA_INBOX", &url));
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let pool = PgPool::connect(&url).await.unwrap();
        let drop_schema = AssertSqlSafe(format!("DROP SCHEMA {schema} CASCADE"));
        sqlx::raw_sql(drop_schema).execute(&pool).await.unwrap();
    });
    assert_nothing_lost(reported);
}

#[test]
fn a_receiver_without_an_inbox_loses_nothing() {
    let place = Place::new();
    let options = ["--json", "--handled-log", &place.path("handled")];
    let (status, report) = report(&mut place.torture(&options, &place.receiver("without-inbox")));
    assert!(report["handled_again"]["after_a_second_delivery"].as_u64().unwrap() > 0, "{report}");
    assert_nothing_lost((status, report));
}

#[test]
fn types_without_a_hook_are_not_judged_without_an_inbox() {
    let place = Place::new();
    let options = ["--json", "--handled-log", &place.path("handled")];
    let (status, report) = report(&mut place.torture(&options, &place.receiver("contacts")));
    assert!(report["not_judged"]["crm.deal.created"].as_u64().unwrap() > 0, "{report}");
    assert_eq!(report["not_judged"].get("crm.contact.created"), None);
    assert_nothing_lost((status, report));
}

#[test]
fn a_receiver_that_answers_before_it_stores_is_convicted() {
    let place = Place::new();
    let options = ["--json", "--inbox", &place.path("inbox.db")];
    assert_some_lost(report(&mut place.torture(&options, &place.receiver("early"))));
}

#[test]
fn a_receiver_that_keeps_events_in_memory_is_convicted() {
    let place = Place::new();
    let options = ["--json", "--handled-log", &place.path("handled")];
    assert_some_lost(report(&mut place.torture(&options, &place.receiver("memory"))));
}

#[test]
fn an_event_that_is_handled_twice_without_a_kill_is_unexplained_but_not_lost() {
    let (status, report) = Place::new().torture_with_inbox("twice");
    assert_eq!((status, &report["lost"]), (0, &json!([])), "{report}");
    assert!(report["handled_again"]["unexplained"].as_u64().unwrap() > 100, "{report}");
}

#[test]
fn the_seed_determines_deliveries_and_kills() {
    let plan = |seed| {
        let plan = Plan::new(seed, 5, Duration::from_millis(20), ["crm.contact.created", "crm.deal.pulled"]);
        let plan = plan.unwrap();
        let bodies: Vec<_> = (0..plan.events()).map(|event| plan.delivery(event).body()).collect();
        (plan.steps().to_vec(), bodies)
    };
    assert_eq!(plan(7), plan(7));
    assert_ne!(plan(7), plan(8));

    let kills = |place: &Place| {
        let file = place.path("report.json");
        let options = ["--seed", "7", "--inbox", &place.path("inbox.db"), "--report", &file];
        let (status, printed, errors) = run(&mut place.torture(&options, &place.receiver("sqlite")));
        assert_eq!(status, 0, "{printed}{errors}");
        let report: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        assert_eq!(report["seed"], 7);
        let kills = report["kills"].as_array().unwrap().iter();
        kills.map(|kill| json!([kill["aim"], kill["delay_ms"]])).collect::<Vec<_>>()
    };
    let first = Place::new();
    assert_eq!(kills(&first), kills(&Place::new()));

    let torture = |options: &[&str]| {
        let inbox = first.path("inbox.db");
        first.torture(&[&["--inbox", &inbox], options].concat(), &first.receiver("sqlite"))
    };
    let says = "the inbox holds events: take an empty one for the test, or add --into-existing to leave samples in it";
    fails(&mut torture(&[]), 2, says);
    let says = "the inbox holds events of this seed already: take another --seed";
    fails(&mut torture(&["--into-existing", "--seed", "7"]), 2, says);
    assert_nothing_lost(report(&mut torture(&["--into-existing", "--json"])));
}

#[test]
fn a_port_that_answers_before_the_start_is_refused() {
    let place = Place::new();
    let _listener = TcpListener::bind((Ipv4Addr::LOCALHOST, place.port)).unwrap();
    let says = format!(
        "http://127.0.0.1:{} answers before the command runs: stop what listens there, or take another port",
        place.port
    );
    fails(&mut place.torture(&[], "true"), 2, &says);
}

#[test]
fn the_output_of_a_command_that_ends_is_shown() {
    let place = Place::new();
    let (status, printed, errors) = run(&mut place.torture(&[], "sh -c 'echo there is no database; exit 3'"));
    assert_eq!((status, &*printed), (2, ""));
    assert!(errors.contains("\n  there is no database\n"), "{errors}");
    let says = format!(
        "error: the command ended before http://127.0.0.1:{} answered (exit status: 3)\n",
        place.port
    );
    assert!(errors.ends_with(&says), "{errors}");
}

#[test]
fn a_command_that_ends_without_a_kill_is_not_judged() {
    let place = Place::new();
    let options = ["--inbox", &place.path("inbox.db")];
    let (status, printed, errors) = run(&mut place.torture(&options, &place.receiver("quits")));
    assert_eq!((status, &*printed), (2, ""));
    assert!(errors.contains("error: the command ended by itself (exit status: 0)"), "{errors}");
}

#[test]
fn a_log_may_have_older_entries_and_torn_lines() {
    let place = Place::new();
    let path = place.folder.path().join("handled");
    let plan = Plan::new(7, 1, Duration::from_millis(20), ["crm.contact.created"]).unwrap();
    fs::write(&path, plan.id(0)).unwrap();
    let log = HandledLog::begin(&path);
    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    writeln!(file, "{}{}", plan.id(1), plan.id(2)).unwrap();
    let handled = log.read(&plan).unwrap();
    assert_eq!([0, 1, 2, 3].map(|event| handled.contains(event)), [false, true, true, false]);
    // The receiver has opened the log without append mode.
    fs::write(&path, "").unwrap();
    assert!(log.read(&plan).is_err());
}

#[test]
fn a_receiver_with_another_secret_is_not_judged() {
    let place = Place::new();
    let line = format!("env PANORA_WEBHOOK_SECRET=other {}", place.receiver("sqlite"));
    let (status, printed, errors) = run(&mut place.torture(&["--inbox", &place.path("inbox.db")], &line));
    assert_eq!((status, &*printed), (2, ""));
    assert!(
        errors.contains("most with status 400, and 0 acknowledged: check PANORA_WEBHOOK_SECRET"),
        "{errors}"
    );
}

#[test]
fn an_inbox_that_the_receiver_does_not_use_is_an_error() {
    let place = Place::new();
    let (status, _, errors) =
        run(&mut place.torture(&["--inbox", &place.path("other.db")], &place.receiver("sqlite")));
    assert_eq!(status, 2);
    assert!(errors.contains("the receiver has not created the inbox: name it with --inbox"), "{errors}");
    assert!(!place.answers());
}

#[test]
fn ctrl_c_ends_the_whole_process_group() {
    let (place, child) = (Place::new(), Place::new());
    let line = format!("{} & exec {}", child.receiver("without-inbox"), place.receiver("sqlite"));
    let mut torture = process::Command::new(env!("CARGO_BIN_EXE_panora-hooks"))
        .args(["torture", "--to", &place.url(), "--inbox", &place.path("inbox.db")])
        .args(["--", "sh", "-c", &line])
        .env("PANORA_WEBHOOK_SECRET", SECRET)
        .env("TMPDIR", place.folder.path())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut errors = BufReader::new(torture.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(errors.next().unwrap().starts_with("seed "));
    while !child.answers() {
        assert!(torture.try_wait().unwrap().is_none());
    }
    kill("-INT", &torture.id().to_string());
    assert_eq!(torture.wait().unwrap().code(), Some(2));
    assert_eq!(errors.next().unwrap(), "error: stopped without a verdict");
    place.becomes_free();
    child.becomes_free();
}

#[test]
fn only_the_process_group_is_killed() {
    let (place, other) = (Place::new(), Place::new());
    let mut bystander = process::Command::new("sh")
        .args(["-c", &format!("exec {}", other.receiver("without-inbox"))])
        .env("PANORA_WEBHOOK_SECRET", SECRET)
        .spawn()
        .unwrap();
    let reported = place.torture_with_inbox("sqlite");
    let is_running = bystander.try_wait().unwrap().is_none();
    bystander.kill().unwrap();
    bystander.wait().unwrap();
    assert!(is_running);
    assert_nothing_lost(reported);
}

#[tokio::test]
async fn a_command_that_never_answers_is_ended_with_its_group() {
    let (place, child) = (Place::new(), Place::new());
    let (secret, listens) = (format!("PANORA_WEBHOOK_SECRET={SECRET}"), child.receiver("without-inbox"));
    let line = format!("env {secret} {listens} & exec sleep 1000");
    let mut receiver = Receiver::new(&place.url(), "sh".as_ref(), &["-c", &line]).unwrap();
    let error = receiver.start(Duration::from_secs(1)).await.unwrap_err();
    assert!(matches!(error, ReceiverError::Silent { .. }), "{error}");
    assert!(child.answers());
    fs::remove_file(receiver.output()).unwrap();
    drop(receiver);
    child.becomes_free();
}
