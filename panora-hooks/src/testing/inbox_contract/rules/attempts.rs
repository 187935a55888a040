//! Attempts are recorded with the settlement that ends them.

use std::{sync::Arc, time::Duration};

use crate::{
    inbox::{
        AttemptInfo, AttemptOutcome, AttemptReport, Capability, Decision, EventKey, Inbox, LeaseRequest,
        Leased, Select, Settled, Settlement, StoredEvent,
    },
    testing::inbox_contract::{
        Harness,
        check::{Checked, holds, same, succeeds},
        subject::{ALL, LEASE, SECOND, Subject},
    },
};

const WORKER: &str = "the worker of the contract";

fn failed(error: &str) -> AttemptReport {
    AttemptReport::new(AttemptOutcome::Failed, WORKER.into()).duration(SECOND).error(error)
}

fn handled() -> AttemptReport {
    AttemptReport::new(AttemptOutcome::Handled, WORKER.into()).duration(2 * SECOND)
}

impl<H: Harness> Subject<H> {
    async fn attempts(&self, key: EventKey) -> Checked<Vec<AttemptInfo>> {
        succeeds("attempts", self.inbox.attempts(key).await)
    }

    /// Leases the only event that is ready, and ends the attempt.
    async fn attempt(&self, decision: Decision, report: AttemptReport) -> Checked<Leased> {
        let leased = self.lease_one("one event is ready").await?;
        let settlement = Settlement::new(leased.token, decision).attempt(report);
        let settled = succeeds("settle", self.inbox.settle(vec![settlement]).await)?;
        same("an attempt is settled with its report", vec![Settled::Applied], settled)?;
        Ok(leased)
    }

    async fn event(&self, when: &str, key: EventKey) -> Checked<StoredEvent> {
        self.stored(when, key).await
    }
}

/// Returns the numbers and outcomes of attempts.
fn numbers(attempts: &[AttemptInfo]) -> Vec<(u32, u32, AttemptOutcome)> {
    attempts.iter().map(|attempt| (attempt.run, attempt.number, attempt.outcome)).collect()
}

pub(crate) async fn a_failed_attempt_is_recorded<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Attempts)?;
    let key = store.store_contact("ada").await?;
    same("an event was never tried", Vec::new(), store.attempts(key).await?)?;
    store.attempt(Decision::RetryAfter(Duration::ZERO), failed("the first error")).await?;
    let when = "an attempt fails";
    let attempts = store.attempts(key).await?;
    same(when, vec![(1, 1, AttemptOutcome::Failed)], numbers(&attempts))?;
    for attempt in &attempts {
        let found = (attempt.duration, attempt.error.as_deref(), attempt.worker.as_deref());
        same(when, (Some(SECOND), Some("the first error"), Some(WORKER)), found)?;
    }
    let event = store.event(when, key).await?;
    let received_at = event.info.received_at;
    let began = received_at - 10 * SECOND..received_at + 10 * SECOND;
    let is_near = |attempt: &AttemptInfo| attempt.started_at.is_some_and(|at| began.contains(&at));
    holds(when, attempts.iter().all(is_near), "it began one duration before it was settled", &attempts)?;
    same(when, Some("the first error"), event.info.last_error.as_deref())?;

    store.attempt(Decision::Complete, handled()).await?;
    let when = "a success follows a failed attempt";
    let attempts = numbers(&store.attempts(key).await?);
    same(when, vec![(1, 1, AttemptOutcome::Failed), (1, 2, AttemptOutcome::Handled)], attempts)?;
    let info = store.event(when, key).await?.info;
    same(when, Some("the first error"), info.last_error.as_deref())?;
    same(when, (Some(2 * SECOND), true), (info.duration, info.done_at.is_some()))?;

    let key = store.store_contact("grace").await?;
    store.attempt(Decision::Complete, handled()).await?;
    let when = "the first attempt succeeds";
    same(when, Vec::new(), store.attempts(key).await?)?;
    let info = store.event(when, key).await?.info;
    same(when, (Some(2 * SECOND), None), (info.duration, info.last_error))?;

    let key = store.store_contact("barbara").await?;
    store.attempt(Decision::Bury("no use".to_owned()), failed("the last error")).await?;
    let when = "the first attempt fails for good";
    same(when, vec![(1, 1, AttemptOutcome::Failed)], numbers(&store.attempts(key).await?))?;
    let info = store.event(when, key).await?.info;
    let expected = (Some("no use".to_owned()), Some("the last error".to_owned()));
    same(when, expected, (info.reason, info.last_error))
}

