//! The attribute `#[on(..)]`.

mod attribute;
mod duration;
mod expand;
mod pattern;
mod pointer;
mod signature;
mod transaction;
mod validate;

use proc_macro2::TokenStream;

use crate::diagnostics::Diagnostics;

/// Parses both inputs, checks them against each other and the catalogue, and generates the item and
/// the items beside it.
///
/// Even with errors, the item itself is part of the output, so that the compiler and the editor
/// still see it. So is a marker that `hooks![..]` accepts, so that one mistake causes one error.
pub(crate) fn on(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let attribute = attribute::parse(attribute, &mut diagnostics);
    let item = signature::parse(item, &mut diagnostics);
    let hook = validate::validate(attribute, item, &mut diagnostics);
    let mut tokens = expand::expand(&hook, &diagnostics);
    tokens.extend(diagnostics.into_compile_errors());
    tokens
}

#[cfg(test)]
mod tests;
