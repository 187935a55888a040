//! Validates the parsed input, and turns it into the parts of a hook.

mod function;
mod options;
mod patterns;
mod serial;

use proc_macro2::{Span, TokenStream};
use syn::{LitStr, Type};

pub(super) use self::{
    function::{MAX_ARGUMENTS, contains_word},
    options::HookOptions,
    serial::{Pointer, Serial},
};

use super::{
    attribute::Attribute,
    signature::{Function, Item},
};
use crate::{diagnostics::Diagnostics, paths::Private};

/// An item under `#[on(..)]`, with everything that is generated into it.
pub(crate) struct Hook {
    pub(crate) private: Private,
    pub(crate) item: HookItem,
    /// The valid patterns.
    pub(crate) patterns: Vec<LitStr>,
    /// Whether the option `unlisted` allows patterns that the catalogue does not hold.
    pub(crate) is_unlisted: bool,
    pub(crate) options: HookOptions,
    /// The option `serial` or `serial_by`, if it is given and valid.
    pub(crate) serial: Option<Serial>,
    pub(crate) warnings: Vec<Warning>,
}

pub(crate) enum HookItem {
    /// A function that can be called as a hook.
    Callable(Box<HookFn>),
    /// A function with a marker, so that lists accept it, but nothing to call.
    MarkerOnly(Box<Function>),
    /// An item that is not a function, or for which no function can stand in.
    Bare(TokenStream),
}

/// A function with the signature of a hook.
pub(crate) struct HookFn {
    pub(crate) function: Function,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) output: Span,
}

/// An argument of a hook.
pub(crate) struct Argument {
    pub(crate) ty: Type,
    /// Whether it is `Event<_>`, which can be extracted from any delivery with any state.
    pub(crate) is_event: bool,
    /// `T` of `Json<T>`. axum's cannot be an argument, but another type of that name may be one.
    pub(crate) json: Option<Type>,
}

/// Advice that does not stop the build.
pub(crate) struct Warning {
    pub(crate) kind: WarningKind,
    pub(crate) message: String,
    pub(crate) span: Span,
}

#[derive(Clone, Copy)]
pub(crate) enum WarningKind {
    NeverSent,
    NeedlessOption,
}

pub(crate) fn validate(attribute: Attribute, item: Item, diagnostics: &mut Diagnostics) -> Hook {
    let mut warnings = Vec::new();
    let patterns = patterns::check(&attribute, &mut warnings, diagnostics);
    let options = options::check(&attribute, diagnostics);
    let serial = serial::check(&attribute, &patterns, diagnostics);
    let item = match item {
        Item::Other(tokens) => HookItem::Bare(tokens),
        Item::Function(function) => function::check(*function, diagnostics),
    };
    let is_unlisted = attribute.unlisted.is_some();
    let private = attribute.krate.map(Private::of).unwrap_or_default();
    Hook { private, item, patterns, is_unlisted, options, serial, warnings }
}
