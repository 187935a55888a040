//! The macros of [`panora-hooks`](https://docs.rs/panora-hooks). Use them through that crate.
//!
//! Both macros are pipelines over domain types, with one file for each stage. `#[on(..)]` goes
//! through `on::attribute` and `on::signature` (parse), `on::validate` and `on::expand`;
//! `hooks![..]` goes through `hooks::list` (parse) and `hooks::expand`. All errors are collected in
//! `diagnostics` and reported at once.

mod catalogue;
mod diagnostics;
mod hooks;
mod on;
mod paths;
mod similar;

use proc_macro::TokenStream;

/// Documented at its re-export, `panora_hooks::on`.
#[proc_macro_attribute]
pub fn on(attribute: TokenStream, item: TokenStream) -> TokenStream {
    on::on(attribute.into(), item.into()).into()
}

/// The macro behind `panora_hooks::hooks!`, which passes the path of its own crate.
#[doc(hidden)]
#[proc_macro]
pub fn hooks(input: TokenStream) -> TokenStream {
    hooks::hooks(input.into()).into()
}

/// The event catalogue as an array expression, for `panora_hooks::catalogue`.
#[doc(hidden)]
#[proc_macro]
pub fn catalogue(_input: TokenStream) -> TokenStream {
    catalogue::expand().into()
}