pub(crate) async fn attempts_of_one_settlement_are_kept_apart<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Attempts)?;
    let keys = [store.store_contact("ada").await?, store.store_contact("grace").await?];
    let leased = store.lease(ALL).await?;
    let settle = |leased: &Leased| {
        let error = format!("error of {}", leased.token.key());
        Settlement::new(leased.token, Decision::RetryAfter(SECOND)).attempt(failed(&error))
    };
    let when = "two attempts fail, and are settled together";
    succeeds("settle", store.inbox.settle(leased.iter().map(settle).collect()).await)?;
    for key in keys {
        let errors: Vec<_> = store.attempts(key).await?.into_iter().map(|attempt| attempt.error).collect();
        same(when, vec![Some(format!("error of {key}"))], errors)?;
    }
    Ok(())
}

pub(crate) async fn an_interrupted_attempt_is_recorded_by_the_next_lease<H: Harness>(
    store: Subject<H>,
) -> Checked {
    store.needs(Capability::Attempts)?;
    let key = store.store_contact("ada").await?;
    let worker: Arc<str> = "a worker that dies".into();
    let request = LeaseRequest::new(1, LEASE).worker(Arc::clone(&worker));
    let leased = succeeds("lease", store.inbox.lease(request).await)?;
    let when = "a lease is held";
    same(when, (1, Vec::new()), (leased.len(), store.attempts(key).await?))?;
    store.advance(2 * LEASE).await?;
    store.lease_one("a lease has expired").await?;
    let when = "an event is leased once more after its lease has expired";
    let attempts = store.attempts(key).await?;
    same(when, vec![(1, 1, AttemptOutcome::Interrupted)], numbers(&attempts))?;
    for attempt in &attempts {
        let found = (attempt.worker.as_deref(), attempt.duration, attempt.started_at.is_some());
        same(when, (Some(&*worker), None, true), found)?;
    }
    // The success is the second attempt.
    store.advance(2 * LEASE).await?;
    store.attempt(Decision::Complete, handled()).await?;
    let attempts = numbers(&store.attempts(key).await?);
    let interrupted = |number| (1, number, AttemptOutcome::Interrupted);
    let expected = vec![interrupted(1), interrupted(2), (1, 3, AttemptOutcome::Handled)];
    same("an event is handled after two interruptions", expected, attempts)
}

pub(crate) async fn a_stale_report_is_not_recorded<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Attempts)?;
    let key = store.store_contact("ada").await?;
    let leased = store.attempt(Decision::RetryAfter(SECOND), failed("once")).await?;
    let again = Settlement::new(leased.token, Decision::RetryAfter(SECOND)).attempt(failed("twice"));
    let when = "a report arrives with a token that is used up";
    same(when, vec![Settled::Stale], succeeds("settle", store.inbox.settle(vec![again]).await)?)?;
    same(when, 1, store.attempts(key).await?.len())?;
    let key = store.store_contact("grace").await?;
    let leased = store.lease_one("one event is ready").await?;
    let release = Settlement::new(leased.token, Decision::Release).attempt(failed("released"));
    let when = "a released event is settled with a report";
    same(when, vec![Settled::Applied], succeeds("settle", store.inbox.settle(vec![release]).await)?)?;
    same(when, Vec::new(), store.attempts(key).await?)
}

