//! Secrets, signatures and payloads appear nowhere: not in the log, an answer, an error, `Debug`
//! output or a metric.

mod support;

use std::fmt::Debug;

use panora_hooks::{
    Event, RawData, Verifier, Webhooks, hooks,
    models::{filestorage, hris},
    on,
};
use serde::Deserialize;
use support::{Delivery, Request, Server, log::Log};

/// The texts that must not appear. Each has a distinct part, so that none can hide another.
const CANARIES: [&str; 4] = ["canary-secret", "canary-token", "canary-name", "canary-junk"];

fn secret() -> String {
    "canary-secret-9a41".to_owned()
}

/// Logged with its arguments by `instrument`, as users do.
#[on("connection.created")]
#[tracing::instrument]
async fn connection(event: Event<serde_json::Value>, raw: RawData) {
    assert!(event.is_object() && raw.0.contains("canary"));
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "it never fits")]
struct Numbers {
    number: u32,
}

#[on("crm.contact.created")]
async fn misfit(Event(_): Event<Numbers>) {}

#[on("hris.employee.pulled")]
async fn models(Event(_): Event<Vec<hris::EmployeeRow>>) {}

/// Logged by `instrument`, including the variables that the pattern binds.
#[on("filestorage.sharedlink.pulled")]
#[allow(deprecated)]
#[tracing::instrument]
async fn links(Event(links): Event<Vec<filestorage::SharedLinkRow>>) {
    assert!(links[0].password.as_deref().is_some_and(|password| password.contains("canary")));
}

#[on("crm.deal.created")]
async fn panics(Event(name): Event<String>) {
    // Panics with the payload, as `unwrap` and `assert!` do. The output of the program's own panic
    // hook is not checked.
    std::panic::panic_any(name);
}

#[test]
fn canaries_are_found_nowhere() {
    let log = Log::install();
    std::panic::set_hook(Box::new(|_| {}));

    let verifier = Verifier::new(secret()).unwrap().also_accept("canary-secret-previous").unwrap();
    let webhooks = Webhooks::new(verifier.clone()).hooks(hooks![connection, links, misfit, models, panics]);
    let mut found_in = vec![format!("{webhooks:?} {verifier:?}")];
    let server = Server::start(webhooks.into_router("/webhook"));

    let mut signatures = Vec::new();
    let mut deliver = |event_type: &str, data: &str, tamper: &dyn Fn(Request) -> Request| {
        let Delivery { body, .. } = Delivery::new(event_type, data);
        let signature = verifier.sign(data);
        let request = Request::post("/webhook").header("Panora-Signature", &signature).body(&body);
        signatures.push(signature.clone());
        let answer = server.send(&tamper(request));
        let delivery = verifier.verify(&body, &signature);
        let debugs: [&dyn Debug; 2] = [&answer, &delivery];
        let mut texts: Vec<_> = debugs.iter().map(|value| format!("{value:?}")).collect();
        if let Ok(delivery) = delivery {
            let payload = delivery.payload::<Numbers>();
            texts.push(format!("{payload:?}"));
            texts.extend(payload.err().map(|error| error.to_string()));
        }
        found_in.extend(texts);
        answer.status
    };
    let token = r#""{\"connection_token\":\"canary-token\",\"name\":\"canary-name\"}""#;
    let junk = [r#"{"canary-junk":1"#, r#"{"id_event":"x","data":"canary-junk","type":7}"#, "canary-junk"];
    assert_eq!(deliver("connection.created", token, &|request| request), 200);
    assert_eq!(deliver("crm.contact.created", token, &|request| request), 500);
    assert_eq!(deliver("crm.contact.created", r#""{\"number\":\"canary-name\"}""#, &|request| request), 500);
    assert_eq!(deliver("crm.contact.created", r#""canary-junk""#, &|request| request), 500);
    assert_eq!(deliver("crm.deal.push", r#""\"canary-name\"""#, &|request| request), 500);
    assert_eq!(deliver("crm.unknown.type", token, &|request| request), 200);
    for misfit in
        [r#"{"id_hris_employee":"1","ssn":["canary-token"]}"#, r#"{"id_hris_employee":{"canary-name":1}}"#]
    {
        assert_eq!(deliver("hris.employee.pulled", &format!("[{misfit}]"), &|request| request), 500);
    }
    let link = r#"[{"id_fs_shared_link":"1","password":"canary-token","new":"canary-name"}]"#;
    assert_eq!(deliver("filestorage.sharedlink.pulled", link, &|request| request), 200);
    for junk in junk {
        assert_eq!(deliver("crm.deal.push", token, &|request| request.body(junk)), 400);
    }
    assert_eq!(
        deliver("crm.deal.push", token, &|_| {
            // A deployment from before July 2024.
            Request::post("/webhook").header("Panora-Signature", secret()).body(token)
        }),
        400
    );
    assert_eq!(
        deliver("crm.deal.push", token, &|request| request.header("Panora-Signature", "canary-junk")),
        400
    );
    found_in.push(format!("{:?}", server.counters()));
    drop(server);
    found_in.push(log.take());
    let everything = found_in.join("\n");
    for expected in
        ["connection.created", "delivery refused", "hook panicked", "panora_hooks_deliveries_total"]
    {
        assert!(everything.contains(expected), "{expected} is not there, so nothing else need be");
    }
    let forbidden = CANARIES.into_iter().chain(signatures.iter().map(String::as_str));
    for forbidden in forbidden {
        if let Some(line) = everything.lines().find(|line| line.contains(forbidden)) {
            panic!("`{forbidden}` is in: {line}");
        }
    }
}
