//! The limits of explanations, and their cost.

use expect_test::expect;
use panora_hooks::{Verifier, testing::Sample};
use proptest::{collection::vec, prelude::*};

use crate::{
    OTHER, PAYLOAD, SECRET, body, codes, explain, explain_with, quote, rewritten::indented,
    rewritten::written, sign,
};

#[test]
fn a_changed_value_is_not_explained_away() {
    for (was, is) in [
        ("1500", "1501"),
        ("1500", "\"1500\""),
        ("1500", "15e3"),
        ("Zoë", "zoë"),
        ("Zoë", "Zoe"),
        ("canary-", "canary-\\n"),
        ("canary-", "\\ufeffcanary-"),
        ("\"sum\":1500,", ""),
        ("\"sum\":1500,", "\"sum\":1500,\"more\":null,"),
        ("\"sum\"", "\"Sum\""),
        ("[\"x\",{}]", "[{},\"x\"]"),
        ("{}", "[]"),
        ("{}", "null"),
    ] {
        let changed = PAYLOAD.replacen(was, is, 1);
        assert_ne!(changed, PAYLOAD);
        for (arrived, signed) in [(&changed, PAYLOAD), (&PAYLOAD.to_owned(), &changed)] {
            let in_string = explain(body(&quote(arrived)), sign(SECRET, &quote(signed)));
            assert_eq!(codes(&in_string), "unexplained", "{was} became {is}");
            let as_object = explain(body(arrived), sign(SECRET, signed));
            assert_eq!(codes(&as_object), "unexplained", "{was} became {is}");
        }
    }
}

/// `type` and `id_event` are not signed, so they cannot explain a mismatch.
#[test]
fn unsigned_parts_do_not_matter() {
    let data = quote(PAYLOAD);
    let changed = body(&data).replace("crm.contact.created", "crm.deal.push").replace("7197465d", "x");
    assert!(explain(changed, sign(SECRET, &data)).is_match());
}

#[test]
fn deep_and_large_values_are_handled() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let objects = format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    let number = format!("-{}.{}e{}", "9".repeat(5_000), "9".repeat(5_000), "9".repeat(400));
    let halves = r#"{"\ud800":"\udfff"}"#.to_owned();
    for data in [deep, objects, number, halves] {
        for data in [quote(&data), data] {
            assert!(explain(body(&data), sign(SECRET, &data)).is_match());
            assert_eq!(codes(&explain(body(&data), sign(SECRET, "1"))), "unexplained");
            assert_eq!(codes(&explain(body(&data), sign(SECRET, &format!("{data}\n")))), "newline_lost");
            assert_eq!(codes(&explain(&data, sign(SECRET, &data))), "whole_body");
        }
    }
}

/// Returns a list of rows that every serializer writes in its own way.
fn large() -> String {
    let rows = vec![PAYLOAD; 1_000_000 / PAYLOAD.len()];
    format!("[{}]", rows.join(","))
}

#[test]
fn the_search_in_a_large_body_ends() {
    let keys: Vec<_> = (0..60_000).map(|key| format!("\"key{key}\":0")).collect();
    let keys = format!("{{{}}}", keys.join(","));
    let spaces = " ".repeat(1_000_000) + "1";
    let nested = "[".repeat(500_000) + &"]".repeat(500_000);
    let mut said = Vec::new();
    for data in [quote(&large()), keys, spaces, nested] {
        let secrets = [("A", SECRET), ("B", OTHER), ("C", "one-more-secret")];
        let explanation = explain_with(body(&data), sign("canary-unknown", "1"), &secrets);
        said.push(explanation.to_string());
        assert_eq!(codes(&explanation), "unexplained");
    }
    // Some changes were not tried.
    expect!["none of the changes that there was time for explains the signature: try again with the one secret of the endpoint, and then compare the body with what was sent"].assert_eq(&said[0]);
}

/// The body must not be blamed if there are many secrets.
#[test]
fn the_search_with_many_secrets_ends() {
    let names: Vec<_> = (0..400).map(|number| format!("{number}")).collect();
    let secrets: Vec<_> = names.iter().map(|name| ("NAME", &**name)).collect();
    let explanation = explain_with(body(&quote(PAYLOAD)), sign("canary-unknown", "1"), &secrets);
    expect!["none of the changes that there was time for explains the signature: try again with the one secret of the endpoint, and then compare the body with what was sent"].assert_eq(&explanation.to_string());
}

