//! Every path that generated code names begins here.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};

/// The hidden module of the runtime, which re-exports all that generated code needs, `core` included: the
/// user's crate may shadow any name, or have no prelude.
pub(crate) struct Private {
    krate: TokenStream,
}

impl Private {
    /// Under a path that leads to the runtime crate from anywhere.
    pub(crate) fn of(krate: impl ToTokens) -> Self {
        Self { krate: krate.into_token_stream() }
    }
}

/// The tokens at `span`, as far as the compiler reports anything about them, but each with the meaning that
/// it had: what `quote_spanned!` writes would belong to the user, and a `macro_rules!` of the user's would
/// keep it apart from the rest. What is in a group stays where it is.
pub(crate) fn respanned(tokens: TokenStream, span: Span) -> TokenStream {
    let at_span = |mut token: TokenTree| {
        token.set_span(span.resolved_at(token.span()));
        token
    };
    tokens.into_iter().map(at_span).collect()
}

/// The spans of the first and the last token: between them the compiler underlines the whole.
pub(crate) fn ends(tokens: &impl ToTokens) -> (Span, Span) {
    let mut tokens = tokens.to_token_stream().into_iter();
    let first = tokens.next().map_or_else(Span::call_site, |token| token.span());
    (first, tokens.last().map_or(first, |token| token.span()))
}

impl Default for Private {
    fn default() -> Self {
        Self::of(quote!(::panora_hooks))
    }
}

impl ToTokens for Private {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let krate = &self.krate;
        tokens.extend(quote!(#krate::__private));
    }
}
