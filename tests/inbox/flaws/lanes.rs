//! Flaws of lanes.

use std::time::Duration;

use panora_hooks::inbox::{
    Decision, EventKey, EventState, Filter, Inbox, InboxError, Lane, LeaseRequest, Leased, NewEvent, Put,
    Select, Settlement,
};

use super::{flaw::Flaw, flawed::Flawed};
use crate::events::event;

impl Flawed {
    async fn lane_of(&self, key: EventKey) -> Option<Lane> {
        self.inner.get(key).await.unwrap()?.info.lane
    }

    /// Puts an event into a wrong lane, or into none.
    pub(super) async fn change_lane(&self, new: NewEvent) -> NewEvent {
        let Some(lane) = new.lane() else { return new };
        match self.flaw {
            Some(Flaw::HasOneLane) => new.in_lane(Lane::from_bytes([0; 16])),
            Some(Flaw::LooksForTheHeadBeforeItInserts) => {
                let filter = || Filter::new().lane(lane);
                let was_empty = self.keys(filter()).await.is_empty();
                tokio::task::yield_now().await;
                if !was_empty || self.keys(filter()).await.is_empty() {
                    return new;
                }
                event(new.id(), new.wire_type(), new.data()).in_queue(new.queue().to_owned())
            }
            _ => new,
        }
    }

    /// Stores a batch in the order of arrival.
    pub(super) async fn put_as_arrived(&self, batch: Vec<NewEvent>) -> Result<Vec<Put>, InboxError> {
        let mut batch: Vec<_> = batch.into_iter().enumerate().collect();
        batch.sort_by_key(|(_, new)| new.received_at());
        let (places, batch): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
        let puts = self.inner.put(batch).await?;
        let mut puts: Vec<_> = places.into_iter().zip(puts).collect();
        puts.sort_by_key(|(place, _)| *place);
        Ok(puts.into_iter().map(|(_, put)| put).collect())
    }

    /// Notes the lanes whose heads are about to be over.
    pub(super) async fn note_ends(&self, settlements: &[Settlement]) {
        let skipped = match self.flaw {
            Some(Flaw::PromotesTwo | Flaw::PromotesNone) => 0,
            Some(Flaw::PromotesInOneLane) => 1,
            _ => return,
        };
        let over = settlements
            .iter()
            .filter(|settlement| matches!(settlement.decision, Decision::Complete | Decision::Bury(_)));
        for settlement in over.skip(skipped) {
            let lane = self.lane_of(settlement.token.key()).await;
            self.state().ended.extend(lane);
        }
    }

    /// Leases two events of a lane, or none, if its head was promoted.
    pub(super) async fn lease_promoted(&self, leased: &mut Vec<Leased>) -> Result<(), InboxError> {
        let mut promoted = Vec::new();
        for leased in &*leased {
            let lane = self.lane_of(leased.token.key()).await;
            if lane.is_some_and(|lane| self.state().ended.contains(&lane)) {
                promoted.push(leased.clone());
            }
        }
        if promoted.is_empty() {
            return Ok(());
        }
        if self.has(Flaw::PromotesTwo) {
            self.settle_all(&promoted, Decision::Complete).await?;
            leased.extend(self.inner.lease(LeaseRequest::new(1, Duration::from_secs(60))).await?);
        } else {
            self.settle_all(&promoted, Decision::Release).await?;
            leased.retain(|leased| !promoted.iter().any(|promoted| promoted.token == leased.token));
        }
        Ok(())
    }

    /// Moves events of lanes behind the events that wait for them.
    pub(super) async fn move_to_the_end(
        &self,
        keys: impl IntoIterator<Item = EventKey>,
    ) -> Result<(), InboxError> {
        for key in keys {
            for leased in self.inner.lease(LeaseRequest::new(1000, Duration::from_secs(60))).await? {
                let is_moved = leased.token.key() == key;
                let decision = if is_moved { Decision::Bury(String::new()) } else { Decision::Release };
                self.settle_all(&[leased], decision).await?;
            }
            self.inner.replay(Select::Keys(vec![key]), 1).await?;
        }
        Ok(())
    }

    /// Replays events, and loses their lanes or their places in them.
    pub(super) async fn replay_in_lanes(&self, which: Select, max: u32) -> Result<u64, InboxError> {
        let selected = match &which {
            Select::Keys(keys) => keys.clone(),
            Select::All(filter) => self.keys(filter.clone()).await,
            _ => return Err(InboxError::Unsupported("this selection")),
        };
        let delayed = self.keys(Filter::new().state(EventState::Delayed)).await;
        let replayed = self.inner.replay(which, max).await?;
        if self.has(Flaw::ForgetsLanesOnReplay) {
            self.state().without_lane.extend(selected);
        } else {
            self.move_to_the_end(delayed.into_iter().filter(|key| selected.contains(key))).await?;
        }
        Ok(replayed)
    }

    /// Discards events, and promotes none.
    pub(super) async fn discard_without_promotion(&self, which: Select, max: u32) -> Result<u64, InboxError> {
        let heads = self.keys(Filter::new().state(EventState::Ready)).await;
        if let Select::Keys(keys) = &which {
            for key in keys.iter().filter(|key| heads.contains(key)) {
                let lane = self.lane_of(*key).await;
                self.state().ended.extend(lane);
            }
        }
        self.inner.discard(which, max).await
    }
}
