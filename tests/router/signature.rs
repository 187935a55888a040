//! Signatures, and header values that are not signatures.

use crate::support::{Delivery, SECRET, verifier};
use panora_hooks::{SecretError, Verifier, VerifyError};
use proptest::{collection::vec, prelude::*};

fn verify(body: &[u8], signature: impl AsRef<[u8]>) -> Result<(), VerifyError> {
    verifier().verify(body, signature).map(drop)
}

#[test]
fn every_strict_prefix_extension_and_flipped_bit_is_refused() {
    let Delivery { body, signature } = Delivery::encoded("crm.contact.created", r#"{"a":1}"#);
    assert_eq!(verify(&body, &signature), Ok(()));
    for length in 0..signature.len() {
        assert_eq!(verify(&body, &signature[..length]), Err(VerifyError::SignatureFormat));
    }
    for byte in 0..=u8::MAX {
        let extended = [signature.as_bytes(), &[byte]].concat();
        assert_eq!(verify(&body, extended), Err(VerifyError::SignatureFormat));
        let extended = [&[byte], signature.as_bytes()].concat();
        assert_eq!(verify(&body, extended), Err(VerifyError::SignatureFormat));
    }
    for index in 0..signature.len() {
        for bit in 0..8 {
            let mut flipped = signature.clone().into_bytes();
            flipped[index] ^= 1 << bit;
            assert!(verify(&body, &flipped).is_err(), "bit {bit} of byte {index}");
        }
    }
}

#[test]
fn every_flipped_bit_of_the_data_is_refused() {
    let data = r#""{\"first_name\":\"Ada\"}""#;
    let Delivery { body, signature } = Delivery::new("crm.contact.created", data);
    let start = body.windows(data.len()).position(|window| window == data.as_bytes()).unwrap();
    for index in start..start + data.len() {
        for bit in 0..8 {
            let mut flipped = body.clone();
            flipped[index] ^= 1 << bit;
            assert!(verify(&flipped, &signature).is_err(), "bit {bit} of byte {index}");
        }
    }
}

proptest! {
    #[test]
    fn nothing_but_the_signature_verifies(signature in vec(any::<u8>(), 0..80)) {
        let delivery = Delivery::encoded("crm.contact.created", "{}");
        prop_assume!(signature != delivery.signature.as_bytes());
        prop_assert!(verify(&delivery.body, signature).is_err());
    }

    #[test]
    fn a_well_formed_signature_is_not_enough(signature in "[0-9a-f]{64}") {
        let delivery = Delivery::encoded("crm.contact.created", "{}");
        prop_assert_eq!(verify(&delivery.body, signature), Err(VerifyError::SignatureMismatch));
    }

    #[test]
    fn an_upper_case_digit_is_refused_at_any_position(index in 0..64_usize) {
        let mut signature = Delivery::encoded("crm.contact.created", "{}").signature.into_bytes();
        prop_assume!(signature[index].is_ascii_alphabetic());
        signature[index].make_ascii_uppercase();
        let body = Delivery::encoded("crm.contact.created", "{}").body;
        prop_assert_eq!(verify(&body, signature), Err(VerifyError::SignatureFormat));
    }

    /// For any replaced part of a valid body.
    #[test]
    fn no_body_panics(cut in 0..120_usize, until in 0..120_usize, splice in vec(any::<u8>(), 0..20)) {
        let Delivery { mut body, signature } = Delivery::encoded("crm.contact.created", r#"{"a":["b"]}"#);
        let cut = cut.min(body.len());
        let until = until.clamp(cut, body.len());
        body.splice(cut..until, splice);
        if let Ok(delivery) = verifier().verify(&body, &signature) {
            prop_assert_eq!(verifier().sign(delivery.data()), signature);
        }
    }

    /// The verified data is the slice of the body, in any order of keys and with any white space.
    #[test]
    fn the_verified_slice_is_the_decoded_slice(
        payload in "\\PC{0,40}",
        white_space in "[ \t\r\n]{0,3}",
        // Without the additional key, the body is as the sender writes it.
        more in prop::option::of("[a-z]{1,3}"),
        order in Just([0, 1, 2, 3]).prop_shuffle(),
    ) {
        let data = serde_json::to_string(&serde_json::to_string(&payload).unwrap()).unwrap();
        let members = [
            Some(r#""id_event":"x""#.to_owned()),
            Some(format!(r#""data"{white_space}:{white_space}{data}"#)),
            Some(r#""type":"y""#.to_owned()),
            more.map(|more| format!(r#""{more}":{{"data":"decoy"}}"#)),
        ];
        let members: Vec<_> = order.iter().filter_map(|&index| members[index].as_deref()).collect();
        let members = members.join(&format!("{white_space},{white_space}"));
        let body = format!("{white_space}{{{members}{white_space}}}{white_space}");
        let verifier = verifier();
        let delivery = verifier.verify(body.as_bytes(), verifier.sign(&data)).unwrap();
        prop_assert_eq!(delivery.data(), data);
        prop_assert_eq!(delivery.payload::<String>().unwrap(), payload);
    }
}

/// In each of the strings, at any position within 64 bytes, and with or without a following quote.
#[test]
fn invalid_characters_and_escapes_in_strings_are_refused() {
    let controls = (0..b' ').map(|byte| char::from(byte).to_string());
    let escapes = [r"\x", r"\u12g4", r"\u123", r"\U0041", "\\\n", r"\'"].map(str::to_owned);
    for wrong in controls.chain(escapes) {
        for before in [0, 1, 31, 62, 63, 64, 100] {
            for after in ["", " ", r#"\""#, r"\\"] {
                let string = format!("\"{}{wrong}{after}\"", "x".repeat(before));
                for (id, data, wire_type) in [
                    (&*string, r#""{}""#, r#""y""#),
                    (r#""x""#, &*string, r#""y""#),
                    (r#""x""#, r#""{}""#, &*string),
                ] {
                    let body = format!(r#"{{"id_event":{id},"data":{data},"type":{wire_type}}}"#);
                    let verdict = verify(body.as_bytes(), verifier().sign(data));
                    assert_eq!(verdict, Err(VerifyError::Malformed), "{body:?}");
                }
            }
        }
    }
}

#[test]
fn ids_and_types_are_unescaped() {
    let verifier = verifier();
    for (written, read) in
        [(r"a\\b", r"a\b"), (r#"a\"b"#, "a\"b"), (r"\u0061", "a"), ("\u{e9}", "\u{e9}"), (r"\n", "\n")]
    {
        let body = format!(r#"{{"id_event":"{written}","data":1,"type":"{written}"}}"#);
        let in_a_string = body.replace(":1", r#":"1""#);
        for (body, data) in [(body, "1"), (in_a_string, r#""1""#)] {
            let delivery = verifier.verify(body.as_bytes(), verifier.sign(data)).unwrap();
            assert_eq!((delivery.id(), delivery.wire_type()), (read, read));
        }
    }
}

#[test]
fn keys_are_compared_after_unescaping() {
    let verifier = verifier();
    let signature = verifier.sign("1");
    let verify = |body: &str| verifier.verify(body.as_bytes(), &signature).map(drop);
    assert_eq!(verify(r#"{"\u0069d_event":"x","\u0064ata":1,"typ\u0065":"x"}"#), Ok(()));
    for key in ["id_event", "data", "type"] {
        let value = if key == "data" { "1" } else { r#""y""# };
        let escaped = key.bytes().map(|byte| format!("\\u{byte:04x}")).collect::<Vec<_>>().concat();
        for twice in [key, &escaped] {
            for body in [
                format!(r#"{{"id_event":"x","data":1,"type":"x","{twice}":{value}}}"#),
                format!(r#"{{"{twice}":{value},"id_event":"x","data":1,"type":"x"}}"#),
            ] {
                assert_eq!(verify(&body), Err(VerifyError::DuplicateKey(key)), "{body}");
            }
        }
        for other in [key.to_uppercase(), format!("{key} "), format!("{key}\\u0000")] {
            let body = format!(r#"{{"id_event":"x","data":1,"type":"x","{other}":{value}}}"#);
            assert_eq!(verify(&body), Ok(()), "{body}");
        }
    }
    assert_eq!(verify(r#"{"id_event":"x","Data":1,"type":"x"}"#), Err(VerifyError::MissingKey("data")));
}

#[test]
fn each_of_several_secrets_is_accepted_and_no_other() {
    let verifier =
        Verifier::new("current").unwrap().also_accept("previous").unwrap().also_accept(SECRET).unwrap();
    let data = r#""{}""#;
    let body = format!(r#"{{"id_event":"x","data":{data},"type":"y"}}"#);
    for secret in ["current", "previous", SECRET] {
        let signature = Verifier::new(secret).unwrap().sign(data);
        assert!(verifier.verify(body.as_bytes(), signature).is_ok(), "{secret}");
    }
    let other = Verifier::new("other").unwrap().sign(data);
    let refused = verifier.verify(body.as_bytes(), other).map(drop);
    assert_eq!(refused, Err(VerifyError::SignatureMismatch));
    assert_eq!(verifier.sign(data), Verifier::new("current").unwrap().sign(data), "the first secret signs");
}

#[test]
fn a_secret_is_used_as_it_is() {
    for (one, other) in [("secret", "secret\n"), ("secret", " secret"), ("SECRET", "secret")] {
        let (one, other) = (Verifier::new(one).unwrap(), Verifier::new(other).unwrap());
        assert_ne!(one.sign("1"), other.sign("1"));
    }
    let (text, bytes) = (Verifier::new(String::from("secret")), Verifier::new(b"secret"));
    assert_eq!(text.unwrap().sign("1"), bytes.unwrap().sign("1"));
}

#[test]
fn an_empty_or_blank_secret_is_refused() {
    assert_eq!(Verifier::new("").unwrap_err(), SecretError::Empty);
    for blank in [" ", "\n", "\t \r\n", "\u{a0}"] {
        assert_eq!(Verifier::new(blank).unwrap_err(), SecretError::Blank);
        assert_eq!(verifier().also_accept(blank).unwrap_err(), SecretError::Blank);
    }
    assert_eq!(verifier().also_accept("").unwrap_err(), SecretError::Empty);
}

/// Each value is read by a child process of this program, because changing the environment of a
/// running program requires `unsafe`.
#[test]
fn a_secret_from_a_variable_is_checked_before_use() {
    const VARIABLE: &str = "PANORA_HOOKS_SIGNATURE_TEST";
    const IS_CHILD: &str = "PANORA_HOOKS_SIGNATURE_TEST_CHILD";
    if std::env::var_os(IS_CHILD).is_some() {
        let read = Verifier::from_env(VARIABLE);
        // The same rules apply to an additional secret.
        let accepted = verifier().also_accept_env(VARIABLE);
        assert_eq!(read.as_ref().err(), accepted.as_ref().err());
        match read {
            Ok(verifier) => {
                let delivery = Delivery::new("crm.contact.created", "1");
                assert!(accepted.unwrap().verify(&delivery.body, verifier.sign("1")).is_ok());
                println!("signs {}.", verifier.sign("1"));
            }
            Err(error) => println!("refuses: {error}.\n{error:?}"),
        }
        return;
    }
    let run = |value: Option<&std::ffi::OsStr>| {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "signature::a_secret_from_a_variable_is_checked_before_use", "--nocapture"]);
        child.env(IS_CHILD, "1").env_remove(VARIABLE);
        if let Some(value) = value {
            child.env(VARIABLE, value);
        }
        String::from_utf8(child.output().unwrap().stdout).unwrap()
    };
    let signature = Verifier::new("canary").unwrap().sign("1");
    assert!(run(Some("canary".as_ref())).contains(&format!("signs {signature}.")));
    for (value, what) in [
        (None, "is not set: set it to the `secret` of the webhook endpoint"),
        (Some(""), "is blank: set it to the `secret` of the webhook endpoint"),
        (Some(" \n"), "is blank: set it to the `secret` of the webhook endpoint"),
        (Some("canary\n"), "begins or ends with white space, perhaps a pasted newline: remove it"),
        (Some(" canary"), "begins or ends with white space, perhaps a pasted newline: remove it"),
    ] {
        let output = run(value.map(AsRef::as_ref));
        let expected = format!("refuses: the environment variable `{VARIABLE}` {what}.");
        assert!(output.contains(&expected), "{value:?}: {output}");
        assert!(!output.contains("canary"), "{output}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        let output = run(Some(std::ffi::OsStr::from_bytes(b"canary\xff")));
        assert!(output.contains(&format!("`{VARIABLE}` is not valid Unicode")), "{output}");
        assert!(!output.contains("canary"), "{output}");
    }
}

#[test]
fn debug_shows_no_secret() {
    let verifier = verifier().also_accept("canary").unwrap();
    assert_eq!(format!("{verifier:?}"), "Verifier { secrets: 2, .. }");
    let delivery = Delivery::encoded("crm.contact.created", r#"{"name":"canary"}"#);
    let sender = self::verifier();
    let shown = format!("{:?}", sender.verify(&delivery.body, &delivery.signature).unwrap());
    assert!(shown.contains("crm.contact.created") && !shown.contains("canary"), "{shown}");
}
