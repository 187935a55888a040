//! Parses the entries of a list.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    Attribute, Lit, Path, Token, bracketed,
    parse::{ParseStream, Parser},
    token,
};

use crate::{diagnostics::Diagnostics, paths::Private};

pub(crate) struct HookList {
    pub(crate) private: Private,
    pub(crate) entries: Vec<ListEntry>,
}

/// A path to a hook, and the configurations in which it is listed.
pub(crate) struct ListEntry {
    pub(crate) configuration: Vec<Attribute>,
    pub(crate) path: Path,
}

/// Parses `path::to::panora_hooks [a, b, c]`: the path of the runtime crate, then the user's list.
///
/// # Errors
///
/// Returns an error only if the first part is not in the form that the runtime crate writes.
pub(crate) fn parse(input: TokenStream, diagnostics: &mut Diagnostics) -> syn::Result<HookList> {
    let parser = |input: ParseStream<'_>| {
        let krate = Path::parse_mod_style(input)?;
        let list;
        bracketed!(list in input);
        Ok(HookList { private: Private::of(krate), entries: parse_entries(&list, diagnostics)? })
    };
    parser.parse2(input)
}

fn parse_entries(list: ParseStream<'_>, diagnostics: &mut Diagnostics) -> syn::Result<Vec<ListEntry>> {
    let mut entries = Vec::new();
    while !list.is_empty() {
        entries.extend(parse_entry(list, diagnostics)?);
        if list.is_empty() || list.parse::<Option<Token![,]>>()?.is_some() {
            continue;
        }
        let next: TokenTree = list.fork().parse()?;
        // An identifier may be the next entry.
        if !matches!(next, TokenTree::Ident(_)) {
            skip_to_comma(list)?;
            list.parse::<Option<Token![,]>>()?;
        }
        diagnostics.error(next, "expected `,`");
    }
    Ok(entries)
}

/// Skips tokens that cannot be parsed.
fn skip_to_comma(list: ParseStream<'_>) -> syn::Result<()> {
    while !list.is_empty() && !list.peek(Token![,]) {
        list.parse::<TokenTree>()?;
    }
    Ok(())
}

/// Parses one entry, or reports it and skips it.
fn parse_entry(list: ParseStream<'_>, diagnostics: &mut Diagnostics) -> syn::Result<Option<ListEntry>> {
    let mut configuration = match list.call(Attribute::parse_outer) {
        Ok(attributes) => attributes,
        Err(error) => {
            diagnostics.push(error);
            skip_to_comma(list)?;
            return Ok(None);
        }
    };
    configuration.retain(|attribute| {
        let is_cfg = attribute.path().is_ident("cfg");
        if !is_cfg {
            diagnostics.error(attribute, "expected `#[cfg(..)]`, the only attribute that an entry takes");
        }
        is_cfg
    });
    if list.peek(Lit) {
        let literal: Lit = list.parse()?;
        diagnostics.error_with_help(
            literal,
            "expected a path to a hook",
            "list the function, not its event type",
        );
        return Ok(None);
    }
    let Ok(path) = list.fork().parse::<Path>() else {
        let message = "expected a path to a hook";
        match (list.parse::<TokenTree>(), configuration.last()) {
            (Ok(token), _) => diagnostics.error(token, message),
            (Err(_), Some(attribute)) => diagnostics.error(attribute, message),
            (Err(end), None) => diagnostics.error_at(end.span(), message),
        }
        skip_to_comma(list)?;
        return Ok(None);
    };
    list.parse::<Path>()?;
    let path = checked(path, diagnostics);
    if list.peek(token::Paren) {
        let call: TokenTree = list.parse()?;
        diagnostics.error_with_help(
            call,
            "expected a path to a hook, found a call",
            format_args!("write `{}`", name(&path)),
        );
    }
    Ok(Some(ListEntry { configuration, path }))
}

/// Returns the path without generic arguments, which are reported.
fn checked(mut path: Path, diagnostics: &mut Diagnostics) -> Path {
    let arguments = path.segments.iter_mut().map(|segment| std::mem::take(&mut segment.arguments));
    let arguments: Vec<_> = arguments.filter(|arguments| !arguments.is_none()).collect();
    for arguments in arguments {
        let help = format!("write `{}`", name(&path));
        diagnostics.error_with_help(arguments, "hooks cannot be generic", help);
    }
    path
}

fn name(path: &Path) -> String {
    path.to_token_stream().to_string().replace(' ', "")
}

impl ListEntry {
    /// Returns the path as the user wrote it.
    pub(crate) fn name(&self) -> String {
        name(&self.path)
    }
}
