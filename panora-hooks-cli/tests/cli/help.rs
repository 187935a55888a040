//! Help, completions and the man page.

use std::{fs, net::TcpListener, process};

use panora_hooks::{
    Webhooks,
    inbox::{Decision, EventKey, Inbox, LeaseRequest, Leased, Select, Settlement, SqliteInbox},
    testing::sample,
};
use snapbox::{assert_data_eq, str};

use crate::{
    api::{Api, KEY},
    example::executable,
    support::{Listening, OK, Raw, SECRET, cli, run, verifier},
};

/// Returns every command, as listed in the help of its parent.
fn commands() -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let mut next = 0;
    while let Some(command) = commands.get(next).cloned() {
        let help = help(&command);
        let listed =
            help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
        for line in listed {
            let name = line.split_whitespace().next().unwrap().to_owned();
            commands.push([command.clone(), vec![name]].concat());
        }
        next += 1;
    }
    commands
}

fn help(command: &[String]) -> String {
    let (status, help, errors) = run(cli([]).args(command).arg("--help"));
    assert_eq!((status, &*errors), (0, ""), "{command:?}");
    help
}

/// Returns the lines of the example at the end of a help text.
fn example(help: &str) -> String {
    let (_, example) = help.split_once("Example: ").expect("an example");
    example.trim().to_owned()
}

#[test]
fn every_help_fits_a_screen() {
    let commands = commands();
    assert_eq!(commands.len(), 29, "{commands:?}");
    for command in commands {
        let help = help(&command);
        assert!(help.lines().count() <= 24, "{command:?} has {} lines", help.lines().count());
        for line in help.lines() {
            assert!(line.chars().count() <= 80, "{command:?}: {line}");
        }
    }
}

#[test]
fn every_example_works_when_pasted() {
    let folder = tempfile::tempdir().unwrap();
    let api = Api::start();
    {
        let mut state = api.state();
        state.add("https://example.com/webhook", &["crm.contact.created"]);
        state.endpoints[0]["id_webhook_endpoint"] = "8c5b5f3e-0f0c-4a2e-9c3b-1a2f4b5c6d7e".into();
    }
    let receiver = Raw::start(OK);
    let quickstart = executable("quickstart").display().to_string();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    record(&folder.path().join("deliveries.jsonl"));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for command in commands() {
        let example = example(&help(&command));
        fill(&runtime, &folder.path().join("panora-inbox.db"));
        let is_torture = command.first().is_some_and(|name| name == "torture");
        let to = if is_torture { format!("http://127.0.0.1:{port}/webhook") } else { receiver.url.clone() };
        // All events are new, the port may be in use, and the examples of servers would run
        // forever.
        let mut script = example
            .replace("http://127.0.0.1:8000/webhook", &to)
            .replace("torture", "torture --kills 1 --into-existing")
            .replace("cargo run --example quickstart", &quickstart)
            .replace("--port 8001", "--port 0")
            .replace("--older-than 30d", "--older-than 0s")
            .replace("--older-than 1d", "--older-than 0s");
        if command.first().is_some_and(|name| name == "listen" || name == "dashboard") {
            script = script.replace("panora-hooks", "timeout --signal=INT 1 panora-hooks");
        }
        let confirmed = ["delete", "drop", "prune", "replay"]
            .iter()
            .any(|name| command.get(1).is_some_and(|command| command == name));
        let script = format!("set -e; {script}{}", if confirmed { " --yes" } else { "" });
        let binary = std::path::Path::new(env!("CARGO_BIN_EXE_panora-hooks")).parent().unwrap();
        let path = std::env::join_paths(
            [binary.to_owned()].into_iter().chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
        );
        let output = process::Command::new("sh")
            .args(["-c", &script])
            .current_dir(&folder)
            .env("PATH", path.unwrap())
            .env("PANORA_WEBHOOK_SECRET", SECRET)
            .env("PORT", port.to_string())
            .env("TMPDIR", folder.path())
            .env("PANORA_API_KEY", KEY)
            .env("PANORA_API_URL", api.url())
            .env_remove("PANORA_INBOX")
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        let code = output.status.code();
        let is_fine = match command.first().map(String::as_str) {
            // The exit status with which `timeout` reports that it ended the command.
            Some("listen") => code == Some(124) && errors.starts_with("listening"),
            Some("dashboard") => code == Some(124) && errors.is_empty(),
            _ => code == Some(0),
        };
        assert!(is_fine, "{script}\n{code:?} {errors}");
    }
    assert!(
        folder.path().join("panora-hooks.1").exists() && folder.path().join("panora-hooks.bash").exists()
    );
}

