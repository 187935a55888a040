//! Writes the closure that registers a list.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Ident, Path};

use super::list::{Entry, HookList};
use crate::{diagnostics::Diagnostics, paths::respanned};

/// A block for each entry, in which its path has the name `__hook`.
///
/// The import shadows the glob's `__hook`, namespace by namespace. A plain function leaves the type
/// namespace to the glob, so that it is a type that is no hook, about which the runtime can speak; the
/// compiler would only say that it expected a type. A path that leads nowhere leaves both to the glob, and
/// the runtime leaves it to the compiler.
pub(crate) fn expand(list: &HookList, diagnostics: Diagnostics) -> TokenStream {
    let HookList { private, entries } = list;
    let registry = Ident::new("registry", Span::mixed_site());
    let in_block = |entry: &Entry, tokens: &dyn Fn(&Ident) -> TokenStream| {
        let Entry { configuration, path } = entry;
        let hook = Ident::new("__hook", Span::mixed_site().located_at(last_span(path)));
        let tokens = tokens(&hook);
        quote! {
            #(#configuration)*
            {
                #[allow(unused_imports)]
                use #private::fallback::*;
                #[allow(unused_imports)]
                use #path as #hook;
                #tokens
            }
        }
    };
    let listed = entries.iter().enumerate().map(|(position, entry)| {
        let name = entry.name();
        in_block(entry, &|hook| {
            quote! {
                #private::Listed { position: #position, name: #name, definition: <#private::Probe<#hook>>::DEFINITION }
            }
        })
    });
    let checks = entries.iter().enumerate().skip(1).map(|(position, entry)| {
        let Entry { configuration, path } = entry;
        let check = spanned_over(path, quote!(assert_unclaimed), quote!((CLASHES, #position)));
        quote! {
            #(#configuration)*
            const _: () = {
                use #private::assert_unclaimed;
                #check
            };
        }
    });
    let registrations = entries.iter().map(|entry| {
        in_block(entry, &|hook| {
            let candidate = quote! {
                #private::Candidate::<'_, #hook, _, IS_FOUND>::of(#registry).register();
            };
            let candidate = respanned(candidate, last_span(&entry.path));
            quote! {
                #[allow(non_snake_case, unreachable_patterns)]
                const IS_FOUND: bool = match true {
                    #hook => #hook,
                    _ => false,
                };
                #candidate
            }
        })
    });
    let positions = entries.len();
    let errors = diagnostics.into_compile_errors();
    quote! {
        |#registry: &mut #private::Registry<_>| {
            #errors
            const LISTED: &[#private::Listed] = &[#(#listed),*];
            const CLASHES: &#private::Clashes =
                &#private::clashes::<#positions, { #private::slots(LISTED) }>(LISTED);
            #(#checks)*
            #(#registrations)*
        }
    }
}

fn last_span(path: &Path) -> Span {
    path.segments.last().map_or_else(Span::call_site, |segment| segment.ident.span())
}

/// `start` and `end`, so spanned that what the compiler says of both underlines the whole path.
fn spanned_over(path: &Path, start: TokenStream, end: TokenStream) -> TokenStream {
    let mut tokens = path.to_token_stream().into_iter();
    let first = tokens.next().map_or_else(Span::call_site, |token| token.span());
    let last = tokens.last().map_or(first, |token| token.span());
    let mut spanned = respanned(start, first);
    spanned.extend(respanned(end, last));
    spanned
}
