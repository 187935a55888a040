//! Generates the closure that registers a list.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Ident, Path, Token};

use super::list::{HookList, ListEntry};
use crate::{
    diagnostics::Diagnostics,
    paths::{ends, respanned},
};

/// Generates a closure that names the function of each entry twice: in a constant, which rejects
/// functions that are not hooks and finds two hooks for one event, and in the registration, which
/// needs the type of the state.
pub(crate) fn expand(list: &HookList, diagnostics: Diagnostics) -> TokenStream {
    let HookList { private, entries } = list;
    let registry = Ident::new("registry", Span::mixed_site());
    let listed = entries.iter().enumerate().map(|(position, entry)| {
        let (ListEntry { configuration, path }, name) = (entry, entry.name());
        let function = reference(path);
        let listed = respanned(quote!(#private::listed(#position, #name, #function)), ends(path).1);
        quote!(#(#configuration)* #listed)
    });
    let checks = entries.iter().enumerate().skip(1).map(|(position, entry)| {
        let ListEntry { configuration, path } = entry;
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
        let ListEntry { configuration, path } = entry;
        let function = reference(path);
        let register = quote!(#private::Entry::of(#function, #registry).__panora_hooks_register());
        let register = respanned(register, ends(path).1);
        quote!(#(#configuration)* #register;)
    });
    let positions = entries.len();
    let errors = diagnostics.into_compile_errors();
    quote! {
        |#registry: &mut #private::Registry<_>| {
            #errors
            #[allow(unused_imports)]
            use #private::NotAHook as _;
            // The registration already warns.
            #[allow(deprecated)]
            const __PANORA_HOOKS_LISTED: &[#private::Listed] = &[#(#listed),*];
            const __PANORA_HOOKS_CLASHES: &#private::Clashes =
                &#private::clashes::<#positions, { #private::slots(__PANORA_HOOKS_LISTED) }>(__PANORA_HOOKS_LISTED);
            #(#checks)*
            #(#registrations)*
        }
    }
}

/// Returns `&path`, spanned so that the compiler underlines only the path.
fn reference(path: &Path) -> TokenStream {
    let reference = Token![&](ends(path).0);
    quote!(#reference #path)
}

/// Spans `start` and `end` so that the compiler underlines the whole path in reports about both.
fn spanned_over(path: &Path, start: TokenStream, end: TokenStream) -> TokenStream {
    let (first, last) = ends(path);
    let mut spanned = respanned(start, first);
    spanned.extend(respanned(end, last));
    spanned
}
