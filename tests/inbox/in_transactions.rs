//! Hooks that take a transaction, in virtual time: how the worker counts and repeats them.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use panora_hooks::{
    HookError, Metadata, State, Webhooks, WebhooksWithInbox, hooks,
    inbox::{AttemptOutcome, EventKey, EventState, Inbox, Select},
    on,
    transactions::Tx,
};
use tokio::time::{Instant, sleep};

use crate::{
    ledger::{Fault, Ledger},
    support::{
        contact,
        log::Log,
        staged::{self, Staged},
        verifier,
    },
    virtual_time::{Receiver, memory, only, run},
};

/// The attempts that have called the hook, and when.
#[derive(Clone, Default)]
struct Calls(Arc<Mutex<Vec<(Metadata, Instant)>>>);

impl Calls {
    fn take(&self) -> Vec<(Metadata, Instant)> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[on("crm.contact.created")]
async fn enters(meta: Metadata, State(calls): State<Calls>, mut tx: Tx<Ledger>) -> Result<(), HookError> {
    tx.push(meta.idempotency_key());
    calls.0.lock().unwrap().push((meta, Instant::now()));
    Ok(())
}

fn webhooks(ledger: &Ledger, calls: &Calls, inbox: impl Inbox) -> WebhooksWithInbox<Calls> {
    Webhooks::new(verifier())
        .with_state(calls.clone())
        .with_transactions(ledger.clone())
        .hooks(hooks![enters])
        .with_inbox(inbox)
}

async fn outcomes(inbox: &impl Inbox, key: EventKey) -> Vec<AttemptOutcome> {
    inbox.attempts(key).await.unwrap().into_iter().map(|attempt| attempt.outcome).collect()
}

/// Waits until no event is to run.
async fn idle(inbox: &impl Inbox) {
    while !inbox.depth().await.unwrap().is_idle() {
        sleep(Duration::from_secs(1)).await;
    }
}

#[test]
fn an_attempt_after_a_lost_completion_skips_the_hook() {
    let (log, _guard) = Log::of_this_thread();
    run(async {
        let (ledger, calls) = (Ledger::default(), Calls::default());
        let (inbox, _settled) = Staged::new(memory());
        // As if the process had died after the commit.
        inbox.on_settle(|| Some(staged::Fault::Away));
        let receiver = Receiver::start(webhooks(&ledger, &calls, inbox.clone()));
        assert_eq!(receiver.deliver(&contact()).await, 200);
        sleep(Duration::from_secs(600)).await;
        receiver.stop().await;
        inbox.on_settle(|| None);
        let receiver = Receiver::start(webhooks(&ledger, &calls, inbox.clone()));
        idle(&inbox).await;
        receiver.stop().await;
        let done = only(&inbox, EventState::Done).await;
        assert_eq!(calls.take().len(), 1);
        assert_eq!(ledger.entries().len(), 1);
        let outcomes = outcomes(&inbox, done.key).await;
        assert_eq!(outcomes.last(), Some(&AttemptOutcome::AlreadyDone), "{outcomes:?}");
    });
    let log = log.take();
    assert!(log.contains("hook skipped: an earlier attempt has committed its transaction"), "{log}");
    assert!(log.contains(r#"outcome="already_done""#), "{log}");
}

#[test]
fn an_unknown_commit_is_never_the_end_of_an_event() {
    for (fault, calls_of_the_hook) in [(Fault::AnswerLost, 1), (Fault::RequestLost, 2)] {
        run(async {
            let (ledger, calls, inbox) = (Ledger::default(), Calls::default(), memory());
            ledger.fail(fault);
            let receiver = Receiver::start(webhooks(&ledger, &calls, inbox.clone()).max_attempts(1));
            assert_eq!(receiver.deliver(&contact()).await, 200);
            idle(&inbox).await;
            receiver.stop().await;
            only(&inbox, EventState::Done).await;
            assert_eq!(ledger.entries().len(), 1, "{fault:?}");
            assert_eq!(calls.take().len(), calls_of_the_hook, "{fault:?}");
        });
    }
}

#[test]
fn an_interrupted_last_attempt_is_done_if_its_transaction_is_committed() {
    for (is_committed, state) in [(true, EventState::Done), (false, EventState::Dead)] {
        run(async {
            let (ledger, calls) = (Ledger::default(), Calls::default());
            let (inbox, _settled) = Staged::new(memory());
            // As if the process had died after the commit, or during the hook.
            inbox.on_settle(|| Some(staged::Fault::Away));
            if !is_committed {
                ledger.fail(Fault::RolledBack);
            }
            let webhooks = || webhooks(&ledger, &calls, inbox.clone()).max_attempts(1);
            let receiver = Receiver::start(webhooks());
            assert_eq!(receiver.deliver(&contact()).await, 200);
            sleep(Duration::from_secs(600)).await;
            receiver.stop().await;
            inbox.on_settle(|| None);
            let receiver = Receiver::start(webhooks());
            idle(&inbox).await;
            receiver.stop().await;
            let ended = only(&inbox, state).await;
            assert_eq!((calls.take().len(), ledger.entries().len()), (1, usize::from(is_committed)));
            if !is_committed {
                let reason = ended.reason.unwrap();
                assert!(reason.ends_with("its process died or its lease expired"), "{reason}");
            }
        });
    }
}

#[test]
fn a_conflict_is_due_again_at_once() {
    run(async {
        let (ledger, calls, inbox) = (Ledger::default(), Calls::default(), memory());
        ledger.fail(Fault::Conflict);
        let webhooks = webhooks(&ledger, &calls, inbox.clone());
        let hour = Duration::from_secs(3600);
        let receiver = Receiver::start(webhooks.backoff(hour, hour));
        assert_eq!(receiver.deliver(&contact()).await, 200);
        idle(&inbox).await;
        receiver.stop().await;
        let [(_, first), (second, at)] = &*calls.take() else { panic!("not two attempts") };
        assert_eq!(second.attempt, 2);
        assert!(*at - *first < Duration::from_secs(1), "{:?}", *at - *first);
        assert_eq!(ledger.entries().len(), 1);
    });
}

#[test]
fn a_hook_that_ends_its_transaction_kills_the_event() {
    run(async {
        let (ledger, calls, inbox) = (Ledger::default(), Calls::default(), memory());
        ledger.fail(Fault::Ended);
        let receiver = Receiver::start(webhooks(&ledger, &calls, inbox.clone()));
        assert_eq!(receiver.deliver(&contact()).await, 200);
        idle(&inbox).await;
        receiver.stop().await;
        let dead = only(&inbox, EventState::Dead).await;
        assert_eq!(
            dead.reason.as_deref(),
            Some(
                "the hook has ended its transaction itself, so its effects may be incomplete: the hook has rolled back"
            )
        );
        assert_eq!(calls.take().len(), 1);
    });
}

#[test]
fn a_replay_is_a_run_of_its_own() {
    run(async {
        let (ledger, calls, inbox) = (Ledger::default(), Calls::default(), memory());
        ledger.fail(Fault::RolledBack);
        let receiver = Receiver::start(webhooks(&ledger, &calls, inbox.clone()));
        assert_eq!(receiver.deliver(&contact()).await, 200);
        idle(&inbox).await;
        let done = only(&inbox, EventState::Done).await;
        assert_eq!(inbox.replay(Select::Keys(vec![done.key]), 1).await.unwrap(), 1);
        idle(&inbox).await;
        receiver.stop().await;
        let calls: Vec<_> = calls
            .take()
            .into_iter()
            .map(|(meta, _)| (meta.run, meta.attempt, meta.idempotency_key()))
            .collect();
        let [(1, 1, first), (1, 2, second), (2, 1, third)] = &*calls else { panic!("{calls:?}") };
        assert_eq!(first, second);
        assert_ne!(second, third);
        assert_eq!(ledger.entries(), [second.clone(), third.clone()]);
    });
}

#[test]
fn a_hook_that_runs_before_the_answer_does_not_run_again() {
    run(async {
        let (ledger, calls) = (Ledger::default(), Calls::default());
        let (inbox, _settled) = Staged::new(memory());
        // The store takes the event, but does not say so.
        inbox.on_put(|| Some(staged::Fault::AnswerLost));
        let receiver = Receiver::start(webhooks(&ledger, &calls, inbox.clone()));
        assert_eq!(receiver.deliver(&contact()).await, 200);
        idle(&inbox).await;
        receiver.stop().await;
        only(&inbox, EventState::Done).await;
        assert_eq!((calls.take().len(), ledger.entries().len()), (1, 1));
    });
}

#[test]
fn markers_are_pruned_with_the_identities() {
    run(async {
        let (ledger, calls, day) = (Ledger::default(), Calls::default(), Duration::from_secs(24 * 60 * 60));
        let webhooks = webhooks(&ledger, &calls, memory()).retention(day, 30 * day);
        let receiver = Receiver::start(webhooks);
        sleep(Duration::from_secs(90)).await;
        receiver.stop().await;
        assert_eq!(ledger.prunings(), [30 * day; 2]);
    });
}

#[test]
fn markers_are_kept_for_a_day_however_short_the_retention_is() {
    run(async {
        let (ledger, calls) = (Ledger::default(), Calls::default());
        let webhooks = webhooks(&ledger, &calls, memory()).retention(Duration::ZERO, Duration::ZERO);
        let receiver = Receiver::start(webhooks);
        sleep(Duration::from_secs(1)).await;
        receiver.stop().await;
        assert_eq!(ledger.prunings(), [Duration::from_secs(24 * 60 * 60)]);
    });
}
