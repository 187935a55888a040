use super::*;

fn text(data: &str, detail: Detail) -> String {
    show(data, detail).map(|shown| shown.text).unwrap_or_default()
}

#[test]
fn a_structure_has_types_and_lengths_but_no_value() {
    let data = r#"{"name":"Acmé","n":5,"on":true,"none":null,"tags":["a","b","c"],"49123":{},"l":[]}"#;
    let expected = "{\n  \"name\": text of 4,\n  \"n\": number,\n  \"on\": true or false,\n  \
                    \"none\": null,\n  \"tags\": [\n    text of 1\n    … 2 more\n  ],\n  ?: {},\n  \
                    \"l\": []\n}";
    assert_eq!(text(data, Detail::Structure), expected);
    let inside = serde_json::to_string(data).unwrap();
    assert_eq!(text(&inside, Detail::Structure), expected);
}

#[test]
fn values_keep_their_order_and_digits() {
    let data = r#"{"z": 12345678901234567890.10, "a": "x\"}", "a": [ 1 ,2]}"#;
    let expected =
        "{\n  \"z\": 12345678901234567890.10,\n  \"a\": \"x\\\"}\",\n  \"a\": [\n    1,\n    2\n  ]\n}";
    assert_eq!(text(data, Detail::Values), expected);
}

#[test]
fn keys_that_may_be_data_are_hidden_like_values() {
    for (key, is_shown) in [
        ("first_name", true),
        ("address_2024", true),
        ("iso3166", true),
        ("customer-49123", false),
        ("a12345", false),
        ("ada@example.com", false),
        ("deadbeef-dead-beef-dead-beefdeadbeef", false),
        ("DEADBEEFdeadbeefDEADBEEFdeadbeef", false),
        ("", false),
    ] {
        let data = format!("{{{}:1}}", serde_json::to_string(key).unwrap());
        let expected =
            if is_shown { format!("{{\n  \"{key}\": number\n}}") } else { "{\n  ?: number\n}".into() };
        assert_eq!(text(&data, Detail::Structure), expected);
    }
}

#[test]
fn json_in_a_string_is_shown_without_its_credentials() {
    let data = r#"{"a":"{\"name\":\"Ada\",\"access_token\":\"canary\"}","b":"5"}"#;
    let shown = show(data, Detail::Values).unwrap();
    let expected = "{\n  \"a\": text with JSON: {\n    \"name\": \"Ada\",\n    \"access_token\": (hidden)\n  },\n  \"b\": \"5\"\n}";
    assert_eq!((&*shown.text, shown.hides_credentials), (expected, true));
    assert_eq!(text(data, Detail::Structure), "{\n  \"a\": text of 38,\n  \"b\": text of 1\n}");
}

#[test]
fn credentials_stay_hidden_under_every_name_and_wrapping() {
    for data in [
        r#"{"access_token":"canary"}"#,
        r#"[{"a":{"connection_token":"canary"}}]"#,
        r#"{"refreshToken":["canary"]}"#,
        r#"{"acc\u0065ss_token":"canary"}"#,
        r#"{"s\u0065cret":{"a":"canary"}}"#,
        r#"{"\ud800":"canary"}"#,
        r#"{"client_secret":"canary","Password":"canary"}"#,
        r#"{"url":"https://example.com/?api_key=canary"}"#,
    ] {
        let inside = |text: &str| format!("[{}]", serde_json::to_string(text).unwrap());
        // Without its end the text is not JSON.
        let mut wrapped = vec![data.to_owned(), inside(&data[..data.len() - 1])];
        for _ in 0..3 {
            wrapped = wrapped.iter().flat_map(|text| [text.clone(), inside(text)]).collect();
        }
        for data in wrapped {
            let shown = show(&data, Detail::Values).unwrap();
            assert!(!shown.text.contains("canary") && shown.hides_credentials, "{data}: {shown:?}");
            let inside = serde_json::to_string(&data).unwrap();
            assert!(!text(&inside, Detail::Values).contains("canary"), "{data}");
        }
    }
    let shown = show(r#"{"token_type":"oauth2","note":"an access token"}"#, Detail::Values).unwrap();
    assert!(shown.text.contains("oauth2") && !shown.hides_credentials, "{shown:?}");
}

#[test]
fn a_large_payload_is_cut() {
    let data = format!("[{}1]", "\"é\",".repeat(200_000));
    let shown = show(&data, Detail::Values).unwrap();
    assert!(shown.is_cut && shown.text.len() < MAX_BYTES + 1000);
    let shown = show(&data, Detail::Structure).unwrap();
    assert_eq!(shown.text, "[\n  text of 1\n  … 200000 more\n]");
    assert_eq!(show(&"[".repeat(100_000), Detail::Values), None);
    assert_eq!(show(&format!("{}{}", "[".repeat(1000), "]".repeat(1000)), Detail::Values), None);
}
