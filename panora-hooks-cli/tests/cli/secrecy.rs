//! No command prints a payload or a signature. The tests of each command check that it prints
//! neither the secret nor the API key.

use std::fs;

use panora_hooks::testing::{Sample, sample};
use panora_hooks_cli::recording::{Recorded, Recorder};
use tempfile::TempDir;

use crate::support::{OK, Raw, cli, run, verifier};

const CANARY: &str = "canary-in-a-payload";

/// Returns two changed forms of a delivery, as if its JSON had been rewritten on the way.
fn recorded(sample: &Sample) -> [Recorded; 2] {
    let signature = sample.signature(&verifier());
    let body = sample.body();
    [body.replace("\"data\":", "\"data\": "), body.replace(CANARY, &format!("{CANARY} "))].map(|body| {
        let headers = vec![("panora-signature".to_owned(), signature.clone().into_bytes())];
        Recorded::new("POST", "/webhook", headers, body.into_bytes())
    })
}

#[test]
fn no_payload_and_no_signature_is_shown() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (payload, recording, body) = (path("payload.json"), path("recording.jsonl"), path("body.json"));
    let sample = sample("crm.contact.created").set("first_name", CANARY);
    let signature = sample.signature(&verifier());
    fs::write(&payload, sample.payload()).unwrap();
    fs::write(&body, sample.body().replace(CANARY, "canary-in-another")).unwrap();
    let mut recorder = Recorder::open(&recording).unwrap();
    for recorded in recorded(&sample) {
        recorder.record(&recorded).unwrap();
    }

    let receiver = Raw::start(OK);
    // A receiver that echoes the body, as development servers do.
    let echo = Raw::start("HTTP/1.1 500 Oops\r\nContent-Length: 19\r\n\r\ncanary-in-a-payload");
    let nobody = "http://127.0.0.1:1/webhook";
    for to in [&*receiver.url, &*echo.url, nobody] {
        for json in [None, Some("--json")] {
            let send = ["send", "crm.contact.created", "--to", to, "--data", &payload];
            let many = [
                "send",
                "crm.contact.created",
                "--to",
                to,
                "--data",
                &payload,
                "--count",
                "7",
                "--duplicate",
            ];
            let set = ["send", "crm.contact.created", "--to", to, "--set", "first_name=canary-in-a-payload"];
            let wrong =
                ["send", "crm.contact.created", "--to", to, "--set", "first_name.x=canary-in-a-payload"];
            let replay = ["replay", &recording, "--to", to];
            let resign = ["replay", &recording, "--to", to, "--resign"];
            let verify = ["verify", &recording];
            let verify_body = ["verify", &body, "--signature", &signature];
            let explain = ["explain", &recording];
            let explain_body = ["explain", &body, "--signature", &signature];
            // A file that is not a recording.
            let misplaced = ["replay", &payload, "--to", to];
            let commands: [&[&str]; 11] = [
                &send,
                &many,
                &set,
                &wrong,
                &replay,
                &resign,
                &verify,
                &verify_body,
                &explain,
                &explain_body,
                &misplaced,
            ];
            for command in commands {
                let (_, printed, errors) = run(cli([]).args(command).args(json));
                let shown = printed + &errors;
                assert!(!shown.is_empty(), "{command:?} says nothing");
                for hidden in [CANARY, "canary-in-another", &*signature] {
                    assert!(!shown.contains(hidden), "{command:?} shows {hidden}: {shown}");
                }
            }
        }
    }
    assert!(receiver.texts().iter().any(|request| request.contains(CANARY)), "there was something to hide");
}
