//! What the path of a list's entry leads to.

use core::{any::TypeId, marker::PhantomData};

use crate::hook::{Definition, Described, Hook, Registry};

/// The meaning of an entry's name in its block, in each namespace that the entry's path does not fill.
pub mod fallback {
    /// The type, where the path leads to no type.
    #[allow(non_camel_case_types)]
    #[derive(Debug)]
    pub struct __panora_hooks_entry {}

    /// The value, where the path leads to no value.
    #[allow(non_upper_case_globals)]
    pub const __panora_hooks_entry: super::Absent = super::Absent;

    // Without names, which the path of an entry could mean.
    pub use super::{NotAHook as _, Register as _};
}

/// The type of the value, where the path leads to no value.
#[derive(Debug)]
pub struct Absent;

/// Returns the type of a function, which has no name.
pub fn type_of<F: 'static>(_function: &F) -> TypeId {
    TypeId::of::<F>()
}

/// Asks a type for its definition, while compiling.
#[derive(Debug)]
pub struct Probe<H>(PhantomData<H>);

impl<H: Described> Probe<H> {
    /// What the attribute says. A constant of the type itself comes before a trait's.
    pub const __PANORA_HOOKS_DEFINITION: Definition = H::DEFINITION;
}

/// What any other type has: it claims nothing, so that there is one error, the one about the missing trait.
pub trait NotAHook {
    /// Claims nothing.
    const __PANORA_HOOKS_DEFINITION: Definition =
        Definition { name: "", patterns: &[], is_unlisted: false, file: "", line: 0 };
}

impl<H> NotAHook for Probe<H> {}

/// An entry of a list: the type and the value that its path leads to, and where it is registered.
#[derive(Debug)]
pub struct Candidate<'r, H, F, S> {
    name: &'static str,
    hook: PhantomData<H>,
    function: PhantomData<F>,
    registry: &'r mut Registry<S>,
}

impl<'r, H, F, S> Candidate<'r, H, F, S> {
    /// For this registry, so that its state is known when the hook is looked at.
    pub fn of(name: &'static str, _function: &F, registry: &'r mut Registry<S>) -> Self {
        Self { name, hook: PhantomData, function: PhantomData, registry }
    }
}

/// The path leads to neither a type nor a value. It leads to a macro, or nowhere, or is private. In
/// the latter cases the compiler has said so, and does not come to evaluate the constant.
impl<S> Candidate<'_, fallback::__panora_hooks_entry, Absent, S> {
    const IS_SOMETHING_ELSE: () =
        panic!("not a hook: this name is that of a macro; a hook is a function with `#[on(\"...\")]`");

    /// Stops the build.
    pub fn __panora_hooks_register(self) {
        let () = Self::IS_SOMETHING_ELSE;
    }
}

/// What any other candidate has, where a method of its own does not come first.
pub trait Register<H, F, S> {
    /// Registers the hook, if it is one.
    fn __panora_hooks_register(self)
    where
        H: Hook<S>,
        F: 'static;
}

impl<H, F, S> Register<H, F, S> for Candidate<'_, H, F, S> {
    fn __panora_hooks_register(self)
    where
        H: Hook<S>,
        F: 'static,
    {
        self.registry.register(self.name, self.hook, TypeId::of::<F>());
    }
}
