//! Flaws of `lease` and `settle`.

use std::time::Duration;

use panora_hooks::inbox::{
    Decision, Inbox, InboxError, LeaseRequest, LeaseToken, Leased, Settled, Settlement,
};

use super::{flaw::Flaw, flawed::Flawed};

impl Flawed {
    pub(super) async fn lease_ready(&self, mut request: LeaseRequest) -> Result<Vec<Leased>, InboxError> {
        let max = request.max;
        match self.flaw {
            Some(Flaw::LeasesOneUnasked) => request.max = max.max(1),
            Some(Flaw::LeasesTwiceAsMany) => request.max = max * 2,
            Some(Flaw::LeasesInTheOrderOfKeys) => request.max = 1000,
            Some(Flaw::IgnoresGroups) => request.groups.clear(),
            Some(Flaw::LeasesFloodsFirst) if !request.groups.is_empty() => request.max = 1000,
            Some(Flaw::LeavesIdleGroupsOut) => {
                for group in &mut request.groups {
                    group.running = group.running.max(1);
                }
            }
            _ => {}
        }
        let has_groups = !request.groups.is_empty();
        let paused = if self.has(Flaw::LeasesPausedEvents) { self.inner.paused().await? } else { Vec::new() };
        for pattern in &paused {
            self.inner.resume(pattern.clone()).await?;
        }
        let mut leased = self.inner.lease(request).await?;
        for pattern in paused {
            self.inner.pause(pattern).await?;
        }
        match self.flaw {
            Some(
                Flaw::PromotesTwo
                | Flaw::PromotesNone
                | Flaw::PromotesInOneLane
                | Flaw::DiscardsWithoutPromotion,
            ) => self.lease_promoted(&mut leased).await?,
            Some(Flaw::SharesLeases) => self.settle_all(&leased, Decision::Release).await?,
            Some(Flaw::CompletesBeforeTheHook) => self.settle_all(&leased, Decision::Complete).await?,
            Some(Flaw::ForgetsQueuesOnReplay) if has_groups => {
                let replayed = self.state().replayed.clone();
                let lost: Vec<_> =
                    leased.extract_if(.., |leased| replayed.contains(&leased.token.key())).collect();
                self.settle_all(&lost, Decision::Release).await?;
            }
            Some(Flaw::LeasesInTheOrderOfKeys | Flaw::LeasesFloodsFirst) => {
                leased.sort_by_key(|leased| leased.token.key());
                let rest = leased.split_off(leased.len().min(max as usize));
                self.settle_all(&rest, Decision::Release).await?;
            }
            Some(Flaw::LeasesNothingLarge) => {
                let is_large = |leased: &Leased| leased.data.len() > 8 << 20;
                let large: Vec<_> = leased.extract_if(.., |leased| is_large(leased)).collect();
                self.settle_all(&large, Decision::Release).await?;
            }
            _ => {}
        }
        let mut state = self.state();
        for leased in &mut leased {
            let key = leased.token.key();
            state.tokens.insert(key, leased.token);
            if self.has(Flaw::CountsAttemptsAfterTheRun) {
                leased.attempt = state.settled.get(&key).copied().unwrap_or(0) + 1;
            }
            if self.has(Flaw::ReusesFences) {
                leased.token = LeaseToken::new(key, 1);
            }
            leased.is_interrupted &= !self.has(Flaw::ForgetsInterruptions);
            if self.has(Flaw::LeasesTheFirstRun) {
                leased.run = 1;
            }
        }
        Ok(leased)
    }

    pub(super) async fn settle_leased(
        &self,
        mut settlements: Vec<Settlement>,
    ) -> Result<Vec<Settled>, InboxError> {
        self.note_ends(&settlements).await;
        let mut moved = Vec::new();
        for Settlement { token, decision, .. } in &mut settlements {
            let mut state = self.state();
            *state.settled.entry(token.key()).or_default() += 1;
            if matches!(self.flaw, Some(Flaw::AcceptsStaleTokens | Flaw::ReusesFences)) {
                *token = state.tokens.get(&token.key()).copied().unwrap_or(*token);
            }
            match (self.flaw, &mut *decision) {
                (Some(Flaw::ExtendsByASecond), Decision::Extend(time)) => *time = Duration::from_secs(1),
                (Some(Flaw::RetriesAtOnce), Decision::RetryAfter(delay)) => *delay = Duration::ZERO,
                (Some(Flaw::CountsReleasedAttempts), Decision::Release) => {
                    *decision = Decision::RetryAfter(Duration::ZERO);
                }
                (Some(Flaw::LosesTheOrderOnRetry), Decision::RetryAfter(delay)) => {
                    *delay = Duration::ZERO;
                    moved.push(token.key());
                }
                (Some(Flaw::CutsAtNul), Decision::Bury(reason)) => {
                    reason.truncate(reason.find('\0').unwrap_or(reason.len()));
                }
                (Some(Flaw::BuriesWithoutData), Decision::Bury(_)) => {
                    state.buried.insert(token.key());
                }
                _ => {}
            }
        }
        if self.has(Flaw::RepeatsTheFirstReport) {
            let first = settlements.first().and_then(|settlement| settlement.attempt.clone());
            for settlement in &mut settlements {
                settlement.attempt.clone_from(&first);
            }
        }
        let answers = settlements.len();
        if self.has(Flaw::SettlesOnlyTheFirst) {
            settlements.truncate(1);
        }
        let mut settled = self.inner.settle(settlements.clone()).await?;
        self.move_to_the_end(moved).await?;
        self.record_ignored_reports(settlements, &settled).await?;
        settled.resize(answers, Settled::Applied);
        Ok(settled)
    }

    pub(super) async fn settle_all(&self, leased: &[Leased], decision: Decision) -> Result<(), InboxError> {
        let settle = |leased: &Leased| Settlement::new(leased.token, decision.clone());
        self.inner.settle(leased.iter().map(settle).collect()).await.map(drop)
    }
}
