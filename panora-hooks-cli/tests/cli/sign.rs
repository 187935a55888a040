//! `sign` and `verify`.

use panora_hooks::testing::sample;

use crate::support::{SECRET, cli, json, json_lines, run, verifier};

#[test]
fn signatures_verify_from_a_file_and_from_the_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    for sample in [sample("crm.company.created"), sample("crm.contact.pulled").as_object()] {
        let (body, file) = (sample.body(), folder.path().join("body.json"));
        // Simulates an editor that adds a newline.
        std::fs::write(&file, body.clone() + "\n").unwrap();
        let file = file.to_str().unwrap();
        let signature = sample.signature(&verifier());
        cli(["sign"])
            .write_stdin(body.clone())
            .assert()
            .success()
            .stdout(signature.clone() + "\n")
            .stderr("");
        cli(["sign", file]).assert().success().stdout(signature.clone() + "\n");
        cli(["sign", "--data"])
            .write_stdin(sample.data() + "\n")
            .assert()
            .success()
            .stdout(signature.clone() + "\n");
        assert_eq!(json(&mut cli(["sign", file]))["signature"], *signature);
        cli(["verify", file, "--signature", &signature]).assert().success();
        cli(["verify", "--signature", &signature]).write_stdin(body).assert().success();
    }
}

#[test]
fn a_refusal_sets_the_exit_status_and_prints_the_reason() {
    let body = sample("crm.company.created").id("7e57ab1e").body();
    let verify = |signature: &str| {
        let mut command = cli(["verify", "--signature", signature]);
        command.write_stdin(body.clone());
        run(&mut command)
    };
    let mismatch = "7e57ab1e  refused: the signature does not match: other data was signed, or another secret was used\n";
    assert_eq!(verify(&"0".repeat(64)), (1, mismatch.to_owned(), String::new()));
    let malformed = "7e57ab1e  refused: the signature is not 64 lower-case hex digits\n";
    assert_eq!(verify(SECRET), (1, malformed.to_owned(), String::new()));
    let (status, lines) = json_lines(cli(["verify", "--signature", SECRET]).write_stdin(body.clone()));
    assert_eq!((status, &lines[0]["is_verified"], lines.len()), (1, &false.into(), 1));
}

#[test]
fn the_exit_status_does_not_depend_on_the_reader_of_the_output() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("forged.jsonl");
    let line = r#"{"recording":1,"received_at":"2026-11-24T10:00:00Z","method":"POST","target":"/","headers":[],"body":"{}"}"#;
    std::fs::write(&file, format!("{line}\n").repeat(5000)).unwrap();
    let script = format!(
        "{} verify {} | head -1; exit ${{PIPESTATUS[0]}}",
        env!("CARGO_BIN_EXE_panora-hooks"),
        file.display()
    );
    let status = std::process::Command::new("bash")
        .args(["-c", &script])
        .env("PANORA_WEBHOOK_SECRET", SECRET)
        .output();
    assert_eq!(status.unwrap().status.code(), Some(1));
}

#[test]
fn the_previous_secret_is_accepted() {
    let sample = sample("crm.company.created");
    let signature = sample.signature(&verifier());
    let mut command = cli(["verify", "--signature", &signature]);
    command.env("PANORA_WEBHOOK_SECRET", "another").write_stdin(sample.body());
    command.assert().code(1);
    command.env("PANORA_WEBHOOK_SECRET_PREVIOUS", SECRET).assert().success();
}
