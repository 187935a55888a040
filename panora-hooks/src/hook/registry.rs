//! The registry: the hooks of one or more lists.

use std::{collections::HashMap, fmt};

use super::{Definition, Hook, HookFuture};
use crate::delivery::Delivery;

/// The hooks of a [`Webhooks`](crate::Webhooks), for the state `S`.
///
/// A list, `hooks![..]`, is a function that takes a registry, and so is any function through which
/// a module exports its hooks:
///
/// ```
/// use panora_hooks::{Metadata, Registry, hooks, on};
/// # #[derive(Clone)] struct App;
///
/// #[on("crm.contact.created")]
/// async fn contact_created(meta: Metadata) {}
///
/// pub fn hooks(registry: &mut Registry<App>) {
///     registry.hooks(hooks![contact_created]);
/// }
/// ```
pub struct Registry<S = ()> {
    entries: Vec<RegisteredHook<S>>,
    claims: HashMap<&'static str, usize>,
    /// The first pattern that two hooks name. The panic is raised by a function that knows the line
    /// of the caller.
    claimed_twice: Option<ClaimedTwice>,
}

/// The error of two hooks that name one pattern.
struct ClaimedTwice {
    pattern: &'static str,
    earlier: Definition,
}

impl fmt::Display for ClaimedTwice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pattern, earlier } = self;
        let (path, Definition { file, line, .. }) = (earlier.path(), earlier);
        write!(f, "event `{pattern}` is already handled by `{path}` ({file}:{line})")
    }
}

/// A registered hook.
pub(crate) struct RegisteredHook<S> {
    /// The place of the hook among all hooks.
    pub(crate) place: usize,
    pub(crate) definition: Definition,
    pub(crate) call: fn(Delivery<'static>, S) -> HookFuture,
}

// A derived implementation would require `S: Copy`.
impl<S> Clone for RegisteredHook<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for RegisteredHook<S> {}

/// A list of hooks for the state `S`: `hooks![..]`, or a function that takes a `&mut`
/// [`Registry<S>`](Registry).
///
/// Implemented for every `FnOnce(&mut Registry<S>)`. `T` is the state that the function names, and
/// has to be `S`. It is a parameter of its own so that the compiler can say which state to name.
#[diagnostic::on_unimplemented(
    message = "not a list of hooks for the state `{S}`",
    label = "expected `hooks![..]` or a function that takes a `&mut Registry<{S}>`",
    note = "a function that takes a bare `&mut Registry` is a list for the state `()`",
    note = "the state is that of `.with_state(..)` before `.hooks(..)`; without it the state is `()`"
)]
pub trait HookList<S, T>: FnOnce(&mut Registry<S>) {}

// The first bound finds the state in the signature of a function. The second compares it.
impl<L, S, T> HookList<S, T> for L where L: FnOnce(&mut Registry<T>) + IsForState<S, T> {}

/// Implemented if the state `S` of a program is the state `T` of a list.
///
/// If `FnOnce(&mut Registry<S>)` were the bound, the compiler would report a list with another
/// state as E0631, which cannot have a message of its own, and suggest a closure around the list.
pub trait IsForState<S, T>: FnOnce(&mut Registry<S>) {}

impl<L: FnOnce(&mut Registry<S>), S> IsForState<S, S> for L {}

impl<S> Registry<S> {
    pub(crate) fn new() -> Self {
        Self { entries: Vec::new(), claims: HashMap::new(), claimed_twice: None }
    }

    /// Adds the hooks of a list.
    ///
    /// # Panics
    ///
    /// Panics if a hook of the list names a pattern that an earlier list names.
    #[track_caller]
    pub fn hooks<T>(&mut self, list: impl HookList<S, T>) -> &mut Self {
        list(self);
        #[expect(clippy::panic, reason = "a mistake in the program, which shows when it starts")]
        if let Some(claimed_twice) = &self.claimed_twice {
            panic!("{claimed_twice}");
        }
        self
    }

    /// Adds one hook.
    pub(crate) fn register<H: Hook<S>>(&mut self) {
        let index = self.entries.len();
        let definition = H::DEFINITION;
        self.entries.push(RegisteredHook { place: index, definition, call: H::call });
        for &pattern in definition.patterns {
            let earlier = *self.claims.entry(pattern).or_insert(index);
            if earlier != index {
                let earlier = self.entries[earlier].definition;
                self.claimed_twice.get_or_insert(ClaimedTwice { pattern, earlier });
            }
        }
    }

    /// Returns the definition of each hook.
    pub(crate) fn definitions(&self) -> impl Iterator<Item = Definition> {
        self.entries.iter().map(|entry| entry.definition)
    }

    /// Returns the patterns of all hooks.
    pub(crate) fn patterns(&self) -> impl Iterator<Item = &'static str> {
        self.claims.keys().copied()
    }

    /// Returns the hooks, and for each pattern the index of its hook.
    pub(crate) fn into_parts(self) -> (Vec<RegisteredHook<S>>, HashMap<&'static str, usize>) {
        (self.entries, self.claims)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl<S> fmt::Debug for Registry<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.definitions()).finish()
    }
}
