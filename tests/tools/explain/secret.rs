//! The secret: the one that was used, and changes of it.

use expect_test::expect;
use panora_hooks::testing::sample;
use panora_hooks_cli::explain::{Cause, Explanation, KnownSecret};

use crate::{OTHER, SECRET, assert_says, codes, explain_with, sign};

/// Returns the explanation for a sender with one secret, and a receiver with others.
#[track_caller]
fn explain(sender: impl AsRef<[u8]>, receiver: &[(&str, &str)]) -> Explanation {
    let sample = sample("crm.contact.created").set("first_name", "canary");
    let explanation = explain_with(sample.body(), sign(sender, &sample.data()), receiver);
    assert_eq!(explanation.offset(), None);
    explanation
}

#[test]
fn another_known_secret_is_explained() {
    let explanation = explain(SECRET, &[("CURRENT", OTHER), ("PREVIOUS", SECRET)]);
    assert_eq!(explanation.cause(), &Cause::OtherSecret { name: "PREVIOUS".to_owned() });
    assert_says(
        &explanation,
        &expect![[r#"
            other_secret
            the signature was made with the secret `PREVIOUS` instead of the receiver's: give the receiver this secret or accept both with `Verifier::also_accept`
        "#]],
    );
    let blank = explain(SECRET, &[("CURRENT", ""), ("PREVIOUS", SECRET)]);
    assert_eq!(codes(&blank), "other_secret");
}

/// For example, while a secret is rotated.
#[test]
fn a_secret_that_is_also_accepted_is_not_a_cause() {
    let explain = |sender: &str, data: &str| {
        let known = [
            KnownSecret::new("CURRENT", OTHER),
            KnownSecret::new("PREVIOUS", SECRET).also_accepted(),
            KnownSecret::new("STAGING", "another"),
        ];
        let signature = sign(sender, &crate::quote(data));
        let body = crate::body(&crate::quote("[1]"));
        codes(&panora_hooks_cli::explain::explain(body.as_bytes(), [signature.as_bytes()], &known))
    };
    assert_eq!(explain(SECRET, "[1]"), "match");
    assert_eq!(explain(SECRET, "[1]\n"), "newline_lost");
    assert_eq!(explain(&format!("{SECRET}\n"), "[1]"), "secret_with_newline");
    assert_eq!(explain("another", "[1]"), "other_secret");
}

#[test]
fn a_name_cannot_forge_a_line() {
    let name = "B\nERROR \u{1b}[31m";
    let padded = format!("{SECRET}\n");
    let body = sample("crm.contact.created").body();
    for explanation in [
        explain(SECRET, &[("A", OTHER), (name, SECRET)]),
        explain(SECRET, &[(name, &padded)]),
        explain_with(body, SECRET, &[(name, SECRET)]),
    ] {
        assert!(explanation.to_string().contains(r"`B\nERROR \u{1b}[31m`"), "{explanation}");
    }
}

#[test]
fn a_newline_in_the_receivers_secret_is_explained() {
    assert_says(
        &explain(SECRET, &[("CURRENT", &format!("{SECRET}\n"))]),
        &expect![[r#"
        secret_trimmed
        the signature was made with the secret `CURRENT` without the white space at its ends: use the endpoint's `secret` as it is on both sides
    "#]],
    );
}

/// Each case lists the receiver's secret, the sender's secret, and the code of the change.
#[test]
fn every_known_change_of_a_secret_is_explained() {
    let prefixed = format!("whsec_{SECRET}");
    let own = || SECRET.to_owned();
    let texts = [
        (format!(" {SECRET}\r\n"), own(), "secret_trimmed"),
        (format!("{SECRET}\r"), own(), "secret_trimmed"),
        (format!(" {SECRET}\n"), format!(" {SECRET}"), "secret_trimmed"),
        (format!(" {SECRET}\n"), format!("{SECRET}\n"), "secret_trimmed"),
        (own(), format!("{SECRET}\n"), "secret_with_newline"),
        (format!("\"{SECRET}\""), own(), "secret_unquoted"),
        (format!("'{SECRET}'"), own(), "secret_unquoted"),
        (prefixed, own(), "secret_unprefixed"),
        ("c2VjcmV0LXRleHQ".to_owned(), "secret-text".to_owned(), "secret_from_base64"),
        ("whsec_c2VjcmV0LXRleHQ=".to_owned(), "secret-text".to_owned(), "secret_from_base64"),
    ];
    let texts = texts.map(|(receiver, sender, code)| (receiver, sender.into_bytes(), code));
    for (receiver, sender, code) in texts {
        let explanation = explain(&sender, &[("CURRENT", &receiver)]);
        assert_eq!(codes(&explanation), code, "{receiver}");
        assert!(explanation.to_string().contains("`CURRENT`"), "{explanation}");
        let other = explain(&sender, &[("CURRENT", OTHER), ("OTHER", &receiver)]);
        assert_eq!(codes(&other), format!("other_secret + {code}"), "{receiver}");
    }
}

/// The endpoint's secret is a UUID that Panora generates. Nothing is added to it before the sender
/// signs.
#[test]
fn implausible_changes_of_secrets_are_not_tried() {
    for sender in [
        format!("{SECRET} "),
        format!("\"{SECRET}\""),
        format!("whsec_{SECRET}"),
        SECRET.to_uppercase(),
        SECRET.replace('-', ""),
    ] {
        assert_eq!(codes(&explain(&sender, &[("CURRENT", SECRET)])), "unexplained", "{sender}");
    }
}

#[test]
fn an_unchanged_secret_comes_before_a_changed_one() {
    let padded = format!("{SECRET}\n");
    let explanation = explain(SECRET, &[("CURRENT", &padded), ("OTHER", SECRET)]);
    assert_eq!(explanation.cause(), &Cause::OtherSecret { name: "OTHER".to_owned() });
}

#[test]
fn an_unknown_secret_is_unexplained() {
    assert_says(
        &explain("canary-unknown", &[("CURRENT", SECRET)]),
        &expect![[r#"
            unexplained
            no known change explains the signature: another secret was used, or the data was changed: compare the secret with those of all endpoints that have this URL, and then the body with what was sent
        "#]],
    );
}
