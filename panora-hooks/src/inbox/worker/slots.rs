//! The slots of a worker, and how many of them each hook uses.

use std::{collections::HashMap, sync::Arc};

use bytestring::ByteString;

use super::runner::Runner;
use crate::inbox::{QueueGroup, policy::Policy};

/// The hook and the group of queues that use a slot. They differ if another release, which had
/// other hooks, has stored the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SlotUse {
    /// The place of the hook; `None` if no hook names the type of the event.
    hook: Option<usize>,
    /// The place of the hook from whose queues the event was leased; `None` for other queues.
    group: Option<usize>,
}

/// The use of slots by each hook.
pub(super) struct Slots {
    hooks: Vec<HookSlots>,
    /// The place of the hook of each queue.
    by_queue: HashMap<ByteString, usize>,
    /// The number of events from queues that no hook has.
    from_others: usize,
    /// The number of slots.
    all: usize,
}

struct HookSlots {
    queues: Arc<[ByteString]>,
    limit: usize,
    /// The number of running attempts.
    running: usize,
    /// The number of events from the queues of the hook that run, or wait for a slot.
    from_queues: usize,
}

impl HookSlots {
    /// Returns the number of slots that are not available to events from the queues of the hook.
    fn used(&self) -> usize {
        self.running.max(self.from_queues)
    }
}

impl Slots {
    pub(super) fn new(runner: &dyn Runner, policy: &Policy) -> Self {
        let (mut hooks, mut by_queue) = (Vec::new(), HashMap::new());
        for (place, (definition, queues)) in runner.queues().into_iter().enumerate() {
            let queues: Arc<[_]> = queues.into_iter().map(ByteString::from_static).collect();
            by_queue.extend(queues.iter().map(|queue| (queue.clone(), place)));
            let limit = definition.concurrency.map_or(policy.concurrency, |limit| limit.get() as usize);
            hooks.push(HookSlots { queues, limit, running: 0, from_queues: 0 });
        }
        Self { hooks, by_queue, from_others: 0, all: policy.concurrency }
    }

    /// Returns how an event of a hook uses a slot.
    pub(super) fn usage(&self, hook: Option<usize>, queue: &str) -> SlotUse {
        SlotUse { hook, group: self.by_queue.get(queue).copied() }
    }

    /// Returns the number of events from a group of queues that run or wait.
    fn count_of(&mut self, group: Option<usize>) -> &mut usize {
        match group.and_then(|group| self.hooks.get_mut(group)) {
            Some(hook) => &mut hook.from_queues,
            None => &mut self.from_others,
        }
    }

    /// Counts an event that waits for a slot.
    pub(super) fn hold(&mut self, SlotUse { group, .. }: SlotUse) {
        *self.count_of(group) += 1;
    }

    /// No longer counts an event that waits for a slot.
    pub(super) fn stop_holding(&mut self, SlotUse { group, .. }: SlotUse) {
        *self.count_of(group) -= 1;
    }

    /// Counts an attempt that starts.
    pub(super) fn start(&mut self, SlotUse { hook, group }: SlotUse) {
        *self.count_of(group) += 1;
        if let Some(hook) = hook.and_then(|hook| self.hooks.get_mut(hook)) {
            hook.running += 1;
        }
    }

    /// No longer counts an attempt. Returns whether its hook, or its group of queues, was at its
    /// limit.
    pub(super) fn end(&mut self, SlotUse { hook, group }: SlotUse) -> bool {
        let limit = self.hook(group).map_or(self.all, |hook| hook.limit);
        let count = self.count_of(group);
        let was_group_full = *count >= limit;
        *count -= 1;
        let Some(hook) = hook.and_then(|hook| self.hooks.get_mut(hook)) else { return was_group_full };
        hook.running -= 1;
        was_group_full || hook.running + 1 >= hook.limit
    }

    /// Returns whether the hook of an event is below its limit.
    pub(super) fn is_below_limit(&self, SlotUse { hook, .. }: SlotUse) -> bool {
        self.hook(hook).is_none_or(|hook| hook.running < hook.limit)
    }

    /// Returns whether no attempt of the hook of an event runs.
    pub(super) fn is_idle(&self, SlotUse { hook, .. }: SlotUse) -> bool {
        self.hook(hook).is_some_and(|hook| hook.running == 0)
    }

    fn hook(&self, place: Option<usize>) -> Option<&HookSlots> {
        self.hooks.get(place?)
    }

    /// Returns whether an event may be leased if `free` slots are free.
    pub(super) fn has_room(&self, free: usize) -> bool {
        let has_room = |used, limit| used < limit && (free > 0 || used == 0);
        has_room(self.from_others, self.all)
            || self.hooks.iter().any(|hook| has_room(hook.used(), hook.limit))
    }

    /// Returns the groups of queues to lease from if `free` slots are free: the queues of each hook
    /// that has room, and all other queues.
    pub(super) fn groups(&self, free: usize) -> Vec<QueueGroup> {
        let max = |used: usize, limit: usize| {
            // A hook that runs nothing may start one attempt even if no slot is free.
            let free = if used == 0 { free.max(1) } else { free };
            number(limit.saturating_sub(used).min(free))
        };
        let hooks = self.hooks.iter().map(|hook| {
            let group = QueueGroup::new(Arc::clone(&hook.queues), max(hook.used(), hook.limit));
            group.running(number(hook.used()))
        });
        let others = QueueGroup::others(max(self.from_others, self.all)).running(number(self.from_others));
        hooks.chain([others]).collect()
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