/// Every single change is tried, even the last one.
#[test]
fn a_large_body_is_explained() {
    let payload = large();
    let python = payload.replace('ë', "\\u00eb").replace('🚀', "\\ud83d\\ude80");
    let explanation = explain(body(&quote(&python)), sign(SECRET, &quote(&payload)));
    assert_eq!(codes(&explanation), "rewritten");
    let explanation = explain(body(&quote(&payload)), sign(format!("{SECRET}\n"), &quote(&payload)));
    assert_eq!(codes(&explanation), "secret_with_newline");
    for body in [body(&payload), body(&quote(&payload))] {
        assert_eq!(codes(&explain(&body, sign(SECRET, &body))), "whole_body");
    }
}

/// A program decodes a list of several megabytes, writes it again, and may sort it. There is no
/// time for every combination of three changes, but there is for these.
#[test]
fn a_very_large_body_is_explained_as_a_program_leaves_it() {
    let list = |row: &str| format!("[{}]", vec![row; 2_000_000 / PAYLOAD.len()].join(","));
    let signed = quote(&list(PAYLOAD));
    for writing in ["Python's `json.dumps`", "Python's `json.dumps` with `indent=2`"] {
        let (_, row) = written().into_iter().chain(indented()).find(|(known, _)| *known == writing).unwrap();
        let explanation = explain(body(&list(&row)), sign(SECRET, &signed));
        assert_eq!(codes(&explanation), "data_decoded + rewritten", "{writing}");
    }
    let secrets = [("CURRENT", OTHER), ("OTHER", SECRET)];
    let decoded = explain_with(body(&list(&written()[0].1)), sign(SECRET, &signed), &secrets);
    assert_eq!(codes(&decoded), "data_decoded + rewritten + other_secret");
    let (arrived, signed) = (
        list(r#"{"first_name":"Ada","id_crm_contact":1,"mapped":{"a":1,"b":2}}"#),
        list(r#"{"id_crm_contact":1,"first_name":"Ada","mapped":{"a":1,"b":2}}"#),
    );
    let sorted = body(&arrived).replace("crm.contact.created", "crm.contact.pulled");
    assert_eq!(codes(&explain(sorted, sign(SECRET, &quote(&signed)))), "data_decoded + reordered");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// For any input, nothing panics and nothing leaks ([`explain_with`] checks that).
    #[test]
    fn arbitrary_bytes_neither_panic_nor_leak(
        body in vec(any::<u8>(), 0..100),
        signature in vec(any::<u8>(), 0..100),
        secret in "canary-[ -~]{8,20}",
    ) {
        let explanation = explain_with(body, signature, &[("A", &secret)]);
        prop_assert!(!explanation.is_match());
    }

    /// A changed delivery matches if and only if a receiver accepts it.
    #[test]
    fn a_mangled_delivery_matches_only_if_a_receiver_accepts_it(
        at in 0..120_usize,
        removed in 0..5_usize,
        put in prop_oneof![vec(any::<u8>(), 0..4), "[\\[\\]{}\",:\\\\ 0-9ue.+-]{0,6}".prop_map(String::into_bytes)],
        is_object: bool,
        written in prop_oneof![Just(""), Just("sha256="), Just(" "), Just("A")],
        other: bool,
    ) {
        let sample = Sample::new("crm.stage.pulled", serde_json::json!([{"name": "canary \"ë\"", "sum": 1.5}]));
        let sample = if is_object { sample.as_object() } else { sample };
        let verifier = Verifier::new(if other { OTHER } else { SECRET }).unwrap();
        let signature = format!("{written}{}", sample.signature(&verifier));
        let mut body = sample.body().into_bytes();
        let at = at.min(body.len());
        body.splice(at..(at + removed).min(body.len()), put);
        let explanation = explain_with(&body, &signature, &[("A", SECRET), ("B", OTHER)]);
        let is_accepted = Verifier::new(SECRET).unwrap().verify(&body, &signature).is_ok();
        prop_assert_eq!(explanation.is_match(), is_accepted);
        prop_assert!(explanation.offset().is_none_or(|offset| offset <= body.len()));
    }
}
