//! The record of one event.

use panora_hooks::inbox::{EventInfo, EventKey, EventState, Filter, Fingerprint, LeaseToken, Leased};

use super::{
    file::{Place, State},
    time,
};

pub struct Record {
    pub content: [u8; 32],
    pub id: String,
    pub wire_type: String,
    pub data: String,
    pub received: u64,
    pub state: State,
}

impl Record {
    pub fn ready_since(&self, now: u64) -> Option<u64> {
        match self.state.place {
            Place::Waiting { due: since } | Place::Leased { until: since } => (since <= now).then_some(since),
            _ => None,
        }
    }

    pub fn state(&self, now: u64) -> EventState {
        match self.state.place {
            _ if self.ready_since(now).is_some() => EventState::Ready,
            Place::Waiting { .. } => EventState::Delayed,
            Place::Leased { .. } => EventState::Leased,
            Place::Parked { .. } => EventState::Parked,
            Place::Dead { .. } => EventState::Dead,
            Place::Done { .. } => EventState::Done,
        }
    }

    pub fn is_in(&self, filter: &Filter, now: u64) -> bool {
        filter.state.is_none_or(|state| state == self.state(now))
            && filter.wire_types().is_none_or(|types| types.contains(&&*self.wire_type))
            && filter.received_before.is_none_or(|before| time(self.received) < before)
            && filter.received_from.is_none_or(|from| time(self.received) >= from)
            && filter.id.as_ref().is_none_or(|id| *id == self.id)
            && filter.error_group.is_none_or(|group| self.fingerprint() == Some(group))
    }

    fn fingerprint(&self) -> Option<Fingerprint> {
        match &self.state.place {
            Place::Dead { reason } => Some(Fingerprint::of(reason)),
            _ => None,
        }
    }

    pub fn info(&self, key: EventKey, now: u64) -> EventInfo {
        let (id, wire_type) = (self.id.clone(), self.wire_type.clone());
        let mut info = EventInfo::new(key, id, wire_type, time(self.received), self.state(now));
        info.attempts = self.state.attempts;
        info.size = self.state.has_data.then_some(self.data.len() as u64);
        match &self.state.place {
            Place::Waiting { due: until } | Place::Leased { until } if *until > now => {
                info.until = Some(time(*until));
            }
            Place::Parked { reason } | Place::Dead { reason } => info.reason = Some(reason.clone()),
            _ => {}
        }
        info
    }

    pub fn leased(&self, key: EventKey, is_interrupted: bool) -> Leased {
        let token = LeaseToken::new(key, self.state.leases.into());
        let (id, wire_type) = (self.id.clone(), self.wire_type.clone());
        let mut leased = Leased::new(token, self.content, id, wire_type, &*self.data, time(self.received));
        leased.attempt = self.state.attempts;
        leased.is_interrupted = is_interrupted;
        leased
    }
}