pub(crate) async fn the_first_and_the_last_attempts_are_kept<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Attempts)?;
    let key = store.store_contact("ada").await?;
    for number in 1..=45 {
        store.attempt(Decision::RetryAfter(Duration::ZERO), failed(&format!("error {number}"))).await?;
    }
    let when = "45 attempts fail";
    let attempts = store.attempts(key).await?;
    let kept: Vec<_> = attempts.iter().map(|attempt| attempt.number).collect();
    same(when, (1..=20).chain(26..=45).collect::<Vec<u32>>(), kept)?;
    let matches = |attempt: &AttemptInfo| attempt.error == Some(format!("error {}", attempt.number));
    holds(when, attempts.iter().all(matches), "each attempt has its own error", &attempts)?;

    store.attempt(Decision::Bury("no use".to_owned()), failed("error 46")).await?;
    store.replay(Select::Keys(vec![key]), ALL).await?;
    for number in 1..=5 {
        store.attempt(Decision::RetryAfter(Duration::ZERO), failed(&format!("error {number}"))).await?;
    }
    let kept: Vec<_> =
        store.attempts(key).await?.iter().map(|attempt| (attempt.run, attempt.number)).collect();
    let runs = [(1, 1..=20), (1, 32..=46), (2, 1..=5)];
    let expected: Vec<_> =
        runs.into_iter().flat_map(|(run, numbers)| numbers.map(move |number| (run, number))).collect();
    same("46 attempts of one run and 5 of the next one fail", expected, kept)
}

pub(crate) async fn a_replay_begins_a_new_run<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Attempts)?;
    let key = store.store_contact("ada").await?;
    let select = || Select::Keys(vec![key]);
    store.attempt(Decision::RetryAfter(LEASE), failed("first")).await?;
    store.replay(select(), ALL).await?;
    same("a delayed event is replayed", 1, store.event("it is ready", key).await?.info.run)?;
    let leased = store.attempt(Decision::Bury("no use".to_owned()), failed("second")).await?;
    same("a delayed event is leased after a replay", 1, leased.run)?;
    same("an event is dead", 1, store.event("it is dead", key).await?.info.run)?;
    store.replay(select(), ALL).await?;
    same("a dead event is replayed", 2, store.event("it is ready", key).await?.info.run)?;
    let leased = store.attempt(Decision::RetryAfter(Duration::ZERO), failed("third")).await?;
    same("a dead event is leased after a replay", (2, 1), (leased.run, leased.attempt))?;
    store.attempt(Decision::Complete, handled()).await?;
    store.replay(select(), ALL).await?;
    let when = "a done event is replayed";
    let info = store.event(when, key).await?.info;
    same(when, (3, 0, Some("third")), (info.run, info.attempts, info.last_error.as_deref()))?;
    let failed = |run, number| (run, number, AttemptOutcome::Failed);
    let expected = vec![failed(1, 1), failed(1, 1), failed(2, 1), (2, 2, AttemptOutcome::Handled)];
    same("the attempts of earlier runs are kept", expected, numbers(&store.attempts(key).await?))?;
    same("a done event is leased after a replay", 3, store.lease_one("it is ready").await?.run)
}

pub(crate) async fn attempts_are_dropped_with_the_data<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Attempts)?;
    let pruned = store.store_contact("ada").await?;
    store.attempt(Decision::RetryAfter(Duration::ZERO), failed("once")).await?;
    store.attempt(Decision::Complete, handled()).await?;
    let kept = store.store_contact("grace").await?;
    store.attempt(Decision::Bury("no use".to_owned()), failed("once")).await?;
    store.advance(SECOND).await?;
    same("one event is pruned", 1, store.prune(Duration::ZERO, ALL).await?)?;
    let left = (store.attempts(pruned).await?.len(), store.attempts(kept).await?.len());
    same("the attempts of a pruned and of another event are read", (0, 1), left)?;
    if store.has(Capability::Discard) {
        store.discard(Select::Keys(vec![kept]), ALL).await?;
        same("an event is discarded", Vec::new(), store.attempts(kept).await?)?;
    }
    Ok(())
}
