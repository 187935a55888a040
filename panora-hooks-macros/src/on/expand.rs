//! Generates the item and the items inside it.

use std::{
    num::NonZeroU32,
    sync::atomic::{AtomicU64, Ordering},
};

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{
    Attribute, FnArg, Ident, Meta, PatType, Path, ReturnType, Signature, Token, Type, ext::IdentExt,
    parse::ParseStream,
};

use super::{
    signature::Function,
    transaction::{check_transactions, transaction},
    validate::{
        Argument, Hook, HookFn, HookItem, HookOptions, MAX_ARGUMENTS, Pointer, Serial, Warning, WarningKind,
        contains_word,
    },
};
use crate::{
    catalogue::{self, Meaning},
    diagnostics::Diagnostics,
    paths::{Private, ends, respanned},
};

pub(crate) fn expand(hook: &Hook, diagnostics: &Diagnostics) -> TokenStream {
    let item = match &hook.item {
        HookItem::Bare(tokens) => return tokens.clone(),
        HookItem::Callable(hook_fn) => item(hook, hook_fn),
        HookItem::MarkerOnly(function) => stand_in(hook, function),
    };
    // The lint for unused functions waits until the errors are fixed.
    let quiet = (!diagnostics.is_empty()).then(|| quote!(#[allow(dead_code)]));
    quote! {
        #quiet
        #item
    }
}

/// Generates a function of the user's name around the user's function. It returns the same future
/// in a type that names the hook.
///
/// Attributes that may rewrite a function, such as `#[instrument]`, stay on the user's function,
/// which then keeps its name. Without such attributes it gets another name, so that the name means
/// the hook even in its own body.
fn item(hook: &Hook, hook_fn: &HookFn) -> TokenStream {
    let private = &hook.private;
    let HookFn { function, arguments: checked, .. } = hook_fn;
    let Function { attributes, visibility, signature, body } = function;
    let Signature { ident: name, fn_token, .. } = signature;
    let (outside, inside): (Vec<_>, Vec<_>) =
        attributes.iter().partition(|attribute| is_of_the_item(attribute));
    let id = id(hook, name);
    let marker = marker(hook, name, &id);
    let hidden = Ident::new("__panora_hooks_inner", Span::mixed_site().located_at(name.span()));
    let inner = if inside.is_empty() { &hidden } else { name };
    let (bindings, types) = arguments(signature);
    let output = match &signature.output {
        ReturnType::Type(_, ty) if !is_never(signature) => ty.to_token_stream(),
        _ => quote!(()),
    };
    let future = quote!(#inner(#(#bindings),*));
    let future = if is_never(signature) { quote!(async move { #future.await }) } else { future };
    let signature = signature_without_suggestions(signature, inner);
    let described = describe(hook, name, checked);
    let implementation = implement(private, name, &call(hook_fn, private, inner));
    let checks = checked.iter().map(|argument| check(argument, hook));
    let transactions = check_transactions(checked, private);
    let warnings = hook.warnings.iter().map(warn);
    let content = quote! {
        #(#inside)*
        // A hook is `async` even if it does not wait.
        #[allow(clippy::unused_async)]
        #signature #body
        #marker
        #described
        #implementation
        #(#checks)*
        #(#transactions)*
        #(#warnings)*
        #private::FutureOf::new(#future)
    };
    // Lints ignore a function whose signature or body ends in tokens of a macro.
    let end = Token![>](name.span());
    let mut block = Group::new(Delimiter::Brace, content);
    block.set_span(name.span());
    quote! {
        #(#outside)*
        #visibility #fn_token #name<>(#(#bindings: #types),*)
            -> #private::FutureOf<#id, impl #private::Future<Output = #output> #end
        #block
    }
}

/// Returns whether the function returns `!`. The output of its future is `()` instead, since only a
/// function may return `!` on stable Rust.
fn is_never(signature: &Signature) -> bool {
    matches!(&signature.output, ReturnType::Type(_, ty) if matches!(**ty, Type::Never(_)))
}

/// Generates a function that lists accept, around one that cannot be a hook but is still checked by
/// the compiler.
fn stand_in(hook: &Hook, function: &Function) -> TokenStream {
    let private = &hook.private;
    let Function { attributes, visibility, signature, body } = function;
    let configuration = configuration(function);
    let name = &signature.ident;
    let id = id(hook, name);
    let marker = marker(hook, name, &id);
    let ((bindings, types), output) = match &signature.output {
        _ if is_generic(signature) => ((Vec::new(), Vec::new()), quote!(())),
        ReturnType::Default => (arguments(signature), quote!(())),
        ReturnType::Type(_, ty) => (arguments(signature), ty.to_token_stream()),
    };
    let signature = signature_without_suggestions(signature, name);
    let described = describe(hook, name, &[]);
    // The errors prevent it from ever running.
    let uncallable = Call { bounds: TokenStream::new(), body: quote!(#private::unreachable!()) };
    let implementation = implement(private, name, &uncallable);
    let warnings = hook.warnings.iter().map(warn);
    quote! {
        #(#configuration)*
        #[allow(unused_variables)]
        #visibility fn #name<>(#(#bindings: #types),*) -> #private::FutureOf<#id, #private::Pending<#output>> {
            #(#attributes)*
            #[allow(dead_code)]
            #signature #body
            #marker
            #described
            #implementation
            #(#warnings)*
            #private::FutureOf::new(#private::pending())
        }
    }
}

/// Returns whether a hook cannot take the arguments, or their types have a meaning only in this
/// function.
fn is_generic(signature: &Signature) -> bool {
    let Signature { generics, inputs, output, variadic, .. } = signature;
    let types: TokenStream = inputs.to_token_stream().into_iter().chain(output.to_token_stream()).collect();
    !generics.params.is_empty()
        || inputs.len() > MAX_ARGUMENTS
        || variadic.is_some()
        || ["impl", "Self"].iter().any(|word| contains_word(types.clone(), word).is_some())
}

/// Returns the arguments of the outer function under names of their own. One of the user's names
/// could be the name of a constant, and a pattern would compare with that constant.
fn arguments(signature: &Signature) -> (Vec<Ident>, Vec<&Type>) {
    let ty = |input| match input {
        &FnArg::Typed(PatType { ref ty, .. }) => Some(&**ty),
        FnArg::Receiver(_) => None,
    };
    let types = signature.inputs.iter().filter_map(ty);
    types.enumerate().map(|(index, ty)| (argument(index), ty)).unzip()
}

fn argument(index: usize) -> Ident {
    local(&format!("argument_{index}"))
}

/// Returns the signature with the brackets of its generics, even if they are empty. For an unknown
/// type the compiler suggests a generic parameter, unless the brackets come from a macro. Without
/// the suggestion, the reports about all places that name the type are equal, and the compiler
/// prints only one.
fn signature_without_suggestions(signature: &Signature, name: &Ident) -> TokenStream {
    let Signature {
        constness,
        asyncness,
        safety,
        abi,
        fn_token,
        ident: _,
        generics,
        inputs,
        variadic,
        output,
        ..
    } = signature;
    let clause = &generics.where_clause;
    let generics = if generics.params.is_empty() { quote!(<>) } else { generics.to_token_stream() };
    quote!(#constness #asyncness #safety #abi #fn_token #name #generics(#inputs #variadic) #output #clause)
}

/// Returns whether an attribute belongs to the public face of a function. Other attributes may
/// rewrite its body.
fn is_of_the_item(attribute: &Attribute) -> bool {
    const NAMES: [&str; 9] =
        ["allow", "cfg", "deny", "deprecated", "doc", "expect", "forbid", "must_use", "warn"];
    let is_name = |path: &Path| NAMES.iter().any(|name| path.is_ident(name));
    if attribute.path().is_ident("cfg_attr") {
        let applied = |meta: ParseStream<'_>| {
            meta.parse::<Meta>()?;
            meta.parse::<Token![,]>()?;
            let path = meta.call(Path::parse_mod_style)?;
            meta.parse::<TokenStream>()?;
            Ok(path)
        };
        return attribute.parse_args_with(applied).is_ok_and(|path| is_name(&path));
    }
    is_name(attribute.path())
}

/// Generates a check that stops the build, at the argument, if its payload is not the one that the
/// events carry, or at the pointer of `serial_by`, if the payload does not have its field.
fn check(Argument { ty, .. }: &Argument, hook: &Hook) -> TokenStream {
    let Hook { private, patterns, .. } = hook;
    let (first, last) = ends(ty);
    let path = respanned(private.to_token_stream(), first);
    let patterns = patterns.iter().filter_map(|pattern| known(&pattern.value(), private));
    let check = respanned(
        quote!(::assert_carried(#private::Argument::<#ty>::__PANORA_HOOKS_CARRIED, &[#(#patterns),*])),
        last,
    );
    let pointer = match &hook.serial {
        Some(Serial::By(pointer)) => Some(check_pointer(pointer, ty, private)),
        _ => None,
    };
    quote! {
        #[allow(deprecated)]
        const _: () = {
            use #private::FitsAny as _;
            // Uses the import, which is otherwise unused for an argument with a payload of this
            // crate.
            let _ = #private::Argument::<()>::__PANORA_HOOKS_CARRIED;
            #path #check;
            #pointer
        };
    }
}

fn check_pointer(Pointer { literal, segments }: &Pointer, ty: &Type, private: &Private) -> TokenStream {
    let check = quote! {
        #private::assert_field(#private::Argument::<#ty>::__PANORA_HOOKS_CARRIED, &[#(#segments),*]);
    };
    respanned(check, literal.span())
}

/// Returns the entry of the catalogue that a pattern stands for.
fn known(pattern: &str, private: &Private) -> Option<TokenStream> {
    if let Some(prefix) = pattern.strip_suffix('*') {
        return Some(quote!(#private::Pattern::Prefix(#prefix)));
    }
    match catalogue::find(pattern)? {
        Meaning::Event(event) => {
            let position = catalogue::position(event)?;
            Some(quote!(#private::Pattern::Event(#position)))
        }
        Meaning::Passthrough => Some(quote!(#private::Pattern::Passthrough(#pattern))),
        Meaning::WireName(_) | Meaning::Misspelling(_) => None,
    }
}

/// Returns the name of the marker, the type that stands for the hook. It cannot clash with the
/// user's names.
fn marker_name(name: &Ident) -> Ident {
    Ident::new(&format!("__panora_hooks_{}", name.unraw()), Span::mixed_site().located_at(name.span()))
}

/// Generates the marker, and connects it with the id of the hook.
fn marker(hook: &Hook, name: &Ident, id: &TokenStream) -> TokenStream {
    let private = &hook.private;
    let marker = marker_name(name);
    quote! {
        // `pub`, so that lists in other modules may infer it.
        #[allow(missing_debug_implementations, non_camel_case_types, unreachable_pub)]
        pub struct #marker {}
        #[allow(non_local_definitions)]
        #[automatically_derived]
        impl #private::Identifies<#marker> for #id {}
    }
}

/// The type that identifies the hook in the signature of its function.
///
/// The name and the patterns are hashed here and not at compile time, so that the compiler can tell
/// most ids apart without evaluating the places of all of them.
fn id(hook: &Hook, name: &Ident) -> TokenStream {
    let Hook { private, patterns, .. } = hook;
    let mut known = format!("{name},{}", expansion());
    for pattern in patterns {
        known.push(',');
        known.push_str(&pattern.value());
    }
    let known = fnv(&known);
    quote!(#private::HookId<#known, {
        #private::place(
            #private::concat!(#private::module_path!(), ":", #private::line!()),
            [
                #private::option_env!("CARGO_PKG_NAME"),
                #private::option_env!("CARGO_PKG_VERSION"),
                #private::option_env!("CARGO_BIN_NAME"),
            ],
            #private::cfg!(test),
        )
    }>)
}

/// Returns the number of this expansion in the crate. It distinguishes hooks of one name that one
/// call of a macro writes, for which `line!()` is the same.
fn expansion() -> u64 {
    static EXPANSIONS: AtomicU64 = AtomicU64::new(0);
    // The snapshots do not depend on the order of the tests.
    if cfg!(test) { 0 } else { EXPANSIONS.fetch_add(1, Ordering::Relaxed) }
}

/// FNV-1a.
fn fnv(text: &str) -> u64 {
    let step = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

fn describe(hook: &Hook, name: &Ident, arguments: &[Argument]) -> TokenStream {
    let Hook { private, patterns, is_unlisted, options, serial, .. } = hook;
    let HookOptions { timeout, attempts, concurrency } = options;
    let none = || quote!(#private::None);
    let timeout = timeout.map_or_else(none, |timeout| {
        let (seconds, nanos) = (timeout.as_secs(), timeout.subsec_nanos());
        quote!(#private::Some(#private::Duration::new(#seconds, #nanos)))
    });
    let [attempts, concurrency] = [attempts, concurrency].map(|number| {
        let number = number.map(NonZeroU32::get);
        number.map_or_else(none, |number| quote!(#private::NonZeroU32::new(#number)))
    });
    let serial = match serial {
        None => none(),
        Some(Serial::All) => quote!(#private::Some(#private::Serial::All)),
        Some(Serial::By(Pointer { literal, .. })) => {
            quote!(#private::Some(#private::Serial::By(#literal)))
        }
    };
    let transaction = transaction(arguments, private);
    let marker = marker_name(name);
    let name = name.to_string();
    quote! {
        #[allow(deprecated, non_local_definitions)]
        #[automatically_derived]
        impl #private::Described for #marker {
            const DEFINITION: #private::Definition = #private::Definition {
                name: #private::concat!(#private::module_path!(), "::", #name),
                patterns: &[#(#patterns),*],
                is_unlisted: #is_unlisted,
                timeout: #timeout,
                attempts: #attempts,
                concurrency: #concurrency,
                serial: #serial,
                transaction: #transaction,
                file: #private::file!(),
                line: #private::line!(),
            };
        }
    }
}

/// A call of a hook: its bounds on the state, and its body.
struct Call {
    bounds: TokenStream,
    body: TokenStream,
}

fn implement(private: &Private, name: &Ident, Call { bounds, body }: &Call) -> TokenStream {
    let marker = marker_name(name);
    let [delivery, state] = ["delivery", "state"].map(local);
    quote! {
        #[allow(non_local_definitions)]
        #[automatically_derived]
        impl<__S> #private::Hook<__S> for #marker
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

/// Returns a local variable that cannot be confused with a name of the user, such as the hook's
/// own.
fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// Generates the call. Its spans decide where the compiler points: each bound and each extraction
/// is at its argument, the outcome at the return type, and the future that must be `Send` at the
/// name of the function.
fn call(hook: &HookFn, private: &Private, inner: &Ident) -> Call {
    let HookFn { function, arguments, output } = hook;
    let name = &function.signature.ident;
    // `Event<T>` needs no bound, because it can be extracted with any state. Without the bound an
    // error in `T` appears here, at the argument, and not a second time in each list.
    let bounds =
        arguments.iter().filter(|argument| !argument.is_event).map(|Argument { ty, json, .. }| {
            let (first, last) = ends(ty);
            let path = respanned(private.to_token_stream(), first);
            let bound = if let Some(content) = json {
                quote!(::FromDeliveryNotJson<__S, #content>,)
            } else {
                quote!(::FromDelivery<__S>,)
            };
            let rest = respanned(bound, last);
            quote!(#ty: #path #rest)
        });
    let [delivery, state] = ["delivery", "state"].map(local);
    let bindings: Vec<Ident> = (0..arguments.len()).map(argument).collect();
    let extractions = arguments.iter().zip(&bindings).map(|(Argument { ty, .. }, binding)| {
        quote!(let #binding = #private::extract::<#ty, __S>(&#delivery, &#state)?;)
    });
    // With the user's hygiene, which the message about a wrong output depends on.
    let outcome = Ident::new("__panora_hooks_outcome", Span::call_site());
    let returned = respanned(outcome.to_token_stream(), *output);
    let [class, result] = ["class", "result"].map(local);
    let into_outcome = respanned(quote!(#private::IntoOutcome::into_outcome(#returned)), *output);
    let call = quote!(#inner(#(#bindings),*));
    let ty = is_never(&function.signature).then(|| quote!(: ()));
    let future = quote! {
        async move {
            #(#extractions)*
            #private::drop((#delivery, #state));
            let #outcome #ty = #call.await;
            let #class = #private::Returned(&#outcome).__panora_hooks_class();
            let #result = #into_outcome;
            #private::with_class(#result, #class)
        }
    };
    let future = respanned(future, name.span());
    let body = respanned(quote!(#private::Box::pin(#future)), name.span());
    Call { bounds: quote!(#(#bounds)*), body }
}

/// Generates a warning. On stable Rust a macro can only warn by using a deprecated constant.
fn warn(Warning { kind, message, span }: &Warning) -> TokenStream {
    let name = match kind {
        WarningKind::NeverSent => "never_sent",
        WarningKind::NeedlessOption => "needless_option",
    };
    let name = Ident::new(name, *span);
    quote! {
        const _: () = {
            #[deprecated(note = #message)]
            #[allow(non_upper_case_globals)]
            const #name: () = ();
            #name
        };
    }
}

/// Returns the `#[cfg(..)]`s of the function, which its stand-in keeps.
fn configuration(function: &Function) -> Vec<TokenStream> {
    let is_cfg = |attribute: &&Attribute| attribute.path().is_ident("cfg");
    function.attributes.iter().filter(is_cfg).map(ToTokens::to_token_stream).collect()
}
