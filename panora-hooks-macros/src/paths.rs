//! Paths and spans of generated code.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};

/// The path of the runtime's hidden module. The module re-exports every item that generated code
/// needs, `core` included, because the user's crate may shadow any name or have no prelude.
pub(crate) struct Private {
    krate: TokenStream,
}

impl Private {
    /// Returns the module under a path to the runtime crate that is valid everywhere.
    pub(crate) fn of(krate: impl ToTokens) -> Self {
        Self { krate: krate.into_token_stream() }
    }
}

/// Moves tokens to `span` for the compiler's reports, while each token keeps its hygiene. With the
/// hygiene of `quote_spanned!` they would belong to the user, and a `macro_rules!` of the user
/// would keep them apart from the others. Tokens inside groups stay unchanged.
pub(crate) fn respanned(tokens: TokenStream, span: Span) -> TokenStream {
    let at_span = |mut token: TokenTree| {
        token.set_span(span.resolved_at(token.span()));
        token
    };
    tokens.into_iter().map(at_span).collect()
}

/// Returns the spans of the first and the last token. The compiler underlines everything between.
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
