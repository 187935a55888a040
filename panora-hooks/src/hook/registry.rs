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

/// Two hooks name a pattern.
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

impl<S> Registry<S> {
    pub(crate) fn new() -> Self {
        Self { entries: Vec::new(), claims: HashMap::new(), claimed_twice: None }
    }

    /// Adds the hooks of a list.
    ///
    /// # Panics
    ///
    /// Panics if one of them names a pattern that an earlier list names.
    #[track_caller]
    pub fn hooks(&mut self, list: impl FnOnce(&mut Self)) -> &mut Self {
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
        self.entries.push(RegisteredHook { definition, call: H::call });
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
