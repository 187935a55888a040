//! A receiver with metrics and traces.

use std::{
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{
    program::{Delivery, Program},
    support::{Answer, Request, read_answer},
};

/// The time limit of every wait: after it, something is missing.
const PATIENCE: Duration = Duration::from_secs(60);

fn get(address: SocketAddr, path: &str) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    Request::new("GET", path).send(&mut stream);
    read_answer(stream)
}

/// Reads the page of an event until it has a span for each of these, which a page shows as its name
/// and its attributes.
fn wait_for_spans(delivery: &Delivery, expected: &[&str]) {
    let path = format!("/traces/{}", delivery.id());
    let begun = Instant::now();
    loop {
        let page = get(delivery.address, &path).body;
        let spans: Vec<_> = page.lines().map(without_trace).collect();
        if spans == expected {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{page}");
    }
}

/// Leaves out the parts of a span that differ from run to run.
fn without_trace(line: &str) -> String {
    let words = line.split(' ').filter(|word| {
        !["trace=", "took=", "event.id=", "event.type="].iter().any(|prefix| word.starts_with(prefix))
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn the_page_of_an_event_shows_its_delivery_and_its_attempts() {
    let folder = TempDir::new().unwrap();
    let mut program = Program::start("observability", &[], folder.path(), ("PORT", "0"));
    for delivery in &program.deliveries {
        assert_eq!(read_answer(delivery.send()).status, 200);
    }
    program.wait_for("the contact has no name");
    program.wait_for("welcome, Ada");
    let [retried, dead] = &*program.deliveries else { panic!("it prints two deliveries") };
    let (stored, failed) = ("delivery attempt=1 outcome=stored", "attempt attempt=1 outcome=failed");
    wait_for_spans(retried, &[stored, failed, "attempt attempt=2 outcome=handled"]);
    wait_for_spans(dead, &[stored, failed]);

    let metrics = get(retried.address, "/metrics").body;
    for line in [
        r#"panora_hooks_deliveries_total{outcome="stored",event_type="crm.contact.created"} 2"#,
        r#"panora_hooks_attempts_total{outcome="failed",event_type="crm.contact.created"} 2"#,
        r#"panora_hooks_attempts_total{outcome="handled",event_type="crm.contact.created"} 1"#,
    ] {
        assert!(metrics.lines().any(|metric| metric == line), "{line}: {metrics}");
    }
    assert_eq!(get(retried.address, "/traces/unknown").body, "");
    program.stop();
}
