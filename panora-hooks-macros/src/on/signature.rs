//! Parses the item under the attribute, up to the end of its signature.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    Attribute, Signature, Visibility,
    parse::{ParseStream, Parser},
};

use crate::diagnostics::Diagnostics;

/// The item under the attribute.
pub(crate) enum Item {
    Function(Box<Function>),
    /// Any other item, which is output unchanged.
    Other(TokenStream),
}

/// A function. Its body is not parsed: the compiler reports errors in it, and parsing it would take
/// time.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    pub(crate) body: TokenStream,
}

impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { attributes, visibility, signature, body } = self;
        for attribute in attributes {
            attribute.to_tokens(tokens);
        }
        visibility.to_tokens(tokens);
        signature.to_tokens(tokens);
        body.to_tokens(tokens);
    }
}

pub(crate) fn parse(item: TokenStream, diagnostics: &mut Diagnostics) -> Item {
    match parse_function.parse2(item.clone()) {
        Ok(function) => Item::Function(Box::new(function)),
        Err(error) => {
            match other_item(item.clone()) {
                Some((keyword, kind)) => {
                    let message = format_args!("`#[on]` goes on an `async fn`, found {kind}");
                    diagnostics.error(keyword, message);
                }
                None => diagnostics.push(error),
            }
            Item::Other(item)
        }
    }
}

fn parse_function(input: ParseStream<'_>) -> syn::Result<Function> {
    Ok(Function {
        attributes: input.call(Attribute::parse_outer)?,
        visibility: input.parse()?,
        signature: input.parse()?,
        body: input.parse()?,
    })
}

/// Returns the keyword that identifies an item, and a name for its kind.
fn other_item(item: TokenStream) -> Option<(TokenTree, &'static str)> {
    let after_visibility = |input: ParseStream<'_>| {
        input.call(Attribute::parse_outer)?;
        input.parse::<Visibility>()?;
        input.parse::<TokenStream>()
    };
    let tokens = after_visibility.parse2(item).ok()?;
    if tokens.clone().into_iter().any(|token| matches!(token, TokenTree::Ident(word) if word == "fn")) {
        return None;
    }
    tokens.into_iter().find_map(|token| {
        let kind = match &token {
            TokenTree::Ident(ident) => match ident.to_string().as_str() {
                "struct" => "a struct",
                "enum" => "an enum",
                "union" => "a union",
                "mod" => "a module",
                "impl" => "an impl block",
                "trait" => "a trait",
                "type" => "a type alias",
                "const" => "a constant",
                "static" => "a static",
                "use" => "an import",
                "extern" => "an extern block",
                "macro_rules" => "a macro",
                _ => return None,
            },
            _ => return None,
        };
        Some((token, kind))
    })
}
