//! Finds the hook of an entry through the type of the function that its path resolves to.

use core::marker::PhantomData;

use crate::hook::{Described, FutureOf, Hook, Identifies, Registry};

use super::Listed;

/// A function that `#[on]` has turned into a hook, with the arguments `A`.
///
/// The return type of the function identifies its hook. No other function has that type, so a list
/// that names the function cannot mean another hook.
#[diagnostic::on_unimplemented(
    message = "not a hook: this function has no `#[on(\"...\")]` attribute, or is private here",
    label = "not a hook"
)]
pub trait HookFunction<A, H> {}

macro_rules! impl_hook_function {
    ($($argument:ident)*) => {
        impl<Function, Id, H, Running, $($argument),*> HookFunction<($($argument,)*), H> for Function
        where
            Function: Fn($($argument),*) -> FutureOf<Id, Running>,
            Id: Identifies<H>,
        {
        }
    };
}

macro_rules! impl_hook_functions {
    () => { impl_hook_function!(); };
    ($first:ident $($argument:ident)*) => {
        impl_hook_function!($first $($argument)*);
        impl_hook_functions!($($argument)*);
    };
}

// `#[on]` refuses a function with more arguments.
impl_hook_functions!(A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11 A12 A13 A14 A15 A16);

/// Returns the facts about an entry that are known at compile time.
///
/// Only this function rejects a function that is not a hook, so that there is one error about it.
pub const fn listed<F: HookFunction<A, H>, A, H: Described>(
    position: usize,
    name: &'static str,
    _function: &F,
) -> Listed {
    Listed { position, name, definition: H::DEFINITION }
}

/// An entry of a list, about to be registered.
#[derive(Debug)]
pub struct Entry<'r, F, A, H, S> {
    function: PhantomData<F>,
    arguments: PhantomData<A>,
    hook: PhantomData<H>,
    registry: &'r mut Registry<S>,
}

impl<'r, F, A, H, S> Entry<'r, F, A, H, S> {
    /// Returns the entry for this function, or for any other value that its path resolves to.
    ///
    /// It holds the registry, so that the state is known when the hook is resolved.
    pub fn of(_function: &F, registry: &'r mut Registry<S>) -> Self {
        Self { function: PhantomData, arguments: PhantomData, hook: PhantomData, registry }
    }
}

impl<F: HookFunction<A, H>, A, H, S> Entry<'_, F, A, H, S> {
    /// Registers the hook. An inherent method has precedence over the method of a trait.
    pub fn __panora_hooks_register(self)
    where
        H: Hook<S>,
    {
        self.registry.register::<H>();
    }
}

/// The fallback for an entry that is not a hook, which [`listed`] rejects. It is implemented for
/// the arguments `()`, because nothing else determines them.
pub trait NotAHook: Sized {
    /// Registers nothing.
    fn __panora_hooks_register(self) {}
}

impl<F, S> NotAHook for Entry<'_, F, (), (), S> {}
