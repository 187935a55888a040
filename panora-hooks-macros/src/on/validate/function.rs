//! Checks the function, one rule at a time.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{FnArg, GenericArgument, PathArguments, ReturnType, Safety, Signature, Type, spanned::Spanned};

use super::{Argument, HookFn, HookItem};
use crate::{diagnostics::Diagnostics, on::signature::Function};

/// The number of arguments for which the runtime crate implements `HookFunction`.
pub(in crate::on) const MAX_ARGUMENTS: usize = 16;

pub(super) fn check(mut function: Function, diagnostics: &mut Diagnostics) -> HookItem {
    if matches!(function.body.clone().into_iter().next(), Some(TokenTree::Punct(end)) if end.as_char() == ';')
    {
        // The function is in a trait or an extern block, where a body would cause another error.
        diagnostics.error(&function.signature, "hooks are free functions with a body");
        return HookItem::Bare(function.into_token_stream());
    }
    let mut found = Diagnostics::default();
    check_attributes(&mut function, &mut found);
    let arguments = if function.signature.ident == "main" {
        // Further errors about this function would not help.
        found.error(&function.signature.ident, "`main` is the program's entry point, not a hook");
        Vec::new()
    } else {
        // An attribute that turns the function into something else may have removed its `async`.
        if found.is_empty() {
            check_async(&function.signature, &mut found);
        }
        check_qualifiers(&function.signature, &mut found);
        check_generics(&function.signature, &mut found);
        check_self(&function.signature, &mut found);
        check_arguments(&function.signature, &mut found)
    };
    let is_right = found.is_empty();
    diagnostics.extend(found);

    let is_free = function.signature.receiver().is_none();
    match (is_right, is_free) {
        (true, _) => HookItem::Callable(Box::new(HookFn {
            arguments,
            output: match &function.signature.output {
                ReturnType::Default => function.signature.ident.span(),
                ReturnType::Type(_, ty) => ty.span(),
            },
            function,
        })),
        (false, true) => HookItem::MarkerOnly(Box::new(function)),
        // A list cannot name a method as a function without `self`.
        (false, false) => HookItem::Bare(function.into_token_stream()),
    }
}

/// Refuses attributes that turn the function into something else, and removes a second `#[on(..)]`,
/// which would generate a second marker.
fn check_attributes(function: &mut Function, diagnostics: &mut Diagnostics) {
    let is_main = function.signature.ident == "main";
    function.attributes.retain(|attribute| {
        let name = attribute.path().segments.last().map(|segment| segment.ident.to_string());
        match name.as_deref() {
            Some("on") => {
                diagnostics.error_with_help(
                    attribute,
                    "a hook takes one `#[on(..)]`",
                    "list the event types together",
                );
                false
            }
            Some("test") => {
                diagnostics.error(attribute, "a hook cannot be a test");
                false
            }
            Some("main") if !is_main => {
                diagnostics.error(attribute, "`main` is the program's entry point, not a hook");
                false
            }
            _ => true,
        }
    });
}

fn check_async(signature: &Signature, diagnostics: &mut Diagnostics) {
    let Signature { constness, asyncness, fn_token, ident, .. } = signature;
    // A function cannot be both `const` and `async`.
    if asyncness.is_none() && constness.is_none() {
        diagnostics.error_with_help(fn_token, "hooks are `async`", format_args!("write `async fn {ident}`"));
    }
}

fn check_qualifiers(signature: &Signature, diagnostics: &mut Diagnostics) {
    let Signature { constness, safety, abi, variadic, .. } = signature;
    if let Some(constness) = constness {
        diagnostics.error(constness, "hooks cannot be `const`");
    }
    match safety {
        Safety::Unsafe(keyword) => diagnostics.error(keyword, "hooks cannot be `unsafe`"),
        Safety::Safe(keyword) => diagnostics.error(keyword, "hooks cannot be `safe`"),
        Safety::Default => {}
    }
    if let Some(abi) = abi {
        diagnostics.error(abi, "hooks cannot be `extern`");
    }
    if let Some(variadic) = variadic {
        diagnostics.error(variadic, "hooks cannot be variadic");
    }
}

fn check_generics(signature: &Signature, diagnostics: &mut Diagnostics) {
    let generics = &signature.generics;
    let clause = generics.where_clause.as_ref().filter(|clause| !clause.predicates.is_empty());
    let tokens = match clause {
        _ if !generics.params.is_empty() => generics.to_token_stream(),
        Some(clause) => clause.to_token_stream(),
        None => return,
    };
    diagnostics.error_with_help(
        tokens,
        "hooks cannot be generic",
        "take a concrete type, or call a generic function from the hook",
    );
}

