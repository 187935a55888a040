//! The macro `hooks![..]`.

mod expand;
mod list;

use proc_macro2::TokenStream;

use crate::diagnostics::Diagnostics;

/// Parses the list and generates a closure that registers each of its hooks.
///
/// Valid entries are registered even if others are invalid, so that no error hides another.
pub(crate) fn hooks(input: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let list = match list::parse(input, &mut diagnostics) {
        Ok(list) => list,
        Err(error) => return error.to_compile_error(),
    };
    expand::expand(&list, diagnostics)
}

#[cfg(test)]
mod tests;
