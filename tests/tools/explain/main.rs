//! The explanations of deliveries that were changed in the ways that occur in practice.

#![allow(clippy::needless_raw_string_hashes, reason = "`expect-test` writes them")]

mod body;
mod header;
mod limits;
mod order;
mod rewritten;
mod secret;
mod wrapped;

use expect_test::Expect;
use panora_hooks::Verifier;
use panora_hooks_cli::explain::{Cause, Explanation, KnownSecret};

const SECRET: &str = "f1f9a1c6-1c57-4a6b-a5b8-2c1f42f2a1de";

const OTHER: &str = "0d1f3c52-7a64-4f0e-9b0a-6a1c5d1b7e90";

/// A payload that every serializer writes in its own way.
const PAYLOAD: &str = r#"{"name":"canary-Zoë 🚀","site":"https://a.example/?<b>&c='d'","sum":1500,"much":1e+21,"tags":["x",{}],"add":"1+1"}"#;

/// Returns a text as a JSON string, in the sender's notation.
fn quote(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

fn sign(secret: impl AsRef<[u8]>, text: &str) -> String {
    Verifier::new(secret).unwrap().sign(text)
}

/// Returns a body as the sender makes it, with this JSON text as `data`.
fn body(data: &str) -> String {
    format!(r#"{{"id_event":"7197465d-5ae0-4d0e","data":{data},"type":"crm.contact.created"}}"#)
}

/// The position of the data in such a body.
const START: usize = r#"{"id_event":"7197465d-5ae0-4d0e","data":"#.len();

/// Returns the position in the body of the first byte that differs from the signed text.
fn difference(arrived: &str, signed: &str) -> usize {
    START + arrived.bytes().zip(signed.bytes()).take_while(|(arrived, signed)| arrived == signed).count()
}

/// Returns the explanation with one secret, `PANORA_SECRET`.
#[track_caller]
fn explain(body: impl AsRef<[u8]>, signature: impl AsRef<[u8]>) -> Explanation {
    explain_with(body, signature, &[("PANORA_SECRET", SECRET)])
}

/// Returns the explanation, and checks that it leaks nothing.
#[track_caller]
fn explain_with(
    body: impl AsRef<[u8]>,
    signature: impl AsRef<[u8]>,
    secrets: &[(&str, &str)],
) -> Explanation {
    let known: Vec<_> = secrets.iter().map(|(name, secret)| KnownSecret::new(*name, *secret)).collect();
    let signature = signature.as_ref();
    let explanation = panora_hooks_cli::explain::explain(body.as_ref(), Some(signature), &known);

    let said = format!("{explanation}\n{explanation:?}\n{known:?}").to_lowercase();
    let signature = String::from_utf8_lossy(signature);
    let secrets = secrets.iter().map(|(_, secret)| *secret);
    for forbidden in secrets.chain([&*signature, "canary"]) {
        let forbidden = forbidden.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        // Short texts occur anywhere.
        assert!(forbidden.len() < 6 || !said.contains(&forbidden), "`{forbidden}` is in: {said}");
    }
    assert!(!said.contains("  ") && !explanation.to_string().contains(['\n', '\r']), "{said}");
    explanation
}

/// Returns the codes of the causes, joined by ` + `.
fn codes(explanation: &Explanation) -> String {
    explanation.causes().map(Cause::as_str).collect::<Vec<_>>().join(" + ")
}

/// Compares the causes and the sentence.
#[track_caller]
fn assert_says(explanation: &Explanation, expected: &Expect) {
    expected.assert_eq(&format!("{}\n{explanation}\n", codes(explanation)));
}
