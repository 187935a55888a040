//! The header: its content, and the notation of signatures.

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD},
};
use expect_test::expect;
use panora_hooks::testing::sample;
use panora_hooks_cli::explain::{Cause, KnownSecret};

use crate::{OTHER, SECRET, assert_says, codes, explain, explain_with, sign};

/// Returns a body and its signature.
fn delivery() -> (String, String) {
    let sample = sample("crm.contact.created").id("x").set("first_name", "canary");
    (sample.body(), sign(SECRET, &sample.data()))
}

#[test]
fn a_matching_signature_is_reported_as_a_match() {
    let (body, signature) = delivery();
    let explanation = explain(&body, &signature);
    assert!(explanation.is_match());
    assert_eq!((explanation.cause(), explanation.offset()), (&Cause::Match, None));
    assert_says(
        &explanation,
        &expect![[r#"
        match
        the signature matches: the receiver's secret signed `data` as it arrived
    "#]],
    );

    let other = explain(&body, sign(OTHER, "1"));
    assert!(!other.is_match());
}

#[test]
fn a_missing_header_is_explained() {
    let (body, _) = delivery();
    let explanation = panora_hooks_cli::explain::explain(body.as_bytes(), None, &[]);
    assert_says(
        &explanation,
        &expect![[r#"
            no_signature
            the header `Panora-Signature` is missing: look for a proxy that drops it or upgrade a deployment from before December 2023
        "#]],
    );
}

#[test]
fn two_headers_are_explained() {
    let (body, signature) = delivery();
    let known = [KnownSecret::new("A", SECRET)];
    let signatures = [signature.as_bytes(), signature.as_bytes()];
    assert_says(
        &panora_hooks_cli::explain::explain(body.as_bytes(), signatures, &known),
        &expect![[r#"
            two_signatures
            there is more than one header `Panora-Signature`: look for a program on the way that adds one
        "#]],
    );
}

#[test]
fn a_missing_secret_is_explained() {
    let (body, signature) = delivery();
    assert_says(
        &explain_with(&body, &signature, &[]),
        &expect![[r#"
        no_secret
        there is no secret to verify with: give the `secret` of the webhook endpoint
    "#]],
    );
    assert_eq!(codes(&explain_with(&body, &signature, &[("A", ""), ("B", " \n")])), "no_secret");
    // Even if the sender has the blank secret.
    assert_eq!(codes(&explain_with(&body, "", &[("A", "")])), "no_secret");
}

#[test]
fn the_secret_in_place_of_a_signature_is_explained() {
    let (body, _) = delivery();
    assert_says(
        &explain(&body, SECRET),
        &expect![[r#"
            secret_as_signature
            the signature is the secret `PANORA_SECRET` itself: refuse it and upgrade the deployment, which is from before July 2024
        "#]],
    );
    assert_eq!(codes(&explain_with(&body, SECRET, &[("A", &format!("{SECRET}\n"))])), "secret_as_signature");
    assert_eq!(codes(&explain(&body, format!(" {SECRET}\r\n"))), "secret_as_signature");
    let other = explain_with(&body, SECRET, &[("A", OTHER), ("B", SECRET)]);
    assert_eq!(other.cause(), &Cause::SecretAsSignature { name: "B".to_owned() });
}

/// The deployment sends the secret itself, and the receiver has another one.
#[test]
fn an_unknown_secret_in_place_of_a_signature_is_explained() {
    let (body, _) = delivery();
    assert_says(
        &explain(&body, OTHER),
        &expect![[r#"
        unknown_secret_as_signature
        the header `Panora-Signature` holds a UUID, perhaps the secret itself, but none of the known secrets: upgrade the deployment if it is from before July 2024, and compare the secret with the endpoint's
    "#]],
    );
    for header in [SECRET.to_uppercase(), format!(" {OTHER}\n")] {
        assert_eq!(codes(&explain(&body, header)), "unknown_secret_as_signature");
    }
}

#[test]
fn a_header_without_a_signature_is_explained() {
    let (body, signature) = delivery();
    assert_says(
        &explain(&body, "canary-junk"),
        &expect![[r#"
        not_a_signature
        the header `Panora-Signature` holds nothing like 64 hex digits: look for a program on the way that sets the header
    "#]],
    );
    for junk in ["", " ", "=", "sha256=", "0x", "é", &signature[..7], &SECRET[..30], "t=1700000"] {
        assert_eq!(codes(&explain(&body, junk)), "not_a_signature", "{junk}");
    }
    assert_eq!(codes(&explain(&body, b"\xff\xfe\x00")), "not_a_signature");
}

#[test]
fn upper_case_digits_are_explained() {
    let (body, signature) = delivery();
    assert_says(
        &explain(&body, signature.to_uppercase()),
        &expect![[r#"
            signature_upper_case
            the signature is written with upper-case hex digits: have it written as 64 lower-case hex digits and nothing else
        "#]],
    );
}

#[test]
fn white_space_around_a_signature_is_explained() {
    let (body, signature) = delivery();
    assert_says(
        &explain(&body, format!(" {signature}\r\n")),
        &expect![[r#"
            signature_padded
            the signature has white space around it: have it written as 64 lower-case hex digits and nothing else
        "#]],
    );
}

#[test]
fn prefixes_of_a_signature_are_explained() {
    let (body, signature) = delivery();
    assert_says(
        &explain(&body, format!("sha256={signature}")),
        &expect![[r#"
            signature_prefixed
            the signature follows a prefix: have it written as 64 lower-case hex digits and nothing else
        "#]],
    );
    for prefix in ["v1=", "t=1700000000,v1=", "sha256:", "HMAC-SHA256 ", "v0,", "0x"] {
        assert_eq!(codes(&explain(&body, format!("{prefix}{signature}"))), "signature_prefixed", "{prefix}");
    }
}

#[test]
fn a_signature_in_base64_is_explained() {
    // With both characters in which the alphabets differ.
    let encoded = (0..).find_map(|number| {
        let body = crate::body(&format!("{number}"));
        let signature = sign(SECRET, &format!("{number}"));
        let bytes = (0..64).step_by(2).map(|at| u8::from_str_radix(&signature[at..at + 2], 16).unwrap());
        let bytes: Vec<_> = bytes.collect();
        let text = BASE64_STANDARD.encode(&bytes);
        (text.contains('+') && text.contains('/')).then_some((body, signature, bytes))
    });
    let (body, signature, bytes) = encoded.unwrap();
    assert_says(
        &explain(&body, BASE64_STANDARD.encode(&bytes)),
        &expect![[r#"
            signature_base64
            the signature is written in base64: have it written as 64 lower-case hex digits and nothing else
        "#]],
    );
    for engine in [&BASE64_STANDARD_NO_PAD, &BASE64_URL_SAFE, &BASE64_URL_SAFE_NO_PAD] {
        assert_eq!(codes(&explain(&body, engine.encode(&bytes))), "signature_base64");
    }
    assert_eq!(codes(&explain(&body, BASE64_STANDARD.encode(&signature))), "signature_base64");
    assert_eq!(
        codes(&explain(&body, format!("sha256={}", BASE64_STANDARD.encode(&bytes)))),
        "signature_prefixed + signature_base64"
    );
}

/// No program on the way cuts a header or adds to it, and a part of a signature proves nothing.
#[test]
fn a_part_of_a_signature_and_a_signature_with_more_are_not_signatures() {
    let (body, signature) = delivery();
    // 43 characters can be base64 of 32 bytes.
    for length in (0..64).filter(|length| *length != 43) {
        assert_eq!(codes(&explain(&body, &signature[..length])), "not_a_signature", "{length}");
    }
    for rest in ["0", "00", "\"", ";canary", ", another", &signature] {
        let extended = format!("{signature}{rest}");
        assert_eq!(codes(&explain(&body, extended)), "not_a_signature", "{rest}");
    }
}

#[test]
fn several_changes_of_a_header_are_explained() {
    let (body, signature) = delivery();
    let written = format!(" sha256={}\n", signature.to_uppercase());
    assert_says(
        &explain_with(&body, written, &[("A", OTHER), ("B", SECRET)]),
        &expect![[r#"
            other_secret + signature_padded + signature_prefixed + signature_upper_case
            the signature was made with the secret `B` instead of the receiver's, the signature has white space around it, the signature follows a prefix, and the signature is written with upper-case hex digits: give the receiver this secret or accept both with `Verifier::also_accept`, and have it written as 64 lower-case hex digits and nothing else
        "#]],
    );
}
