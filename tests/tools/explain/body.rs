//! The body: its encoding, missing parts, and the signed part.

use expect_test::expect;
use panora_hooks::testing::sample;

use crate::{OTHER, PAYLOAD, SECRET, START, assert_says, body, codes, explain, quote, sign};

const BOM: &str = "\u{feff}";

#[test]
fn a_signature_of_the_whole_body_is_explained() {
    let body = body(&quote(PAYLOAD));
    let explanation = explain(&body, sign(SECRET, &body));
    assert_eq!(explanation.offset(), Some(0));
    assert_says(
        &explanation,
        &expect![[r#"
            whole_body
            the whole body was signed instead of the value of `data`: have the bytes behind `"data":` in the body signed with their quotes and escapes; the first difference is at byte 0 of the body
        "#]],
    );
}

#[test]
fn a_signature_of_the_whole_body_with_a_change_is_explained() {
    let body = body(&quote(PAYLOAD));
    let explanation = explain(&body, sign(SECRET, &format!("{body}\n")));
    assert_eq!(explanation.offset(), Some(body.len()));
    assert_says(
        &explanation,
        &expect![[r#"
            whole_body + newline_lost
            the whole body was signed instead of the value of `data`, and the signed text ends with a newline that has not arrived: have the bytes behind `"data":` in the body signed with their quotes and escapes, and verify the bytes as they arrive instead of JSON that was parsed and written again; the first difference is at byte 209 of the body
        "#]],
    );

    for (arrived, signed, expected, offset) in [
        (format!("{body}\n"), body.clone(), "whole_body + newline_added", body.len()),
        (format!("{body}\r\n"), body.clone(), "whole_body + newline_added", body.len()),
        (format!("{BOM}{body}"), body.clone(), "byte_order_mark + whole_body", 0),
        (body.replace(",\"", ", \""), body.clone(), "whole_body + rewritten", START - 7),
    ] {
        let explanation = explain(&arrived, sign(SECRET, &signed));
        assert_eq!(codes(&explanation), expected);
        assert_eq!(explanation.offset(), Some(offset), "{expected}");
    }
}

/// Such a body is not a delivery, but a test by hand.
#[test]
fn a_signature_of_a_body_that_is_not_a_delivery_is_explained() {
    for body in ["{}", "[1]", "not JSON", "", "{\"data\":1,\"data\":2}"] {
        assert_eq!(codes(&explain(body, sign(SECRET, body))), "whole_body", "{body}");
    }
}

#[test]
fn a_signature_of_the_text_in_the_string_is_explained() {
    let explanation = explain(body(&quote(PAYLOAD)), sign(SECRET, PAYLOAD));
    assert_eq!(explanation.offset(), Some(START));
    assert_says(
        &explanation,
        &expect![[r#"
            data_encoded
            the text in `data` was signed but arrived in a string: have the bytes behind `"data":` in the body signed with their quotes and escapes; the first difference is at byte 40 of the body
        "#]],
    );
}

/// Some frameworks decode JSON inside JSON.
#[test]
fn a_string_that_was_decoded_on_the_way_is_explained() {
    let sample = sample("crm.contact.created").id("7197465d-5ae0-4d0e").set("first_name", "canary");
    let arrived = sample.clone().as_object().body();
    let explanation = explain(arrived, sign(SECRET, &sample.data()));
    assert_eq!(explanation.offset(), Some(START));
    assert_says(
        &explanation,
        &expect![[r#"
            data_decoded
            `data` was signed as a string but arrived decoded: verify the bytes as they arrive instead of JSON that was parsed and written again; the first difference is at byte 40 of the body
        "#]],
    );
}

#[test]
fn a_byte_order_mark_is_explained() {
    let data = quote(PAYLOAD);
    let explanation = explain(format!("{BOM}{}", body(&data)), sign(SECRET, &data));
    assert_eq!(explanation.offset(), Some(0));
    assert_says(
        &explanation,
        &expect![[r#"
            byte_order_mark
            the body begins with a byte order mark, which was not sent: have every program on the way pass on the body as bytes instead of text; the first difference is at byte 0 of the body
        "#]],
    );
    // A body with a byte order mark is refused, regardless of the signature.
    assert_eq!(codes(&explain(format!("{BOM}{}", body(&data)), sign(OTHER, "1"))), "byte_order_mark");
}

/// The position of the first non-ASCII character of [`PAYLOAD`] in a string.
const UMLAUT: usize = START + r#""{\"name\":\"canary-Zo"#.len();

#[test]
fn a_conversion_from_utf_8_to_latin_1_is_explained() {
    let payload = r#"{"name":"canary-Zoë","price":"5 €"}"#;
    let data = quote(payload);
    let mut arrived = Vec::new();
    // The key before `data` shifts the position.
    for c in body(&data).replacen('{', "{\"ë\":1,", 1).chars() {
        arrived.push(if c == '€' { 0x80 } else { u8::try_from(c).unwrap() });
    }
    let explanation = explain(&arrived, sign(SECRET, &data));
    assert_eq!(explanation.offset(), Some(UMLAUT + "{'x':1".len()));
    assert_says(
        &explanation,
        &expect![[r#"
            latin1
            the body was sent as UTF-8 but arrived as Latin-1: have every program on the way pass on the body as bytes instead of text; the first difference is at byte 68 of the body
        "#]],
    );
}

#[test]
fn a_second_encoding_as_utf_8_is_explained() {
    let data = quote(PAYLOAD);
    let arrived = |body: String| body.bytes().map(char::from).collect::<String>();
    let explanation = explain(arrived(body(&data)), sign(SECRET, &data));
    // `Ã` and `ë` begin with the same byte.
    assert_eq!(explanation.offset(), Some(UMLAUT + 1));
    assert_says(
        &explanation,
        &expect![[r#"
            encoded_twice
            the body was read as Latin-1 on the way and encoded as UTF-8 once more: have every program on the way pass on the body as bytes instead of text; the first difference is at byte 63 of the body
        "#]],
    );
    // With Windows-1252.
    let arrived = body(&data).replace('ë', "Ã«").replace('🚀', "ðŸš€");
    assert_eq!(codes(&explain(arrived, sign(SECRET, &data))), "encoded_twice");
    // The key before `data` shifts the position.
    let moved = body(&data).replacen('{', "{\"ë\":1,", 1);
    let moved: String = moved.bytes().map(char::from).collect();
    let explanation = explain(moved, sign(SECRET, &data));
    assert_eq!((codes(&explanation), explanation.offset()), ("encoded_twice".to_owned(), Some(UMLAUT + 10)));
}

/// Bodies that are refused regardless of the signature.
#[test]
fn bodies_that_are_not_deliveries_are_explained() {
    let signature = sign(SECRET, "1");
    let check = |body: &[u8], offset: Option<usize>| {
        let explanation = explain(body, &signature);
        assert_eq!(explanation.offset(), offset, "{explanation}");
        format!("{}: {explanation}\n", codes(&explanation))
    };
    let whole = body("1");
    let said = [
        check(b" ", None),
        check(&whole.as_bytes()[..50], Some(50)),
        check("\"é".as_bytes().split_last().unwrap().1, Some(2)),
        check(b"{\"\xff\":1}", Some(2)),
        check(b"not JSON", None),
        check(b"data=canary&type=x", None),
        check(b"[]", None),
        check(br#"{"id_event":"x","type":"y"}"#, None),
        check(br#"{"id_event":"x","data":1}"#, None),
        check(br#"{"data":1,"type":"y"}"#, None),
        check(br#"{"id_event":"x","data":1,"data":1,"type":"y"}"#, None),
        check(br#"{"id_event":"x","data":1,"type":"y","type":"z"}"#, None),
        check(br#"{"id_event":"x","data":1,"type":""}"#, None),
    ];
    expect![[r#"
        empty_body: the body is empty: look for code that reads it before the receiver does
        body_truncated: the body ends in the middle of its JSON: look for a limit to the size of bodies on the way; the first difference is at byte 50 of the body
        body_truncated: the body ends in the middle of its JSON: look for a limit to the size of bodies on the way; the first difference is at byte 2 of the body
        not_utf8: the body is not UTF-8: have every program on the way pass on the body as bytes instead of text; the first difference is at byte 2 of the body
        malformed_body: the body is not a JSON object with the texts `id_event` and `type`: compare it with a body from `panora_hooks::testing::sample`
        malformed_body: the body is not a JSON object with the texts `id_event` and `type`: compare it with a body from `panora_hooks::testing::sample`
        malformed_body: the body is not a JSON object with the texts `id_event` and `type`: compare it with a body from `panora_hooks::testing::sample`
        missing_key: the body has no `data`: compare it with a body from `panora_hooks::testing::sample`
        missing_key: the body has no `type`: upgrade the deployment if it is from before September 2024, when some bodies had none
        missing_key: the body has no `id_event`: compare it with a body from `panora_hooks::testing::sample`
        duplicate_key: the body has more than one `data`: compare it with a body from `panora_hooks::testing::sample`
        duplicate_key: the body has more than one `type`: compare it with a body from `panora_hooks::testing::sample`
        malformed_body: the body is not a JSON object with the texts `id_event` and `type`: compare it with a body from `panora_hooks::testing::sample`
    "#]].assert_eq(&said.concat());
}
