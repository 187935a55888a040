//! What the path of a list's entry leads to.

use core::marker::PhantomData;

use crate::hook::{Definition, Described, Hook, Registry};

/// What `__hook` means in the block of an entry, in each namespace that the entry's path does not fill.
pub mod fallback {
    /// The type, where the path leads to no type.
    #[allow(non_camel_case_types)]
    #[derive(Debug)]
    pub struct __hook {}

    /// The value, where the path leads to no value. A list matches `true` against the name: this constant
    /// does not match, but where the path leads to a function the name is a fresh binding, which does.
    #[allow(non_upper_case_globals)]
    pub const __hook: bool = false;

    pub use super::{NotAHook, Register};
}

/// Asks a type for its definition, while compiling.
#[derive(Debug)]
pub struct Probe<H>(PhantomData<H>);

impl<H: Described> Probe<H> {
    /// What the attribute says. A constant of the type itself comes before a trait's.
    pub const DEFINITION: Definition = H::DEFINITION;
}

/// What any other type has: it claims nothing, so that there is one error, the one about the missing trait.
pub trait NotAHook {
    /// Claims nothing.
    const DEFINITION: Definition =
        Definition { name: "", patterns: &[], is_unlisted: false, file: "", line: 0 };
}

impl<H> NotAHook for Probe<H> {}

/// The type that the path of an entry leads to, whether it leads anywhere, and where it is registered.
#[derive(Debug)]
pub struct Candidate<'r, H, S, const IS_FOUND: bool> {
    hook: PhantomData<H>,
    registry: &'r mut Registry<S>,
}

impl<'r, H, S, const IS_FOUND: bool> Candidate<'r, H, S, IS_FOUND> {
    /// For this registry, so that its state is known when the hook is looked at.
    pub fn of(registry: &'r mut Registry<S>) -> Self {
        Self { hook: PhantomData, registry }
    }
}

/// The compiler has said that the path leads nowhere, or is private: there is no more to say.
impl<S> Candidate<'_, fallback::__hook, S, false> {
    /// Does nothing, in a program that does not compile.
    pub fn register(self) {}
}

/// What any other candidate has, where a method of its own does not come first.
pub trait Register<H, S> {
    /// Registers the hook, if it is one.
    fn register(self)
    where
        H: Hook<S>;
}

impl<H, S, const IS_FOUND: bool> Register<H, S> for Candidate<'_, H, S, IS_FOUND> {
    fn register(self)
    where
        H: Hook<S>,
    {
        self.registry.register(self.hook);
    }
}
