//! `explain`, for changes that deliveries go through in practice. The library tests every
//! hypothesis.

use std::fs;

use panora_hooks::testing::{Sample, sample};
use serde_json::{Value, json};
use snapbox::{assert_data_eq, str};

use crate::support::{Listening, SECRET, cli, json_lines, run, verifier};

const CANARY: &str = "canary-in-a-payload-é";

fn company() -> Sample {
    sample("crm.company.created").set("name", CANARY)
}

/// Returns the explanation of a body with a signature.
fn explain(body: &str, signature: &str) -> (i32, String) {
    let mut command = cli(["explain", "--signature", signature]);
    let (status, said, errors) =
        run(command.env("PANORA_WEBHOOK_SECRET_STAGING", "another").write_stdin(body));
    assert_eq!(errors, "");
    assert_eq!(said.lines().count(), 1, "{said}");
    for hidden in [CANARY, "another", signature, &verifier().sign("x")] {
        assert!(hidden.len() < 8 || !said.contains(hidden), "{said}");
    }
    (status, said)
}

#[test]
fn an_unchanged_delivery_matches() {
    let company = company();
    let (status, said) = explain(&company.body(), &company.signature(&verifier()));
    assert_eq!(status, 0);
    assert_data_eq!(
        said,
        str![[r#"
the signature matches: the receiver's secret signed `data` as it arrived

"#]]
    );
}

#[test]
fn rewritten_json_is_recognised() {
    // In a string, only the escapes are rewritten, as Python writes them.
    let company = company();
    let signature = company.signature(&verifier());
    let python = company.body().replace('é', "\\u00e9");
    let (status, said) = explain(&python, &signature);
    assert_eq!(status, 1);
    assert_data_eq!(
        said,
        str![[r#"
JSON was signed as `JSON.stringify` writes it but arrived in another notation: verify the bytes as they arrive instead of JSON that was parsed and written again; the first difference is at byte 139 of the body

"#]]
    );

    // In an object, the whole notation changes.
    let object = company.as_object();
    let signature = object.signature(&verifier());
    let body: Value = serde_json::from_str(&object.body()).unwrap();
    let (status, said) = explain(&serde_json::to_string_pretty(&body).unwrap(), &signature);
    assert_eq!(status, 1);
    assert_data_eq!(
        said,
        str![[r#"
JSON was signed with its keys in another order than they arrived in: verify the bytes as they arrive instead of JSON that was parsed and written again; the first difference is at byte 13 of the body

"#]]
    );
    let (status, said) = explain(&body.to_string(), &signature);
    assert_eq!(status, 1);
    assert_data_eq!(
        said,
        str![[r#"
JSON was signed with its keys in another order than they arrived in: verify the bytes as they arrive instead of JSON that was parsed and written again; the first difference is at byte 10 of the body

"#]]
    );
}

#[test]
fn another_secret_is_named() {
    let company = company();
    let other = panora_hooks::Verifier::new("another").unwrap();
    let (status, said) = explain(&company.body(), &company.signature(&other));
    assert_eq!(status, 1);
    assert_data_eq!(
        said,
        str![[r#"
the signature was made with the secret `PANORA_WEBHOOK_SECRET_STAGING` instead of the receiver's: give the receiver this secret or accept both with `Verifier::also_accept`

"#]]
    );
}

#[test]
fn explain_agrees_with_verify() {
    let company = company();
    let signature = company.signature(&verifier());
    for name in ["verify", "explain"] {
        let mut command = cli([name, "--signature", &signature]);
        command.env("PANORA_WEBHOOK_SECRET", "another").env("PANORA_WEBHOOK_SECRET_PREVIOUS", SECRET);
        command.write_stdin(company.body()).assert().success();
    }
    // Both refuse a delivery with two signatures.
    let line = format!(
        r#"{{"recording":1,"received_at":"2026-11-24T10:00:00Z","method":"POST","target":"/","headers":[["panora-signature","{signature}"],["Panora-Signature","{signature}"]],"body":{}}}"#,
        serde_json::to_string(&company.body()).unwrap()
    );
    cli(["verify"]).write_stdin(&*line).assert().code(1);
    let (status, said, _) = run(cli(["explain"]).write_stdin(&*line));
    assert_eq!(status, 1);
    assert_data_eq!(
        said,
        str![[r#"
[..]  there is more than one header `Panora-Signature`: look for a program on the way that adds one

"#]]
    );
}

/// Runs on a terminal. In an optimised build, this would take a body of many megabytes.
#[cfg(debug_assertions)]
#[test]
fn a_long_search_shows_its_progress() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("body.json");
    let rows = vec![json!({ "id": 1, "name": CANARY }); 20_000];
    fs::write(&file, Sample::new("crm.contact.pulled", json!(rows)).body()).unwrap();
    let command = format!(
        "{} explain {} --signature {}",
        env!("CARGO_BIN_EXE_panora-hooks"),
        file.display(),
        verifier().sign("another")
    );
    let output = std::process::Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .env("PANORA_WEBHOOK_SECRET", SECRET)
        .output();
    let shown = String::from_utf8(output.unwrap().stdout).unwrap();
    assert!(shown.contains("trying known changes, "), "{shown}");
}

#[test]
fn a_signature_of_the_whole_body_is_recognised() {
    let body = company().body();
    let (status, said) = explain(&body, &verifier().sign(&body));
    assert_eq!(status, 1);
    assert_data_eq!(
        said,
        str![[r#"
the whole body was signed instead of the value of `data`: have the bytes behind `"data":` in the body signed with their quotes and escapes; the first difference is at byte 0 of the body

"#]]
    );
}

#[test]
fn each_delivery_of_a_recording_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deliveries.jsonl");
    let file = file.to_str().unwrap();
    let mut listening = Listening::start(["--record", file]);
    cli(["send", "crm.company.created", "--to", &listening.url()]).assert().success();
    listening.line();
    let mut staging = cli(["send", "crm.company.created", "--to", &listening.url()]);
    staging.env("PANORA_WEBHOOK_SECRET", "another").assert().code(1);
    listening.line();
    assert_eq!(listening.interrupt(), 0);

    let mut command = cli(["explain", file]);
    let (status, said) = json_lines(command.env("PANORA_WEBHOOK_SECRET_STAGING", "another"));
    let causes: Vec<_> = said.iter().map(|line| line["causes"][0].as_str().unwrap()).collect();
    assert_eq!((status, &*causes), (1, &["match", "other_secret"][..]));
    assert_eq!((&said[0]["is_match"], &said[1]["is_match"]), (&true.into(), &false.into()));
    assert_eq!(fs::read_to_string(file).unwrap().lines().count(), 2);
}
