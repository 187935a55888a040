//! Flaws of the record of attempts.

use std::time::{Duration, SystemTime};

use panora_hooks::inbox::{
    AttemptInfo, AttemptOutcome, Decision, EventKey, EventState, Filter, Inbox, InboxError, Settled,
    Settlement,
};

use super::{flaw::Flaw, flawed::Flawed};

impl Flawed {
    /// Records the reports that a correct store ignores.
    pub(super) async fn record_ignored_reports(
        &self,
        settlements: Vec<Settlement>,
        settled: &[Settled],
    ) -> Result<(), InboxError> {
        for (Settlement { token, decision, attempt, .. }, settled) in settlements.into_iter().zip(settled) {
            let is_recorded = match self.flaw {
                Some(Flaw::RecordsStaleReports) => *settled == Settled::Stale,
                Some(Flaw::RecordsReleasedAttempts) => decision == Decision::Release,
                _ => false,
            };
            if let Some(report) = attempt.filter(|_| is_recorded)
                && let Some(stored) = self.inner.get(token.key()).await?
            {
                let attempt = AttemptInfo::new(stored.info.run, stored.info.attempts, report.outcome);
                self.state().attempts.entry(token.key()).or_default().push(attempt);
            }
        }
        Ok(())
    }

    pub(super) async fn recorded_attempts(&self, key: EventKey) -> Result<Vec<AttemptInfo>, InboxError> {
        let mut attempts = self.inner.attempts(key).await?;
        attempts.extend(self.state().attempts.get(&key).into_iter().flatten().cloned());
        match self.flaw {
            Some(Flaw::RecordsFirstSuccesses) if attempts.is_empty() => {
                let stored = self.inner.get(key).await?;
                let done = stored.filter(|stored| stored.info.state == EventState::Done);
                attempts.extend(done.map(|done| AttemptInfo::new(done.info.run, 1, AttemptOutcome::Handled)));
            }
            Some(Flaw::LosesInterruptions) => {
                attempts.retain(|attempt| attempt.outcome != AttemptOutcome::Interrupted);
            }
            Some(Flaw::KeepsOnlyTheLastAttempts) => {
                attempts.drain(..attempts.len().saturating_sub(20));
            }
            Some(Flaw::StartsAttemptsInThePast) => {
                for attempt in &mut attempts {
                    attempt.started_at = Some(SystemTime::UNIX_EPOCH);
                }
            }
            Some(Flaw::NeverRaisesTheRun) => {
                for attempt in &mut attempts {
                    attempt.run = 1;
                }
            }
            _ => {}
        }
        Ok(attempts)
    }

    /// Prunes events, but keeps their attempts.
    pub(super) async fn prune_only_data(&self, older_than: Duration, max: u32) -> Result<u64, InboxError> {
        let mut recorded = Vec::new();
        for key in self.keys(Filter::new().state(EventState::Done)).await {
            recorded.push((key, self.inner.attempts(key).await?));
        }
        let pruned = self.inner.prune(older_than, max).await?;
        for (key, attempts) in recorded {
            if self.inner.attempts(key).await?.is_empty() {
                self.state().attempts.entry(key).or_default().extend(attempts);
            }
        }
        Ok(pruned)
    }
}
