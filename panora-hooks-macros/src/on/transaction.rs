//! Generates the constants about the transaction that a hook takes.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use super::validate::Argument;
use crate::paths::{Private, ends, respanned};

/// Generates the constant that says which transaction the hook takes. Only the type of an argument
/// tells, and an alias may name it.
pub(super) fn transaction(arguments: &[Argument], private: &Private) -> TokenStream {
    let kinds = kinds(arguments, private);
    if kinds.is_empty() {
        return quote!(#private::None);
    }
    let import = import_of_kinds(private);
    quote!({
        #import
        #private::transaction(&[#(#kinds),*])
    })
}

/// Generates checks that stop the build, at the argument, if a hook takes two transactions.
pub(super) fn check_transactions(arguments: &[Argument], private: &Private) -> Vec<TokenStream> {
    let kinds = kinds(arguments, private);
    let arguments = arguments.iter().filter(|argument| !argument.is_event);
    let later = arguments.zip(&kinds).enumerate().skip(1);
    later
        .map(|(position, (argument, kind))| {
            let (first, last) = ends(&argument.ty);
            let path = respanned(private.to_token_stream(), first);
            let earlier = kinds.iter().take(position);
            let check = respanned(quote!(::assert_one_transaction(#kind, &[#(#earlier),*])), last);
            let import = import_of_kinds(private);
            quote! {
                #[allow(deprecated)]
                const _: () = {
                    #import
                    #path #check
                };
            }
        })
        .collect()
}

/// Returns the constants that say which arguments are transactions. `Event<_>` never is one.
fn kinds(arguments: &[Argument], private: &Private) -> Vec<TokenStream> {
    let types = arguments.iter().filter(|argument| !argument.is_event).map(|argument| &argument.ty);
    types.map(|ty| quote!(#private::Argument::<#ty>::__PANORA_HOOKS_TRANSACTION)).collect()
}

fn import_of_kinds(private: &Private) -> TokenStream {
    quote! {
        use #private::NoTransaction as _;
        // Uses the import, which is otherwise unused for a transaction.
        let _ = #private::Argument::<()>::__PANORA_HOOKS_TRANSACTION;
    }
}
