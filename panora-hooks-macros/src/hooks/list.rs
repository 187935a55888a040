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
    pub(crate) entries: Vec<Entry>,
}

/// A path to a hook, and the configurations in which it is listed.
pub(crate) struct Entry {
    pub(crate) configuration: Vec<Attribute>,
    pub(crate) path: Path,
}

/// Reads `path::to::panora_hooks [a, b, c]`: the runtime crate, then what the user wrote.
///
/// # Errors
///
/// Only if the first part is not as the runtime crate writes it.
pub(crate) fn parse(input: TokenStream, diagnostics: &mut Diagnostics) -> syn::Result<HookList> {
    let parser = |input: ParseStream<'_>| {
        let krate = Path::parse_mod_style(input)?;
        let list;
        bracketed!(list in input);
        Ok(HookList { private: Private::of(krate), entries: parse_entries(&list, diagnostics)? })
    };
    parser.parse2(input)
}

fn parse_entries(list: ParseStream<'_>, diagnostics: &mut Diagnostics) -> syn::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    while !list.is_empty() {
        entries.extend(parse_entry(list, diagnostics)?);
        if list.is_empty() || list.parse::<Option<Token![,]>>()?.is_some() {
            continue;
        }
        let next: TokenTree = list.fork().parse()?;
        diagnostics.error(next, "expected `,`");
    }
    Ok(entries)
}

/// Reads one entry, or reports it and skips to the next comma.
fn parse_entry(list: ParseStream<'_>, diagnostics: &mut Diagnostics) -> syn::Result<Option<Entry>> {
    let mut configuration = list.call(Attribute::parse_outer)?;
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
    let fork = list.fork();
    if fork.parse::<Path>().is_err() {
        let token: TokenTree = list.parse()?;
        diagnostics.error(token, "expected a path to a hook");
        while !list.is_empty() && !list.peek(Token![,]) {
            list.parse::<TokenTree>()?;
        }
        return Ok(None);
    }
    let mut path: Path = list.parse()?;
    check_path(&mut path, diagnostics);
    if list.peek(token::Paren) {
        let call: TokenTree = list.parse()?;
        diagnostics.error_with_help(
            call,
            "expected a path to a hook, found a call",
            format_args!("write `{}`", name(&path)),
        );
    }
    Ok(Some(Entry { configuration, path }))
}

/// Reports generic arguments, and takes them away.
fn check_path(path: &mut Path, diagnostics: &mut Diagnostics) {
    let arguments: Vec<_> = path
        .segments
        .iter_mut()
        .map(|segment| std::mem::take(&mut segment.arguments))
        .filter(|arguments| !arguments.is_none())
        .collect();
    for arguments in arguments {
        let help = format!("write `{}`", name(path));
        diagnostics.error_with_help(arguments, "hooks cannot be generic", help);
    }
}

fn name(path: &Path) -> String {
    path.to_token_stream().to_string().replace(' ', "")
}

impl Entry {
    /// The path as the user wrote it.
    pub(crate) fn name(&self) -> String {
        name(&self.path)
    }
}