#[test]
fn the_example_of_the_readme_works() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap();
    let block = readme.split("```sh\n").last().unwrap().split("```").next().unwrap();
    let command = block.trim().strip_prefix("panora-hooks ").unwrap();
    let receiver = Raw::start(OK);
    let command = command.replace("http://127.0.0.1:8000/webhook", &receiver.url);
    cli([]).args(command.split(' ')).assert().success();
    assert_eq!(receiver.bodies()[0]["type"], "crm.company.push");
}

/// Records one delivery.
fn record(path: &std::path::Path) {
    let mut listening = Listening::start(["--record", path.to_str().unwrap()]);
    cli(["send", "crm.company.created", "--to", &listening.url()]).assert().success();
    listening.line();
    assert_eq!(listening.interrupt(), 0);
}

/// Creates an inbox with the events of the examples: some are dead and old, and one has the number
/// 17. A pattern is paused.
fn fill(runtime: &tokio::runtime::Runtime, path: &std::path::Path) {
    for file in ["", "-wal", "-shm", "-lock"] {
        let _ = fs::remove_file(format!("{}{file}", path.display()));
    }
    runtime.block_on(async {
        let days_ago = std::time::SystemTime::now() - std::time::Duration::from_hours(40 * 24);
        let inbox = SqliteInbox::open_with_clock(path, move || days_ago).unwrap();
        let (router, _worker) = Webhooks::new(verifier()).with_inbox(inbox.clone()).into_parts("/webhook");
        for _ in 0..20 {
            let contact = sample("crm.contact.created").set("first_name", new_name());
            assert_eq!(contact.send(router.clone(), &verifier(), "/webhook").await.status(), 200);
        }
        inbox.replay(Select::Keys((1..=20).map(EventKey::new).collect()), 20).await.unwrap();
        let leased = inbox.lease(LeaseRequest::new(20, std::time::Duration::from_mins(1))).await.unwrap();
        let end = |(index, leased): (usize, Leased)| {
            let decision =
                if index % 2 == 0 { Decision::Bury("no use".to_owned()) } else { Decision::Complete };
            Settlement::new(leased.token, decision)
        };
        inbox.settle(leased.into_iter().enumerate().map(end).collect()).await.unwrap();
        inbox.pause("crm.contact.*".to_owned()).await.unwrap();
    });
}

/// Returns a name that no other contact of the test has.
fn new_name() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("Ada {}", NEXT.fetch_add(1, Ordering::Relaxed))
}

#[test]
fn a_missing_command_is_an_error_that_shows_the_help() {
    let (status, printed, errors) = run(&mut cli([]));
    assert_eq!((status, &*printed), (2, ""));
    assert!(errors.contains("Usage: panora-hooks"));
}

