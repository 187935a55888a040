//! Exactly one signature is accepted.

use panora_hooks::{Verifier, VerifyError};

use crate::SECRET;

const DATA: &str = r#""{\"first_name\":\"Ada\"}""#;

/// # Panics
///
/// Panics if another signature is accepted, or the right one is refused.
pub fn check(bytes: &[u8]) {
    let verifier = Verifier::new(SECRET).unwrap();
    let body = format!(r#"{{"id_event":"1","data":{DATA},"type":"crm.contact.created"}}"#);
    let right = verifier.sign(DATA);
    // Tries the bytes themselves, and as changes of the right signature, so that a few bytes make a
    // near miss.
    let mut changed = right.clone().into_bytes();
    changed.iter_mut().zip(bytes).for_each(|(digit, change)| *digit ^= change);
    changed.extend(bytes.iter().skip(right.len()));
    for signature in [bytes, &changed] {
        let verdict = verifier.verify(body.as_bytes(), signature).map(drop);
        let has_format =
            signature.len() == 64 && signature.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let expected = match has_format {
            false => Err(VerifyError::SignatureFormat),
            true if signature == right.as_bytes() => Ok(()),
            true => Err(VerifyError::SignatureMismatch),
        };
        assert_eq!(verdict, expected);
    }
}
