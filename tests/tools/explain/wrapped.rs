//! Bodies that arrive inside something else, and their explanations.

use base64::{Engine, prelude::*};
use expect_test::expect;
use panora_hooks_cli::{
    explain::{KnownSecret, explain_recorded},
    recording::Recorded,
};
use serde_json::json;

use crate::{OTHER, PAYLOAD, SECRET, assert_says, body, codes, explain, explain_with, quote, sign};

fn sent() -> (String, String) {
    let data = quote(PAYLOAD);
    (body(&data), sign(SECRET, &data))
}

fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(to_bytes).collect()
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat()
}

#[test]
fn the_wrapping_of_a_body_is_recognised() {
    let (body, signature) = sent();
    let base64 = BASE64_STANDARD.encode(&body);
    let lines: Vec<_> = base64.as_bytes().chunks(76).map(|line| str::from_utf8(line).unwrap()).collect();
    let object: serde_json::Value = serde_json::from_str(&body).unwrap();
    let mut gzip = b"\x1f\x8b\x08\0\0\0\0\0".to_vec();
    gzip.extend(body.as_bytes());
    for (code, arrived) in [
        ("compressed", gzip.clone()),
        ("compressed", b"\x78\x9c\xab\x56".to_vec()),
        ("compressed", b"\x78\xda\xab\x56".to_vec()),
        ("compressed", b"\x28\xb5\x2f\xfd\x04".to_vec()),
        ("base64", base64.clone().into_bytes()),
        ("base64", lines.join("\r\n").into_bytes()),
        ("base64", BASE64_URL_SAFE_NO_PAD.encode(&body).into_bytes()),
        ("base64", format!("{base64}\n").into_bytes()),
        ("base64 + compressed", BASE64_STANDARD.encode(&gzip).into_bytes()),
        (
            "wrapped",
            json!({ "httpMethod": "POST", "body": body, "isBase64Encoded": false }).to_string().into(),
        ),
        ("wrapped", json!({ "body": base64, "isBase64Encoded": true }).to_string().into()),
        ("wrapped", json!({ "Records": [{ "messageId": "1", "body": body }] }).to_string().into()),
        ("wrapped", json!({ "Type": "Notification", "Message": body }).to_string().into()),
        ("wrapped", json!({ "message": { "data": base64 } }).to_string().into()),
        ("wrapped", json!({ "payload": object }).to_string().into()),
        ("wrapped", format!(" [ {body} ]\n").into_bytes()),
        ("wrapped + compressed", json!({ "body": BASE64_STANDARD.encode(&gzip) }).to_string().into()),
        ("body_as_string", quote(&body).into_bytes()),
        ("body_as_string", quote(&base64).into_bytes()),
        ("form_encoded", format!("payload={}", percent(&body)).into_bytes()),
        ("form_encoded", format!("a=b&body={}&c=d", percent(&body).to_lowercase()).into_bytes()),
        ("form_encoded", format!("{body}=").into_bytes()),
        ("form_encoded", format!("{}=", percent(&body)).into_bytes()),
        ("utf16", utf16(&format!("\u{feff}{body}"), u16::to_le_bytes)),
        ("utf16", utf16(&format!("\u{feff}{body}"), u16::to_be_bytes)),
        ("utf16", utf16(&body, u16::to_le_bytes)),
        ("match", format!("{body}\r\n").into_bytes()),
    ] {
        let shown = String::from_utf8_lossy(&arrived).into_owned();
        assert_eq!(codes(&explain(arrived, &signature)), code, "{shown}");
    }
    let marked = explain(format!("\u{feff}{body}"), &signature);
    assert_eq!(codes(&marked), "byte_order_mark");
}

#[test]
fn the_sentence_says_how_to_pass_on_the_body() {
    let (body, signature) = sent();
    let gateway = json!({ "body": BASE64_STANDARD.encode(&body), "isBase64Encoded": true }).to_string();
    assert_says(
        &explain(&gateway, &signature),
        &expect![[r"
            wrapped
            the body arrived inside another JSON object or list: verify the text inside, decoded once, instead of its wrapping
        "]],
    );
    let secrets = [("CURRENT", OTHER), ("PREVIOUS", SECRET)];
    assert_says(
        &explain_with(&gateway, &signature, &secrets),
        &expect![[r"
            wrapped + other_secret
            the body arrived inside another JSON object or list, and the signature was made with the secret `PREVIOUS` instead of the receiver's: verify the text inside, decoded once, instead of its wrapping, and give the receiver this secret or accept both with `Verifier::also_accept`
        "]],
    );
    assert_says(
        &explain(b"\x1f\x8b\x08", &signature),
        &expect![[r"
            compressed
            the body arrived compressed with gzip: have it passed on as it was sent, or decompress it before it is verified
        "]],
    );
}

#[test]
fn the_header_of_a_recording_identifies_compression_without_a_magic_number() {
    let (body, signature) = sent();
    let explain = |encoding: &str, body: &[u8]| {
        let headers = vec![
            ("panora-signature".to_owned(), signature.clone().into_bytes()),
            ("content-encoding".to_owned(), encoding.as_bytes().to_vec()),
        ];
        let recorded = Recorded::new("POST", "/", headers, body.to_vec());
        codes(&explain_recorded(&recorded, &[KnownSecret::new("A", SECRET)]))
    };
    for encoding in ["br", "BR", "gzip", "x-gzip", "gzip, br", "zstd", "deflate"] {
        assert_eq!(explain(encoding, b"\x0b\x80\xff\xfe\xc3\x28"), "compressed", "{encoding}");
        // The body was decompressed on the way, but the header was kept.
        assert_eq!(explain(encoding, body.as_bytes()), "match", "{encoding}");
    }
    assert_eq!(explain("identity", b"\x0b\x80\xff\xfe\xc3\x28"), "not_utf8");
}

#[test]
fn other_bodies_are_not_unwrapped() {
    let (_, signature) = sent();
    for (code, arrived) in [
        ("malformed_body", "name=value&other=more"),
        ("missing_key", r#"{"body":"{}"}"#),
        ("missing_key", r#"{"a":{"b":{"c":[1,"e30="]}}}"#),
        ("malformed_body", "e30="),
        ("malformed_body", r#""text""#),
        ("malformed_body", "--\r\n\r\n"),
        ("malformed_body", "--x1\r\n\r\n{}\r\n--x1--\r\n"),
        ("malformed_body", "%%%=%"),
        ("malformed_body", "[[[[[[[[1]]]]]]]]"),
    ] {
        assert_eq!(codes(&explain(arrived, &signature)), code, "{arrived}");
    }
}
