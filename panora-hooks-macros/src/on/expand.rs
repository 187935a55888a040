//! Writes the item and what belongs to it.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Attribute, Ident};

use super::{
    signature::Function,
    validate::{Argument, Hook, HookFn, HookItem, Warning, WarningKind, contains_word},
};
use crate::{
    catalogue::{self, Entry},
    diagnostics::Diagnostics,
    paths::{Private, respanned},
};

pub(crate) fn expand(hook: &Hook, diagnostics: &Diagnostics) -> TokenStream {
    let (function, implementation, arguments) = match &hook.item {
        HookItem::Bare(tokens) => return tokens.clone(),
        HookItem::Callable(hook_fn) => (&hook_fn.function, call(hook_fn, &hook.private), &*hook_fn.arguments),
        HookItem::MarkerOnly(function) => (&**function, uncallable(&hook.private), &[][..]),
    };
    // Whether the function is used shows when the errors are gone.
    let quiet = (!diagnostics.is_empty()).then(|| quote!(#[allow(dead_code)]));
    let item = if is_generic(function) { stand_in(function) } else { function.to_token_stream() };
    let marker = marker(function, hook, &implementation.type_of);
    let implementation = implement(function, &hook.private, implementation);
    let checks = arguments.iter().map(|argument| check(argument, hook, function));
    let warnings = hook.warnings.iter().map(|warning| warn(warning, function));
    quote! {
        #quiet
        #item
        #marker
        #implementation
        #(#checks)*
        #(#warnings)*
    }
}

/// Whether a list would have to infer something of a function, which is an error already.
fn is_generic(function: &Function) -> bool {
    let inputs = function.signature.inputs.to_token_stream();
    !function.signature.generics.params.is_empty() || contains_word(inputs, "impl").is_some()
}

/// A function that lists can name, beside one that they cannot, which the compiler still checks.
fn stand_in(function: &Function) -> TokenStream {
    let Function { visibility, signature, .. } = function;
    let name = &signature.ident;
    let configuration = configuration(function);
    quote! {
        #(#configuration)*
        #visibility fn #name() {}
        #(#configuration)*
        const _: () = {
            #[allow(dead_code, unreachable_pub)]
            #function
        };
    }
}

/// Stops the build, at the argument, if it takes what the events do not carry.
fn check(Argument { ty, .. }: &Argument, hook: &Hook, function: &Function) -> TokenStream {
    let Hook { private, patterns, .. } = hook;
    let configuration = configuration(function);
    let (first, last) = ends(ty);
    let path = respanned(private.to_token_stream(), first);
    let patterns = patterns.iter().filter_map(|pattern| known(&pattern.value(), private));
    let check = respanned(
        quote!(::assert_carried(#private::Argument::<#ty>::__PANORA_HOOKS_CARRIED, &[#(#patterns),*])),
        last,
    );
    quote! {
        #(#configuration)*
        #[allow(deprecated)]
        const _: () = {
            use #private::FitsAny as _;
            // Uses the import, which an argument with a payload of ours does not.
            let _ = #private::Argument::<()>::__PANORA_HOOKS_CARRIED;
            #path #check;
        };
    }
}

/// What the catalogue knows a pattern to stand for.
fn known(pattern: &str, private: &Private) -> Option<TokenStream> {
    if let Some(prefix) = pattern.strip_suffix('*') {
        return Some(quote!(#private::Pattern::Prefix(#prefix)));
    }
    match catalogue::find(pattern)? {
        Entry::Event(event) => {
            let position = catalogue::position(event)?;
            Some(quote!(#private::Pattern::Event(#position)))
        }
        Entry::Passthrough => Some(quote!(#private::Pattern::Passthrough(#pattern))),
        Entry::WireName(_) | Entry::Misspelling(_) => None,
    }
}

/// A braced struct lives in the type namespace only: it shares the function's path, and whatever imports,
/// renames or re-exports the one carries the other along.
fn marker(function: &Function, hook: &Hook, type_of: &TokenStream) -> TokenStream {
    let Hook { private, patterns, is_unlisted, .. } = hook;
    let Function { visibility, signature, .. } = function;
    let name = &signature.ident;
    let configuration = configuration(function);
    let marker = respanned(quote!(struct #name {}), name.span());
    let name_in_module = name.to_string();
    quote! {
        #(#configuration)*
        #[doc(hidden)]
        #[allow(dead_code, missing_debug_implementations, non_camel_case_types)]
        #visibility #marker
        #(#configuration)*
        #[automatically_derived]
        impl #private::Described for #name {
            const DEFINITION: #private::Definition = #private::Definition {
                name: #private::concat!(#private::module_path!(), "::", #name_in_module),
                patterns: &[#(#patterns),*],
                is_unlisted: #is_unlisted,
                file: #private::file!(),
                line: #private::line!(),
            };

            #[allow(deprecated)]
            fn function() -> #private::TypeId {
                #type_of
            }
        }
    }
}

/// The bounds and the bodies of the traits that lists ask for.
struct Implementation {
    bounds: TokenStream,
    body: TokenStream,
    /// The type of the function.
    type_of: TokenStream,
}

fn implement(function: &Function, private: &Private, implementation: Implementation) -> TokenStream {
    let name = &function.signature.ident;
    let configuration = configuration(function);
    let Implementation { bounds, body, .. } = implementation;
    let [delivery, state] = ["delivery", "state"].map(local);
    quote! {
        #(#configuration)*
        #[automatically_derived]
        impl<__S> #private::Hook<__S> for #name
        where
            __S: #private::Send + 'static,
            #bounds
        {
            #[allow(deprecated, unreachable_code, unused_variables)]
            fn call(#delivery: #private::Delivery<'static>, #state: __S) -> #private::HookFuture {
                #body
            }
        }
    }
}

/// A local variable that no name of the user's is mistaken for, such as the hook's own.
fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// Spans decide where the compiler points: each bound and each extraction is at its argument, the outcome
/// at the return type, and the future that must be `Send` at the function's name.
fn call(hook: &HookFn, private: &Private) -> Implementation {
    let HookFn { function, arguments, output } = hook;
    let name = &function.signature.ident;
    // `Event<T>` needs no bound: it is there whatever the state. Without the bound an error in `T` shows
    // here, at the argument, and not a second time in each list.
    let bounds = arguments.iter().filter(|argument| !argument.is_event).map(|Argument { ty, .. }| {
        let (first, last) = ends(ty);
        let path = respanned(private.to_token_stream(), first);
        let rest = respanned(quote!(::FromDelivery<__S>,), last);
        quote!(#ty: #path #rest)
    });
    let [delivery, state] = ["delivery", "state"].map(local);
    let bindings: Vec<Ident> =
        (0..arguments.len()).map(|index| local(&format!("argument_{index}"))).collect();
    let extractions = arguments.iter().zip(&bindings).map(|(Argument { ty, .. }, binding)| {
        quote!(let #binding = #private::extract::<#ty, __S>(&#delivery, &#state)?;)
    });
    let outcome = respanned(quote!(outcome), *output);
    let into_outcome = respanned(quote!(#private::IntoOutcome::into_outcome(#outcome)), *output);
    let call = quote!(#name(#(#bindings),*));
    let future = quote! {
        async move {
            #(#extractions)*
            #private::drop((#delivery, #state));
            let outcome = #call.await;
            #into_outcome
        }
    };
    let future = respanned(future, name.span());
    let body = respanned(quote!(#private::Box::pin(#future)), name.span());
    Implementation { bounds: quote!(#(#bounds)*), body, type_of: quote!(#private::type_of(&#name)) }
}

/// The spans of the first and the last token: between them the compiler underlines the whole.
fn ends(tokens: &impl ToTokens) -> (Span, Span) {
    let mut tokens = tokens.to_token_stream().into_iter();
    let first = tokens.next().map_or_else(Span::call_site, |token| token.span());
    (first, tokens.last().map_or(first, |token| token.span()))
}

/// Stands in for a function that cannot be called; the errors keep it from ever running.
fn uncallable(private: &Private) -> Implementation {
    let unreachable = quote!(#private::unreachable!());
    Implementation { bounds: TokenStream::new(), body: unreachable.clone(), type_of: unreachable }
}

/// The use of a deprecated constant is the one warning that a macro can give on stable Rust.
fn warn(warning: &Warning, function: &Function) -> TokenStream {
    let Warning { kind, message, span } = warning;
    let name = match kind {
        WarningKind::NeverSent => "never_sent",
        WarningKind::NeedlessOption => "needless_option",
    };
    let name = Ident::new(name, *span);
    let levels = function.attributes.iter().filter(|attribute| is_lint_level(attribute));
    let configuration = configuration(function);
    quote! {
        #(#configuration)*
        #(#levels)*
        const _: () = {
            #[deprecated(note = #message)]
            #[allow(non_upper_case_globals)]
            const #name: () = ();
            #name
        };
    }
}

/// The `#[cfg(..)]`s of the function: what is beside it comes and goes with it.
fn configuration(function: &Function) -> Vec<TokenStream> {
    let is_cfg = |attribute: &&Attribute| attribute.path().is_ident("cfg");
    function.attributes.iter().filter(is_cfg).map(ToTokens::to_token_stream).collect()
}

/// Whether an attribute is how a user silences a warning.
fn is_lint_level(attribute: &Attribute) -> bool {
    ["allow", "warn", "deny", "forbid"].iter().any(|level| attribute.path().is_ident(level))
}
