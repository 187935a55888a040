//! The division of leased events among groups of queues.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use bytestring::ByteString;

use super::LeaseRequest;
use crate::catalogue;

/// Queues that share a limit in a [`LeaseRequest`], as those of a hook do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueGroup {
    /// The queues, or `None` for those that no other group of the request names.
    pub queues: Option<Arc<[ByteString]>>,
    /// The most events to lease from these queues.
    pub max: u32,
    /// The number of events from these queues that the worker runs already.
    pub running: u32,
}

impl QueueGroup {
    /// Creates a group from which up to `max` events are leased.
    #[must_use]
    pub fn new(queues: impl Into<Arc<[ByteString]>>, max: u32) -> Self {
        Self { queues: Some(queues.into()), max, running: 0 }
    }

    /// Creates the group of all queues that no other group names, such as those of earlier releases
    /// and the empty one.
    #[must_use]
    pub fn others(max: u32) -> Self {
        Self { queues: None, max, running: 0 }
    }

    /// Sets the number of events that the worker runs already.
    #[must_use]
    pub fn running(self, running: u32) -> Self {
        Self { running, ..self }
    }
}

impl LeaseRequest {
    /// Returns the groups. A request without groups has one that covers all queues.
    pub(crate) fn shares(&self) -> Cow<'_, [QueueGroup]> {
        if self.groups.is_empty() {
            return vec![QueueGroup::others(self.max)].into();
        }
        Cow::Borrowed(&self.groups)
    }
}

/// The groups of a request, by the queues that they name.
pub(crate) struct Shares<'r> {
    max: u32,
    groups: Cow<'r, [QueueGroup]>,
    named: HashMap<&'r str, usize>,
    others: Option<usize>,
}

impl<'r> Shares<'r> {
    pub(crate) fn new(request: &'r LeaseRequest) -> Self {
        let mut named = HashMap::new();
        for (index, group) in request.groups.iter().enumerate() {
            for queue in group.queues.iter().flat_map(|queues| queues.iter()) {
                named.insert(&**queue, index);
            }
        }
        let groups = request.shares();
        let others = groups.iter().position(|group| group.queues.is_none());
        Self { max: request.max, groups, named, others }
    }

    /// Returns the group of a queue, and the most events to lease from it. Returns `None` if none
    /// are to be leased.
    pub(crate) fn of(&self, queue: &str) -> Option<(usize, u32)> {
        let group = self.named.get(queue).copied().or(self.others)?;
        let max = self.groups.get(group)?.max;
        (max > 0).then_some((group, max))
    }

    /// Chooses events from those that are ready, each with its group. Smaller events are older. The
    /// oldest events of each queue are enough, as many as its group may lease.
    pub(crate) fn choose<E: Ord>(&self, mut ready: Vec<(usize, E)>) -> Vec<E> {
        ready.sort_unstable_by(|(_, one), (_, other)| one.cmp(other));
        let mut chosen = vec![0; self.groups.len()];
        let mut ranked = Vec::with_capacity(ready.len());
        for (index, event) in ready {
            let (Some(group), Some(chosen)) = (self.groups.get(index), chosen.get_mut(index)) else {
                continue;
            };
            if *chosen < group.max {
                *chosen += 1;
                ranked.push((group.running.saturating_add(*chosen), event));
            }
        }
        ranked.sort_unstable();
        let fits = |(place, (rank, _)): &(usize, (u32, E))| *rank == 1 || *place < self.max as usize;
        ranked.into_iter().enumerate().take_while(fits).map(|(_, (_, event))| event).collect()
    }
}

/// Returns the pattern under which a store pauses events. A wire type stands for its event type.
pub(crate) fn paused_pattern(pattern: String) -> String {
    catalogue::find(&pattern).map_or(pattern, |known| known.name().to_owned())
}
