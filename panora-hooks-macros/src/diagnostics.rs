//! Collects all errors of one macro call, to report them at once.

use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// The errors of one macro call.
///
/// Messages are in rustc's style: lower case, no full stop, code in backticks, the expectation
/// first, at most one line of help.
#[derive(Default)]
pub(crate) struct Diagnostics {
    errors: Option<syn::Error>,
}

impl Diagnostics {
    /// Reports an error that underlines all of `tokens`.
    pub(crate) fn error(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    /// Reports an error with a help line that names a fix.
    pub(crate) fn error_with_help(
        &mut self,
        tokens: impl ToTokens,
        message: impl Display,
        help: impl Display,
    ) {
        self.error(tokens, format_args!("{message}\nhelp: {help}"));
    }

    /// Reports an error at a span, for input without tokens to underline, such as an empty
    /// attribute.
    pub(crate) fn error_at(&mut self, span: Span, message: impl Display) {
        self.push(syn::Error::new(span, message));
    }

    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.errors {
            Some(errors) => errors.combine(error),
            None => self.errors = Some(error),
        }
    }

    /// Adds the errors of another collector.
    pub(crate) fn extend(&mut self, other: Self) {
        if let Some(errors) = other.errors {
            self.push(errors);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.errors.is_none()
    }

    /// Returns one `compile_error!` for each error, or nothing if there is none.
    pub(crate) fn into_compile_errors(self) -> TokenStream {
        self.errors.map_or_else(TokenStream::new, |errors| errors.to_compile_error())
    }
}
