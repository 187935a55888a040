//! Flaws of `put`.

use std::time::Duration;

use panora_hooks::inbox::{
    Decision, EventKey, Filter, Inbox, InboxError, LeaseRequest, NewEvent, ParkReason, Put, Query, Select,
    Settlement,
};

use super::{flaw::Flaw, flawed::Flawed};
use crate::events::event;

impl Flawed {
    pub(super) async fn put_batch(&self, batch: Vec<NewEvent>) -> Result<Vec<Put>, InboxError> {
        if std::mem::take(&mut self.state().is_open) {
            return Ok(batch
                .iter()
                .map(|_| Put::Parked(EventKey::new(1 << 100), ParkReason::Unhandled))
                .collect());
        }
        if self.has(Flaw::OrdersLanesByArrival) {
            return self.put_as_arrived(batch).await;
        }
        let mut puts = Vec::new();
        for new in batch {
            let new = self.change_lane(new).await;
            let mut put = self.put_one(new).await?;
            let is_in_batch = puts.iter().any(|before: &Put| before.key() == put.key());
            if self.has(Flaw::OverlooksCopiesInABatch) && is_in_batch {
                put = Put::Stored(put.key());
            }
            puts.push(put);
        }
        self.state().last_batch = puts.iter().map(|put| put.key()).collect();
        if self.has(Flaw::AnswersInReverse) {
            puts.reverse();
        }
        Ok(puts)
    }

    async fn run(&self, put: &mut Put) -> Result<(), InboxError> {
        if let Put::Parked(key, ParkReason::Replayed) = *put {
            self.inner.replay(Select::Keys(vec![key]), 1).await?;
            *put = Put::Stored(key);
        }
        Ok(())
    }

    /// Stores a copy under a new id, after a separate check that the event is new. The two steps
    /// together are not atomic.
    async fn look_and_insert(&self, new: &NewEvent) -> Result<Put, InboxError> {
        let there = self.inner.list(Query::default().limit(1000)).await?.items;
        tokio::task::yield_now().await;
        if there.iter().any(|info| info.id.starts_with(new.id()) && info.wire_type == new.wire_type()) {
            return Ok(Put::Duplicate(EventKey::new(u128::MAX)));
        }
        let copy = {
            let mut state = self.state();
            state.copies += 1;
            event(&format!("{} {}", new.id(), state.copies), new.wire_type(), new.data())
        };
        Ok(self.inner.put(vec![copy]).await?[0])
    }

    async fn put_one(&self, new: NewEvent) -> Result<Put, InboxError> {
        let content = *new.content();
        let was_known = self.state().contents.contains(&content);
        match self.flaw {
            Some(Flaw::LooksForCopiesBeforeItInserts) => return self.look_and_insert(&new).await,
            Some(Flaw::LooksForOriginalsBeforeItInserts) => tokio::task::yield_now().await,
            Some(Flaw::ParksLists) if was_known && !new.is_unique() => {
                return Ok(self.inner.put(vec![new.parked(ParkReason::Replayed)]).await?[0]);
            }
            _ => {}
        }
        let id = new.id().to_owned();
        let is_first = self.keys(Filter::new()).await.is_empty();
        let mut put = self.inner.put(vec![new]).await?[0];
        let key = put.key();
        self.state().contents.insert(content);
        match (self.flaw, put) {
            (Some(Flaw::LooksForOriginalsBeforeItInserts), _) if !was_known => self.run(&mut put).await?,
            (Some(Flaw::ReportsDuplicatesAsStored), Put::Duplicate(_)) => put = Put::Stored(key),
            (Some(Flaw::RunsReplays), _) => self.run(&mut put).await?,
            (Some(Flaw::ForgetsContents), _) if self.state().has_forgotten => self.run(&mut put).await?,
            (Some(Flaw::RunsReplaysBeyondABound), Put::Duplicate(_))
                if self.inner.get(key).await?.is_some_and(|stored| stored.info.id != id) =>
            {
                put = Put::Stored(key);
            }
            (Some(Flaw::CompletesOnDuplicates), Put::Duplicate(_)) => self.complete(key).await,
            (Some(Flaw::GivesKeysOutOfOrder), Put::Stored(_)) => {
                put = Put::Stored(EventKey::new(key.number() ^ 1));
            }
            (Some(Flaw::ReusesKeys), Put::Stored(_)) => {
                let mut state = self.state();
                if is_first {
                    state.first_key = key.number();
                }
                put = Put::Stored(EventKey::new(key.number() - state.first_key));
            }
            _ => {}
        }
        Ok(put)
    }
    async fn complete(&self, key: EventKey) {
        let token = self.state().tokens.get(&key).copied();
        if let Some(token) = token {
            self.inner.settle(vec![Settlement::new(token, Decision::Complete)]).await.unwrap();
        }
        for leased in self.inner.lease(LeaseRequest::new(100, Duration::from_secs(60))).await.unwrap() {
            let decision = if leased.token.key() == key { Decision::Complete } else { Decision::Release };
            self.inner.settle(vec![Settlement::new(leased.token, decision)]).await.unwrap();
        }
    }
}
