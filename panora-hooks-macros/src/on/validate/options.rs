//! Checks the values of the options that limit an attempt.

use std::{num::NonZeroU32, time::Duration};

use proc_macro2::TokenStream;
use syn::{LitInt, LitStr, parse::Parse};

use crate::{
    diagnostics::Diagnostics,
    on::{
        attribute::Attribute,
        duration::{self, DurationError},
    },
};

/// The options that limit an attempt. An option that is not given, or invalid, is `None`.
pub(crate) struct HookOptions {
    pub(crate) timeout: Option<Duration>,
    pub(crate) attempts: Option<NonZeroU32>,
    pub(crate) concurrency: Option<NonZeroU32>,
}

pub(super) fn check(attribute: &Attribute, diagnostics: &mut Diagnostics) -> HookOptions {
    let Attribute { timeout, attempts, concurrency, .. } = attribute;
    HookOptions {
        timeout: timeout.as_ref().and_then(|value| check_timeout(value, diagnostics)),
        attempts: attempts.as_ref().and_then(|value| check_number("attempts", 5, value, diagnostics)),
        concurrency: concurrency
            .as_ref()
            .and_then(|value| check_number("concurrency", 8, value, diagnostics)),
    }
}

fn check_timeout(value: &TokenStream, diagnostics: &mut Diagnostics) -> Option<Duration> {
    let expected = r#"expected a duration, as in `timeout = "30s"`"#;
    let literal: LitStr = parse_literal(value, expected, diagnostics)?;
    if !literal.suffix().is_empty() {
        diagnostics.error(value, expected);
        return None;
    }
    match duration::parse(&literal.value()) {
        Ok(Duration::ZERO) => report_zero("timeout", value, diagnostics),
        Ok(duration) => return Some(duration),
        Err(DurationError { message, help: Some(help) }) => {
            diagnostics.error_with_help(value, message, help);
        }
        Err(DurationError { message, help: None }) => diagnostics.error(value, message),
    }
    None
}

fn check_number(
    option: &str,
    example: u32,
    value: &TokenStream,
    diagnostics: &mut Diagnostics,
) -> Option<NonZeroU32> {
    let expected = format!("expected a whole number, as in `{option} = {example}`");
    let literal: LitInt = parse_literal(value, &expected, diagnostics)?;
    let digits = literal.base10_digits();
    if digits.starts_with('-') {
        // `macro_rules!` passes on an expression as one token.
        diagnostics.error(value, expected);
        return None;
    }
    if !literal.suffix().is_empty() {
        let help = format_args!("write `{digits}`");
        diagnostics.error_with_help(value, "expected a whole number without a suffix", help);
        return None;
    }
    let Ok(number) = digits.parse() else {
        let help = format_args!("at most `{}`", u32::MAX);
        diagnostics.error_with_help(value, format_args!("`{option}` is too large"), help);
        return None;
    };
    let number = NonZeroU32::new(number);
    if number.is_none() {
        report_zero(option, value, diagnostics);
    }
    number
}

/// Parses a value that is one literal.
pub(super) fn parse_literal<T: Parse>(
    value: &TokenStream,
    expected: &str,
    diagnostics: &mut Diagnostics,
) -> Option<T> {
    let mut tokens = value.clone().into_iter();
    // `syn` also reads a literal that `macro_rules!` passes on in a group without delimiters.
    let Ok(literal) = syn::parse2(tokens.next().into_iter().collect()) else {
        diagnostics.error(value, expected);
        return None;
    };
    if let Some(next) = tokens.next() {
        diagnostics.error(next, "expected `,`");
        return None;
    }
    Some(literal)
}

fn report_zero(option: &str, value: &TokenStream, diagnostics: &mut Diagnostics) {
    diagnostics.error(value, format_args!("`{option}` is zero: the hook would never run"));
}
