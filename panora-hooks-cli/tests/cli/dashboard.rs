//! `dashboard`, used with a client that keeps no cookies of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Child;

use panora_hooks::{inbox::SqliteInbox, testing::sample};
use tempfile::TempDir;

use crate::support::{cli, fails, kill, start, verifier};

/// A running dashboard of a file with one parked event.
struct Dashboard {
    child: Child,
    /// The address, such as `127.0.0.1:40000`.
    host: String,
    /// The first path, with the token.
    first: String,
    _folder: TempDir,
}

impl Dashboard {
    fn start(option: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("inbox.db");
        let inbox = SqliteInbox::open(&file).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let webhooks = panora_hooks::Webhooks::new(verifier()).with_inbox(inbox);
            let (router, _worker) = webhooks.into_parts("/webhook");
            sample("crm.contact.created")
                .set("first_name", "canary")
                .send(router, &verifier(), "/webhook")
                .await;
        });
        drop(runtime);
        let mut child = start(["dashboard", "--inbox", file.to_str().unwrap(), option]);
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim();
        let url = url.strip_prefix(r#"{"url":""#).and_then(|url| url.strip_suffix(r#""}"#)).unwrap_or(url);
        let (host, first) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        Self { child, host: host.to_owned(), first: format!("/{first}"), _folder: folder }
    }

    /// Sends a request, and returns the answer as text.
    fn send(&self, request: &str, headers: &str) -> String {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        write!(stream, "{request} HTTP/1.1\r\nConnection: close\r\n{headers}\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn host(&self) -> String {
        format!("Host: {}", self.host)
    }

    /// Opens the printed URL, and returns the headers of the requests that follow.
    fn enter(&self) -> String {
        let answer = self.send(&format!("GET {}", self.first), &self.host());
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let cookie = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
        let (cookie, _) = cookie.split_once(';').unwrap();
        format!("{}\r\nCookie: {cookie}", self.host())
    }

    fn interrupt(mut self) -> i32 {
        kill("-INT", &self.child.id().to_string());
        self.child.wait().unwrap().code().unwrap()
    }
}

impl Drop for Dashboard {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const REPLAY: &str = "POST /actions?action=replay&event=1&state=parked&run=1";

#[test]
fn the_printed_url_opens_the_inbox_and_other_requests_are_refused() {
    for option in ["--port=0", "--json"] {
        let dashboard = Dashboard::start(option);
        for (request, headers) in [
            ("GET /overview", dashboard.host()),
            ("GET /overview?token=0", dashboard.host()),
            ("GET /overview", format!("{}\r\nCookie: token=0", dashboard.host())),
            (&*format!("GET {}", dashboard.first), "Host: panora.example.com".to_owned()),
        ] {
            let answer = dashboard.send(request, &headers);
            assert!(answer.starts_with("HTTP/1.1 403"), "{request} {headers}: {answer}");
            assert!(!answer.contains("crm.contact.created"), "{answer}");
        }
        let headers = dashboard.enter();
        let events = dashboard.send("GET /events", &headers);
        assert!(events.starts_with("HTTP/1.1 200") && events.contains("crm.contact.created"), "{events}");
        assert!(!events.contains("canary"), "{events}");
        let foreign = format!("{headers}\r\nSec-Fetch-Site: cross-site\r\nContent-Length: 0");
        let answer = dashboard.send(REPLAY, &foreign);
        assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
        assert_eq!(dashboard.interrupt(), 0);
    }
}

#[test]
fn a_read_only_dashboard_changes_nothing() {
    let own = "Sec-Fetch-Site: same-origin\r\nContent-Length: 0";
    let dashboard = Dashboard::start("--read-only");
    let headers = dashboard.enter();
    let answer = dashboard.send(REPLAY, &format!("{headers}\r\n{own}"));
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");

    let dashboard = Dashboard::start("--port=0");
    let headers = dashboard.enter();
    let answer = dashboard.send(REPLAY, &format!("{headers}\r\n{own}"));
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
}

#[test]
fn a_missing_inbox_is_an_error_before_anything_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("none.db");
    let says = format!(
        "cannot open the inbox `{0}`: start the receiver once, or say where it is with --inbox or PANORA_INBOX \
         (No such file or directory (os error 2))",
        file.display()
    );
    fails(cli(["dashboard", "--inbox"]).arg(&file), 3, &says);
}