#[test]
fn a_closed_output_is_not_an_error() {
    let script = format!("{} events | head -1; echo ${{PIPESTATUS[0]}}", env!("CARGO_BIN_EXE_panora-hooks"));
    let output = process::Command::new("bash").args(["-c", &script]).output().unwrap();
    assert_data_eq!(
        String::from_utf8(output.stdout).unwrap(),
        str![[r#"
name[..]sent
0

"#]]
    );
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

/// Returns the words that bash suggests for the last word of a line.
fn completed(line: &str) -> Vec<String> {
    let script = format!(
        r#"source <({} completions bash)
        function=$(complete -p panora-hooks) function=${{function#* -F }}
        COMP_WORDS=({line}) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        "${{function% *}}" panora-hooks "${{COMP_WORDS[COMP_CWORD]}}" "${{COMP_WORDS[COMP_CWORD - 1]}}"
        printf '%s\n' "${{COMPREPLY[@]}}""#,
        env!("CARGO_BIN_EXE_panora-hooks"),
    );
    let output = process::Command::new("bash").args(["-c", &script]).output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_and_options() {
    assert_eq!(completed("panora-hooks in"), ["inbox"]);
    assert_eq!(completed("panora-hooks inbox li"), ["list"]);
    assert_eq!(completed("panora-hooks endpoints sync --dry"), ["--dry-run"]);
    assert_eq!(completed("panora-hooks listen --rec"), ["--record"]);
}

#[test]
fn every_command_has_completions_and_a_man_page() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let (status, script, _) = run(&mut cli(["completions", shell]));
        assert!(status == 0 && script.contains("endpoints") && script.contains("dry-run"), "{shell}");
    }
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man");
    cli(["man", pages.to_str().unwrap()]).assert().success();
    for command in commands() {
        let name = [vec!["panora-hooks".to_owned()], command].concat().join("-");
        let page = fs::read_to_string(pages.join(format!("{name}.1"))).unwrap();
        assert!(page.contains("Example"), "{name}");
    }
}

#[test]
fn output_that_cannot_be_written_is_an_error_of_every_command() {
    for args in [
        &["--help"][..],
        &["--version"],
        &["-h"],
        &["endpoints", "sync", "--help"],
        &["inbox", "-h"],
        &["completions", "bash"],
        &["man"],
        &["events"],
        &["events", "--json"],
        &["events", "crm.company.created", "--hook"],
    ] {
        let run = |redirection: &str| {
            let script = format!("\"$0\" \"$@\" {redirection}");
            process::Command::new("bash")
                .args(["-c", &script, env!("CARGO_BIN_EXE_panora-hooks")])
                .args(args)
                .output()
                .unwrap()
        };
        let full = run(">/dev/full");
        let errors = String::from_utf8(full.stderr).unwrap();
        assert_eq!(full.status.code(), Some(3), "{args:?}");
        assert!(errors.starts_with("error: cannot write the output"), "{args:?}: {errors}");
        let closed = run("| true; exit ${PIPESTATUS[0]}");
        assert_eq!((closed.status.code(), closed.stderr), (Some(0), vec![]), "{args:?}");
    }
}

#[test]
fn every_man_page_has_the_program_and_its_version_in_the_footer() {
    let folder = tempfile::tempdir().unwrap();
    cli(["man", folder.path().to_str().unwrap()]).assert().success();
    let mut pages: Vec<_> = fs::read_dir(&folder).unwrap().map(|page| page.unwrap().path()).collect();
    pages.sort();
    let (_, page, _) = run(&mut cli(["man"]));
    let texts = pages.iter().map(|page| fs::read_to_string(page).unwrap());
    for page in texts.chain([page]) {
        let title = page.lines().find(|line| line.starts_with(".TH")).unwrap();
        let end = concat!(r#" 1 " " "panora-hooks "#, env!("CARGO_PKG_VERSION"), r#"""#);
        assert!(title.trim_end().ends_with(end), "{title}");
    }
    assert_eq!(pages.len(), 29);
}

#[test]
fn tables_fit_narrow_terminals() {
    for width in [30, 40, 60, 79] {
        let (status, table, _) = run(cli(["events"]).env("COLUMNS", width.to_string()));
        assert_eq!(status, 0);
        assert!(table.lines().all(|line| line.chars().count() <= width), "{width}: {table}");
    }
    let (_, wide, _) = run(cli(["events"]).env("COLUMNS", "500"));
    for columns in ["0", "", "-5", "wide"] {
        assert_eq!(run(cli(["events"]).env("COLUMNS", columns)).1, wide, "{columns}");
    }
}
