//! Writes the closure that registers a list.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Ident, Path};

use super::list::{Entry, HookList};
use crate::{diagnostics::Diagnostics, paths::respanned};

/// The name of an entry in its block. Items have no hygiene, so generated names have to be ones that
/// nobody gives to a function.
const ENTRY: &str = "__panora_hooks_entry";

/// A block for each entry, in which its path has the name [`ENTRY`].
///
/// The import shadows the glob's `ENTRY`, namespace by namespace. A plain function leaves the type
/// namespace to the glob, so that it is a type that is not a hook, about which the library can speak; the
/// compiler would only say that it expected a type. A path to a macro leaves both to the glob, as does
/// one that leads nowhere, about which the compiler speaks.
pub(crate) fn expand(list: &HookList, diagnostics: Diagnostics) -> TokenStream {
    let HookList { private, entries } = list;
    let registry = Ident::new("registry", Span::mixed_site());
    let in_block = |entry: &Entry, allowed: TokenStream, tokens: &dyn Fn(&Ident) -> TokenStream| {
        let Entry { configuration, path } = entry;
        let hook = Ident::new(ENTRY, Span::mixed_site().located_at(last_span(path)));
        let tokens = tokens(&hook);
        quote! {
            #(#configuration)*
            {
                #[allow(unused_imports)]
                use #private::fallback::*;
                #[allow(unused_imports #allowed)]
                use #path as #hook;
                #tokens
            }
        }
    };
    let listed = entries.iter().enumerate().map(|(position, entry)| {
        let name = entry.name();
        // The other import of the entry warns of a deprecated hook.
        in_block(entry, quote!(, deprecated), &|hook| {
            quote! {
                #private::Listed { position: #position, name: #name, definition: <#private::Probe<#hook>>::__PANORA_HOOKS_DEFINITION }
            }
        })
    });
    let checks = entries.iter().enumerate().skip(1).map(|(position, entry)| {
        let Entry { configuration, path } = entry;
        let check = spanned_over(path, quote!(assert_unclaimed), quote!((__PANORA_HOOKS_CLASHES, #position)));
        quote! {
            #(#configuration)*
            const _: () = {
                use #private::assert_unclaimed;
                #check
            };
        }
    });
    let registrations = entries.iter().map(|entry| {
        let name = entry.name();
        in_block(entry, TokenStream::new(), &|hook| {
            let candidate = quote! {
                #private::Candidate::<'_, #hook, _, _>::of(#name, &#hook, #registry).__panora_hooks_register();
            };
            let candidate = respanned(candidate, last_span(&entry.path));
            quote! {
                // The import has warned.
                #[allow(deprecated)]
                #candidate
            }
        })
    });
    let positions = entries.len();
    let errors = diagnostics.into_compile_errors();
    quote! {
        |#registry: &mut #private::Registry<_>| {
            #errors
            const __PANORA_HOOKS_LISTED: &[#private::Listed] = &[#(#listed),*];
            const __PANORA_HOOKS_CLASHES: &#private::Clashes =
                &#private::clashes::<#positions, { #private::slots(__PANORA_HOOKS_LISTED) }>(__PANORA_HOOKS_LISTED);
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