fn check_arguments(signature: &Signature, diagnostics: &mut Diagnostics) -> Vec<Argument> {
    let mut arguments: Vec<Argument> = Vec::new();
    if let Some(input) = signature.inputs.iter().nth(MAX_ARGUMENTS) {
        diagnostics.error(input, format_args!("a hook takes at most {MAX_ARGUMENTS} arguments"));
    }
    for input in &signature.inputs {
        let ty = match input {
            FnArg::Receiver(receiver) => {
                diagnostics.error_with_help(
                    receiver,
                    "hooks are free functions",
                    "take `State<App>` instead of `self`",
                );
                continue;
            }
            FnArg::Typed(typed) => {
                for attribute in typed.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg")) {
                    diagnostics.error(attribute, "a hook argument must exist in every configuration");
                }
                &*typed.ty
            }
        };
        check_argument_type(ty, diagnostics);
        let is_event = parameter_of(ty, "Event").is_some();
        if is_event && arguments.iter().any(|earlier| earlier.is_event) {
            diagnostics.error(input, "a hook takes one `Event<_>`");
        }
        arguments.push(Argument { ty: ty.clone(), is_event, json: parameter_of(ty, "Json").cloned() });
    }
    arguments
}

fn check_argument_type(ty: &Type, diagnostics: &mut Diagnostics) {
    if contains_word(ty.to_token_stream(), "impl").is_some() {
        diagnostics.error(ty, "a hook argument must be a concrete type");
    } else if let Type::Reference(reference) = ty
        && contains_word(ty.to_token_stream(), "dyn").is_none()
    {
        let owned = owned_argument(&reference.elem);
        diagnostics.error_with_help(
            ty,
            "hooks take their arguments by value",
            format_args!("write `{owned}`"),
        );
    } else if contains_borrow(ty.to_token_stream()) {
        diagnostics.error_with_help(
            ty,
            "hooks take their arguments by value",
            "take an owned type, such as `String` for `&str`",
        );
    }
}

/// Returns the type to take instead of a reference to `ty`.
fn owned_argument(ty: &Type) -> String {
    let text = |tokens: &dyn ToTokens| tokens.to_token_stream().to_string().replace(' ', "");
    match ty {
        Type::Slice(slice) => format!("Event<Vec<{}>>", text(&slice.elem)),
        ty => match last_name(ty).map(Ident::to_string).as_deref() {
            Some("Event" | "State" | "Metadata" | "RawData") => text(ty),
            Some("str") => "Event<String>".to_owned(),
            _ => format!("Event<{}>", text(parameter_of(ty, "Json").unwrap_or(ty))),
        },
    }
}

fn check_self(signature: &Signature, diagnostics: &mut Diagnostics) {
    if signature.receiver().is_some() {
        return;
    }
    let tokens = signature.inputs.to_token_stream().into_iter().chain(signature.output.to_token_stream());
    if let Some(word) = contains_word(tokens.collect(), "Self") {
        diagnostics.error(word, "`Self` has no meaning in a free function");
    }
}

/// Returns `T` if a type looks like `name<T>`.
fn parameter_of<'t>(ty: &'t Type, name: &str) -> Option<&'t Type> {
    let Type::Path(path) = ty else { return None };
    let segment = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    match arguments.args.first() {
        Some(GenericArgument::Type(ty)) if segment.ident == name && arguments.args.len() == 1 => Some(ty),
        _ => None,
    }
}

fn last_name(ty: &Type) -> Option<&Ident> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|segment| &segment.ident),
        _ => None,
    }
}

/// Returns the first `word` among the tokens, at any depth.
pub(in crate::on) fn contains_word(tokens: TokenStream, word: &str) -> Option<Ident> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) => (ident == word).then_some(ident),
        TokenTree::Group(group) => contains_word(group.stream(), word),
        _ => None,
    })
}

/// Returns whether a type borrows for a lifetime other than `'static`. Arguments and results of
/// function types do not count, because the type itself does not borrow them.
fn contains_borrow(tokens: TokenStream) -> bool {
    let mut tokens = tokens.into_iter().peekable();
    let mut is_signature = false;
    while let Some(token) = tokens.next() {
        let is_borrow = match &token {
            TokenTree::Group(group) => !is_signature && contains_borrow(group.stream()),
            TokenTree::Ident(word) if word == "for" => return false,
            TokenTree::Punct(punct) if punct.as_char() == '&' => {
                !matches!(tokens.peek(), Some(TokenTree::Punct(next)) if next.as_char() == '\'')
            }
            TokenTree::Punct(punct) if punct.as_char() == '\'' => {
                !matches!(tokens.peek(), Some(TokenTree::Ident(name)) if name == "static")
            }
            _ => false,
        };
        if is_borrow {
            return true;
        }
        is_signature = matches!(
            &token,
            TokenTree::Ident(word) if ["fn", "Fn", "FnMut", "FnOnce"].iter().any(|name| word == name)
        );
    }
    false
}
