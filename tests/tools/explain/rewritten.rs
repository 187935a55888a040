//! Rewritten JSON.

use expect_test::expect;
use panora_hooks_cli::explain::Cause;

use crate::{
    OTHER, PAYLOAD, SECRET, assert_says, body, codes, difference, explain, explain_with, quote, sign,
};

/// Python 3.11: `json.dumps(json.loads(body))`.
#[test]
fn a_body_that_python_has_rewritten_is_explained() {
    let data = quote(PAYLOAD);
    let arrived = data.replace('ë', "\\u00eb").replace('🚀', "\\ud83d\\ude80");
    let body = format!(r#"{{"id_event": "7197465d", "data": {arrived}, "type": "crm.contact.created"}}"#);
    let explanation = explain(&body, sign(SECRET, &data));
    assert_eq!(explanation.cause(), &Cause::Rewritten { writing: "`JSON.stringify`" });
    assert_eq!(explanation.offset(), body.find("\\u00eb"));
    assert_says(
        &explanation,
        &expect![[r#"
            rewritten
            JSON was signed as `JSON.stringify` writes it but arrived in another notation: verify the bytes as they arrive instead of JSON that was parsed and written again; the first difference is at byte 55 of the body
        "#]],
    );
}

/// Returns the output of each serializer: of Python 3.11 and Node 20 as printed, of PHP, Go, Gson
/// and .NET as documented.
pub(crate) fn written() -> Vec<(&'static str, String)> {
    let ascii = |text: &str| text.replace('ë', "\\u00eb").replace('🚀', "\\ud83d\\ude80");
    let slashes = |text: &str| text.replace('/', "\\/");
    let html = |text: &str| text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    let spaced = r#"{"name": "canary-Zoë 🚀", "site": "https://a.example/?<b>&c='d'", "sum": 1500, "much": 1e+21, "tags": ["x", {}], "add": "1+1"}"#;
    let sorted = r#"{"add":"1+1","much":1e+21,"name":"canary-Zoë 🚀","site":"https://a.example/?<b>&c='d'","sum":1500,"tags":["x",{}]}"#;
    let gson = html(PAYLOAD).replace('=', "\\u003d").replace('\'', "\\u0027");
    let net = ascii(PAYLOAD).replace("\\u00eb", "\\u00EB").replace("\\ud83d\\ude80", "\\uD83D\\uDE80");
    let net = net.replace('<', "\\u003C").replace('>', "\\u003E").replace('&', "\\u0026");
    let net = net.replace('\'', "\\u0027").replace("1+1", "1\\u002B1");
    vec![
        ("Python's `json.dumps`", ascii(spaced)),
        ("Python's `json.dumps` with `ensure_ascii=False`", spaced.to_owned()),
        ("Python's `json.dumps` with `separators=(',', ':')`", ascii(PAYLOAD)),
        ("PHP's `json_encode`", slashes(&ascii(PAYLOAD))),
        ("PHP's `json_encode` with `JSON_UNESCAPED_UNICODE`", slashes(PAYLOAD)),
        ("Go's `json.Marshal` of a map", html(sorted)),
        ("Go's `json.Marshal` or Rails' `to_json`", html(PAYLOAD)),
        ("Java's Gson", gson),
        (".NET's `JsonSerializer`", net),
    ]
}

/// Returns the same with indentation, which only programs on the way add: no sender signs it.
pub(crate) fn indented() -> Vec<(&'static str, String)> {
    let ascii = |text: &str| text.replace('ë', "\\u00eb").replace('🚀', "\\ud83d\\ude80");
    let slashes = |text: &str| text.replace('/', "\\/");
    let lines = "{\n\t\"name\": \"canary-Zoë 🚀\",\n\t\"site\": \"https://a.example/?<b>&c='d'\",\n\t\"sum\": 1500,\n\t\"much\": 1e+21,\n\t\"tags\": [\n\t\t\"x\",\n\t\t{}\n\t],\n\t\"add\": \"1+1\"\n}";
    let indented = |indent: &str| lines.replace('\t', indent);
    vec![
        ("Python's `json.dumps` with `indent=2`", ascii(&indented("  "))),
        ("Python's `json.dumps` with `indent=4`", ascii(&indented("    "))),
        ("PHP's `json_encode` with `JSON_PRETTY_PRINT`", slashes(&ascii(&indented("    ")))),
        ("`JSON.stringify` with 2 spaces", indented("  ")),
        ("`JSON.stringify` with 4 spaces", indented("    ")),
        ("`JSON.stringify` with tabs", lines.to_owned()),
    ]
}

/// A program on the way has written the data in the sender's notation.
#[test]
fn data_that_other_programs_signed_is_explained() {
    for (writing, signed) in written() {
        let explanation = explain(body(PAYLOAD), sign(SECRET, &signed));
        assert_eq!(explanation.cause(), &Cause::Rewritten { writing });
        assert_eq!(codes(&explanation), "rewritten", "{writing}");
        assert_eq!(explanation.offset(), Some(difference(PAYLOAD, &signed)), "{writing}");

        let (arrived, signed) = (quote(PAYLOAD), quote(&signed));
        let explanation = explain(body(&arrived), sign(SECRET, &signed));
        assert_eq!(explanation.cause(), &Cause::Rewritten { writing }, "in a string");
        assert_eq!(explanation.offset(), Some(difference(&arrived, &signed)), "{writing}");
    }
    let explanation = explain(body(PAYLOAD), sign(SECRET, &written()[0].1));
    assert_says(
        &explanation,
        &expect![[r#"
            rewritten
            JSON was signed as Python's `json.dumps` writes it but arrived in another notation: have the bytes behind `"data":` in the body signed with their quotes and escapes; the first difference is at byte 48 of the body
        "#]],
    );
}

/// PHP's `json_encode(json_encode($payload))`, and Python's `json.dumps` of a text that JavaScript
/// wrote.
#[test]
fn a_rewritten_string_is_explained() {
    let written = written();
    let (_, php) = written.iter().find(|(writing, _)| *writing == "PHP's `json_encode`").unwrap();
    let escaped = quote(PAYLOAD).replace('ë', "\\u00eb").replace('🚀', "\\ud83d\\ude80");
    for (writing, signed) in
        [("PHP's `json_encode`", quote(php).replace('/', "\\/")), ("Python's `json.dumps`", escaped)]
    {
        let explanation = explain(body(&quote(PAYLOAD)), sign(SECRET, &signed));
        assert_eq!(explanation.cause(), &Cause::Rewritten { writing });
        assert_eq!(codes(&explanation), "rewritten");
        assert_eq!(explanation.offset(), Some(difference(&quote(PAYLOAD), &signed)));
    }
}

/// The sender signed its own notation, and a program on the way rewrote it.
#[test]
fn data_that_other_programs_have_rewritten_is_explained() {
    for (writing, arrived) in written().into_iter().chain(indented()) {
        if writing == "Go's `json.Marshal` of a map" {
            // The order is lost.
            continue;
        }
        let explanation = explain(body(&arrived), sign(SECRET, PAYLOAD));
        assert_eq!(codes(&explanation), "rewritten", "{writing}");
        assert_eq!(explanation.cause(), &Cause::Rewritten { writing: "`JSON.stringify`" });
        assert_eq!(explanation.offset(), Some(difference(&arrived, PAYLOAD)), "{writing}");

        // The text inside the string was rewritten.
        let (arrived, signed) = (quote(&arrived), quote(PAYLOAD));
        let explanation = explain(body(&arrived), sign(SECRET, &signed));
        assert_eq!(codes(&explanation), "rewritten", "{writing}, in a string");
        assert_eq!(explanation.offset(), Some(difference(&arrived, &signed)), "{writing}");
    }
}

/// Numbers, escapes and duplicate keys in a notation that JavaScript does not use.
#[test]
fn rewritten_numbers_are_explained() {
    for (arrived, signed) in [
        (r#"{"a":1500.0}"#, r#"{"a":1500}"#),
        (r#"{"a":1E21,"b":1e-07}"#, r#"{"a":1e+21,"b":1e-7}"#),
        (r#"{"a":1000000000000000000000,"b":-0.0}"#, r#"{"a":1e+21,"b":0}"#),
        (r#"{"a":"\u00e9\/"}"#, r#"{"a":"é/"}"#),
    ] {
        let explanation = explain(body(arrived), sign(SECRET, signed));
        assert_eq!(explanation.cause(), &Cause::Rewritten { writing: "`JSON.stringify`" }, "{arrived}");
        assert_eq!(explanation.offset(), Some(difference(arrived, signed)));
    }
    // Other programs keep numbers that JavaScript would rewrite.
    let (arrived, signed) = (r#"{ "a": 1.0 }"#, r#"{"a":1.0}"#);
    let explanation = explain(body(arrived), sign(SECRET, signed));
    assert_eq!(explanation.cause(), &Cause::Rewritten { writing: "a program without white space" });
}

#[test]
fn lost_and_added_newlines_are_explained() {
    let (text, data) = (PAYLOAD, quote(PAYLOAD));
    for (arrived, signed, expected) in [
        (data.clone(), quote(&format!("{text}\n")), "newline_lost"),
        (data.clone(), format!("{data}\n"), "newline_lost"),
        (text.to_owned(), format!("{text}\n"), "newline_lost"),
        (quote(&format!("{text}\n")), data.clone(), "newline_added"),
        (quote(&format!("{text}\r\n")), data.clone(), "newline_added"),
    ] {
        let explanation = explain(body(&arrived), sign(SECRET, &signed));
        assert_eq!(codes(&explanation), expected, "{arrived} {signed}");
        assert_eq!(explanation.offset(), Some(difference(&arrived, &signed)), "{arrived} {signed}");
    }
    let said = |arrived: &str, signed: &str| explain(body(arrived), sign(SECRET, signed));
    assert_says(
        &said(&data, &quote(&format!("{text}\n"))),
        &expect![[r#"
            newline_lost
            the signed text ends with a newline that has not arrived: verify the bytes as they arrive instead of JSON that was parsed and written again; the first difference is at byte 178 of the body
        "#]],
    );
    assert_says(
        &said(&quote(&format!("{text}\n")), &data),
        &expect![[r#"
            newline_added
            the signed text lacks the newline at the end of the text that arrived: verify the bytes as they arrive instead of JSON that was parsed and written again; the first difference is at byte 178 of the body
        "#]],
    );
}

/// No known program adds or removes these inside `data`.
#[test]
fn marks_and_line_breaks_inside_the_data_are_not_explained_away() {
    let (text, data) = (PAYLOAD, quote(PAYLOAD));
    let lines = "{\n\"a\": 1,\n\"b\": 2\n}";
    for (arrived, signed) in [
        (data.clone(), quote(&format!("\u{feff}{text}"))),
        (data.clone(), format!("\u{feff}{data}")),
        (quote(&format!("\u{feff}{text}")), data.clone()),
        (quote(lines), quote(&lines.replace('\n', "\r\n"))),
        (quote(&lines.replace('\n', "\r\n")), quote(lines)),
        (lines.replace('\n', "\r\n"), lines.to_owned()),
    ] {
        let explanation = explain(body(&arrived), sign(SECRET, &signed));
        assert_eq!(codes(&explanation), "unexplained", "{arrived} {signed}");
    }
}

#[test]
fn several_changes_of_a_delivery_are_explained() {
    // Python decodes the data and writes the body again, and the receiver has the secret of another
    // endpoint.
    let arrived = &written()[0].1;
    let explanation =
        explain_with(body(arrived), sign(SECRET, &quote(PAYLOAD)), &[("CURRENT", OTHER), ("OTHER", SECRET)]);
    assert_says(
        &explanation,
        &expect![[r#"
            data_decoded + rewritten + other_secret
            `data` was signed as a string but arrived decoded, JSON was signed as `JSON.stringify` writes it but arrived in another notation, and the signature was made with the secret `OTHER` instead of the receiver's: verify the bytes as they arrive instead of JSON that was parsed and written again, and give the receiver this secret or accept both with `Verifier::also_accept`; the first difference is at byte 40 of the body
        "#]],
    );
    // A sender written by hand: Python signs the payload in its own notation, and puts it into a
    // string.
    let explanation = explain(body(&quote(PAYLOAD)), format!("sha256={}", sign(SECRET, arrived)));
    assert_says(
        &explanation,
        &expect![[r#"
            data_encoded + rewritten + signature_prefixed
            the text in `data` was signed but arrived in a string, JSON was signed as Python's `json.dumps` writes it but arrived in another notation, and the signature follows a prefix: have the bytes behind `"data":` in the body signed with their quotes and escapes, and have it written as 64 lower-case hex digits and nothing else; the first difference is at byte 40 of the body
        "#]],
    );
    let explanation = explain(body(&quote(PAYLOAD)), sign(format!("{SECRET}\n"), &quote(arrived)));
    assert_eq!(codes(&explanation), "rewritten + secret_with_newline");
}

#[test]
fn unpaired_surrogates_are_written_in_lower_case() {
    let (signed, arrived) = (r#"{"a":"\ud83d/"}"#, r#"{"a":"\uD83D\/"}"#);
    let explanation = explain(body(arrived), sign(SECRET, signed));
    assert_eq!(codes(&explanation), "rewritten");
    assert!(explanation.to_string().contains("`JSON.stringify`"), "{explanation}");
}
