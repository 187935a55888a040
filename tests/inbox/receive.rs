//! The way of an event, from its delivery to its end, in virtual time.

use std::{
    fmt,
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use panora_hooks::{
    Classify, ErrorClass, HookError, Metadata, Registry, Webhooks, hooks,
    inbox::{Decision, EventState, Filter, Inbox, Query, Select, Settled},
    on,
};
use tokio::{
    sync::{Semaphore, watch},
    time::sleep,
};

use crate::{
    receiver::{App, webhooks},
    support::{
        Delivery, contact,
        staged::{Fault, Staged},
        verifier,
    },
    virtual_time::{Receiver, count, interrupt, memory, memory_ahead, next, none, only, run},
};

/// `deal_created` in a later release, which accepts any payload.
#[on("crm.deal.created")]
async fn fixed() {}

/// A hook that a later release adds.
#[on("crm.invoice.created", unlisted)]
async fn invoice() {}

pub fn encoded(id: &str, event_type: &str, payload: &str) -> Delivery {
    let data = serde_json::to_string(payload).unwrap();
    let body = format!(r#"{{"id_event":"{id}","data":{data},"type":"{event_type}"}}"#);
    Delivery { signature: verifier().sign(&data), body: body.into_bytes() }
}

/// Returns a fault the first `times` times, and then none.
fn first(mut times: u32, fault: Fault) -> impl FnMut() -> Option<Fault> {
    move || {
        let is_over = times == 0;
        times = times.saturating_sub(1);
        (!is_over).then_some(fault)
    }
}

#[test]
fn an_acknowledged_event_runs_and_is_done() {
    run(async {
        let (app, begun) = App::happy();
        let (inbox, settled) = Staged::new(memory());
        let receiver = Receiver::start(webhooks(app, inbox.clone()));
        assert_eq!(receiver.deliver(&contact()).await, 200);
        let meta = next(&begun).await;
        assert_eq!((meta.attempt, &*meta.event_type), (1, "crm.contact.created"));
        assert_eq!(next(&settled).await, (Decision::Complete, Settled::Applied));
        only(&inbox, EventState::Done).await;

        assert_eq!(receiver.deliver(&contact()).await, 200);
        none(&begun).await;
    });
}

#[test]
fn an_unverified_delivery_is_not_stored() {
    run(async {
        let (app, begun) = App::happy();
        let inbox = memory();
        let receiver = Receiver::start(webhooks(app, inbox.clone()));
        let mut delivery = contact();
        delivery.signature.replace_range(..1, if delivery.signature.starts_with('0') { "1" } else { "0" });
        assert_eq!(receiver.deliver(&delivery).await, 400);
        assert!(inbox.list(Query::default()).await.unwrap().items.is_empty());
        none(&begun).await;
    });
}

#[test]
fn a_failing_hook_is_retried_until_it_succeeds() {
    run(async {
        let (app, begun) = App::new(async |meta: Metadata| match meta.attempt {
            1 | 3 => Err("no".into()),
            2 => panic!("no"),
            _ => Ok(()),
        });
        let (inbox, settled) = Staged::new(memory());
        let receiver = Receiver::start(webhooks(app, inbox.clone()));
        assert_eq!(receiver.deliver(&contact()).await, 200);
        for attempt in 1..=3 {
            assert_eq!(next(&begun).await.attempt, attempt);
            assert!(matches!(next(&settled).await.0, Decision::RetryAfter(_)));
            assert_eq!(receiver.deliver(&contact()).await, 200, "a duplicate between failure and retry");
        }
        assert_eq!(next(&begun).await.attempt, 4);
        assert_eq!(next(&settled).await.0, Decision::Complete);
        assert_eq!(only(&inbox, EventState::Done).await.attempts, 4);
    });
}

#[test]
fn an_event_is_dead_after_its_last_attempt() {
    run(async {
        let (app, begun) = App::new(async |_| Err("the mailbox is full".into()));
        let (inbox, settled) = Staged::new(memory());
        let receiver = Receiver::start(webhooks(app, inbox.clone()).max_attempts(3));
        assert_eq!(receiver.deliver(&contact()).await, 200);
        for _ in 0..2 {
            assert!(matches!(next(&settled).await.0, Decision::RetryAfter(_)));
        }
        assert!(matches!(next(&settled).await.0, Decision::Bury(_)));
        let info = only(&inbox, EventState::Dead).await;
        assert_eq!(info.attempts, 3);
        assert_eq!(info.reason.as_deref(), Some("all 3 attempts failed, the last: the mailbox is full"));
        assert_eq!(count(&begun).await, 3);
        // A replay overrides the decision.
        assert_eq!(inbox.replay(Select::Keys(vec![info.key]), 1).await.unwrap(), 1);
        assert_eq!(next(&begun).await.attempt, 1);
    });
}

#[test]
fn a_permanent_failure_is_not_retried() {
    run(async {
        let (app, begun) = App::new(async |_| Err(HookError::permanent("no such customer")));
        let (inbox, settled) = Staged::new(memory());
        let receiver = Receiver::start(webhooks(app, inbox.clone()));
        assert_eq!(receiver.deliver(&contact()).await, 200);
        assert_eq!(next(&settled).await.0, Decision::Bury("no such customer".to_owned()));
        assert_eq!(count(&begun).await, 1);
    });
}

/// Errors that say themselves which of them are permanent.
mod classified {
    use super::*;

    #[derive(Debug)]
    enum AppError {
        Unavailable,
        NoSuchCustomer,
    }

    type Result<T = (), E = AppError> = std::result::Result<T, E>;

    impl fmt::Display for AppError {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(match self {
                Self::Unavailable => "the database is unreachable",
                Self::NoSuchCustomer => "no such customer",
            })
        }
    }

    impl std::error::Error for AppError {}

    impl Classify for AppError {
        fn classify(&self) -> ErrorClass {
            match self {
                Self::Unavailable => ErrorClass::Retryable,
                Self::NoSuchCustomer => ErrorClass::Permanent,
            }
        }
    }

    fn fails() -> Result {
        Err(AppError::NoSuchCustomer)
    }

    #[on("crm.contact.created")]
    async fn permanent() -> std::result::Result<(), AppError> {
        fails()?;
        Ok(())
    }

    #[on("crm.contact.pulled")]
    #[tracing::instrument]
    async fn through_an_alias() -> Result {
        fails()
    }

    #[on("crm.note.created")]
    async fn by_hand() -> Result<(), HookError> {
        fails().map_err(HookError::classify)?;
        Ok(())
    }

    #[on("crm.deal.created")]
    async fn retryable(meta: Metadata) -> Result {
        if meta.attempt > 1 { Ok(()) } else { Err(AppError::Unavailable) }
    }

    #[on("crm.task.created")]
    async fn converted(meta: Metadata) -> Result<(), HookError> {
        if meta.attempt > 1 { Ok(()) } else { Ok(fails()?) }
    }

    #[on("crm.user.pulled")]
    async fn boxed(meta: Metadata) -> Result<(), Box<AppError>> {
        if meta.attempt > 1 { Ok(()) } else { Ok(fails()?) }
    }

    fn list(registry: &mut Registry) {
        registry.hooks(hooks![permanent, through_an_alias, by_hand, retryable, converted, boxed]);
    }

    /// The decisions about an event.
    async fn decisions(event_type: &str) -> Vec<Decision> {
        let (inbox, settled) = Staged::new(memory());
        let receiver = Receiver::start(Webhooks::new(verifier()).hooks(list).with_inbox(inbox));
        assert_eq!(receiver.deliver(&encoded("1", event_type, "{}")).await, 200);
        sleep(Duration::from_secs(3600)).await;
        settled.try_iter().map(|(decision, _)| decision).collect()
    }

    #[test]
    fn an_event_is_dead_after_an_error_that_says_it_is_permanent() {
        run(async {
            for event_type in ["crm.contact.created", "crm.contact.pulled", "crm.note.push"] {
                let expected = Decision::Bury("no such customer".to_owned());
                assert_eq!(decisions(event_type).await, [expected], "{event_type}");
            }
        });
    }

    #[test]
    fn an_event_is_retried_after_an_error_that_does_not_say_it_is_permanent() {
        run(async {
            for event_type in ["crm.deal.push", "crm.task.push", "crm.user.pulled"] {
                let decisions = decisions(event_type).await;
                assert!(
                    matches!(&*decisions, [Decision::RetryAfter(_), Decision::Complete]),
                    "{event_type}: {decisions:?}"
                );
            }
        });
    }
}

#[test]
fn an_event_whose_payload_does_not_fit_is_dead_and_runs_after_a_fix() {
    run(async {
        let (app, begun) = App::happy();
        let (inbox, settled) = Staged::new(memory());
        let receiver = Receiver::start(webhooks(app, inbox.clone()));
        assert_eq!(receiver.deliver(&encoded("1", "crm.deal.push", r#"{"amount":"a lot"}"#)).await, 200);
        let Decision::Bury(reason) = next(&settled).await.0 else { panic!() };
        assert!(reason.contains("at `amount`") && !reason.contains("a lot"), "{reason}");
        none(&begun).await;
        receiver.stop().await;

        let fixed = Webhooks::new(verifier()).hooks(hooks![fixed]).with_inbox(inbox.clone());
        let _receiver = Receiver::start(fixed);
        assert_eq!(inbox.replay(Select::All(Filter::new().state(EventState::Dead)), 100).await.unwrap(), 1);
        assert_eq!(next(&settled).await.0, Decision::Complete);
    });
}

#[test]
fn an_unknown_type_waits_for_a_release_that_knows_it() {
    run(async {
        let (app, begun) = App::happy();
        let (inbox, settled) = Staged::new(memory());
        let receiver = Receiver::start(webhooks(app, inbox.clone()));
        assert_eq!(receiver.deliver(&encoded("1", "crm.invoice.created", "{}")).await, 200);
        let info = only(&inbox, EventState::Parked).await;
        assert_eq!(info.reason.as_deref(), Some("unhandled"));
        receiver.stop().await;

        let later = Webhooks::new(verifier()).hooks(hooks![invoice]).with_inbox(inbox.clone());
        let _receiver = Receiver::start(later);
        assert_eq!(inbox.replay(Select::Keys(vec![info.key]), 1).await.unwrap(), 1);
        assert_eq!(next(&settled).await.0, Decision::Complete);
        none(&begun).await;
    });
}

/// Another release of the program may have stored the event, and may run in parallel.
#[test]
fn an_event_whose_hook_is_gone_is_dead_after_its_attempts() {
    run(async {
        let (inbox, settled) = Staged::new(memory());
        inbox.put(vec![crate::events::contact("ada")]).await.unwrap();
        let webhooks = Webhooks::new(verifier()).with_inbox(inbox);
        let _receiver = Receiver::start(webhooks.max_attempts(2).backoff(Duration::ZERO, Duration::ZERO));
        assert!(matches!(next(&settled).await.0, Decision::RetryAfter(_)));
        assert!(matches!(next(&settled).await.0, Decision::Bury(_)));
    });
}

#[test]
fn a_replay_is_parked_and_runs_on_demand() {
    run(async {
        let (app, begun) = App::happy();
        let (inbox, settled) = Staged::new(memory());
        let receiver = Receiver::start(webhooks(app, inbox.clone()));
        let payload = r#"{"id_connection":"1"}"#;
        assert_eq!(receiver.deliver(&encoded("1", "crm.contact.created", payload)).await, 200);
        next(&settled).await;
        assert_eq!(receiver.deliver(&encoded("2", "crm.contact.created", payload)).await, 200);
        assert_eq!(receiver.deliver(&encoded("1", "connection.created", payload)).await, 200);
        assert_eq!(inbox.depth().await.unwrap().parked, 2);
        assert_eq!(count(&begun).await, 1);
        assert_eq!(inbox.replay(Select::All(Filter::new().state(EventState::Parked)), 100).await.unwrap(), 2);
        assert_eq!(next(&settled).await.0, Decision::Complete);
        assert_eq!(next(&settled).await.0, Decision::Complete);
        // Lists are not parked.
        for id in ["1", "2", "3"] {
            assert_eq!(receiver.deliver(&encoded(id, "crm.contact.pulled", "[]")).await, 200);
            assert_eq!(next(&settled).await.0, Decision::Complete);
        }
    });
}

#[test]
fn a_hook_that_times_out_is_cancelled_and_retried() {
    run(async {
        struct Dropped(mpsc::Sender<()>);
        impl Drop for Dropped {
            fn drop(&mut self) {
                self.0.send(()).unwrap();
            }
        }
        let (dropped, drops) = mpsc::channel();
        let (app, begun) = App::new(move |meta: Metadata| {
            let dropped = dropped.clone();
            async move {
                let _dropped = Dropped(dropped);
                if meta.attempt == 1 { pending().await } else { Ok(()) }
            }
        });
        let (inbox, settled) = Staged::new(memory());
        let receiver = Receiver::start(webhooks(app, inbox).hook_timeout(Duration::from_millis(50)));
        assert_eq!(receiver.deliver(&contact()).await, 200);
        next(&drops).await;
        assert!(matches!(next(&settled).await.0, Decision::RetryAfter(_)));
        assert_eq!(next(&begun).await.attempt, 1);
        assert_eq!(next(&begun).await.attempt, 2);
        assert_eq!(next(&settled).await.0, Decision::Complete);
    });
}

#[test]
fn concurrent_hooks_stay_within_the_limit() {
    run(async {
        let gate = Arc::new(Semaphore::new(0));
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (app, begun) = {
            let (gate, running, most) = (gate.clone(), running.clone(), most.clone());
            App::new(move |_| {
                let (gate, running, most) = (gate.clone(), running.clone(), most.clone());
                async move {
                    most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    gate.acquire().await?.forget();
                    running.fetch_sub(1, Ordering::SeqCst);
                    Ok(())
                }
            })
        };
        let (inbox, settled) = Staged::new(memory());
        let receiver = Receiver::start(webhooks(app, inbox.clone()).concurrency(3));
        for id in 0..10 {
            let payload = format!(r#"{{"id":{id}}}"#);
            assert_eq!(receiver.deliver(&encoded("1", "crm.contact.created", &payload)).await, 200);
        }
        for _ in 0..3 {
            next(&begun).await;
        }
        assert_eq!(inbox.depth().await.unwrap().leased, 3);
        gate.add_permits(10);
        for _ in 0..10 {
            assert_eq!(next(&settled).await.0, Decision::Complete);
        }
        assert_eq!(most.load(Ordering::SeqCst), 3);
    });
}

#[test]
fn a_lease_is_extended_while_a_hook_runs() {
    run(async {
        let (app, begun) = App::new(async |_| {
            sleep(Duration::from_secs(100)).await;
            Ok(())
        });
        let (inbox, settled) = Staged::new(memory());
        let receiver = Receiver::start(webhooks(app, inbox).lease_time(Duration::from_secs(1)));
        assert_eq!(receiver.deliver(&contact()).await, 200);
        assert_eq!(next(&settled).await, (Decision::Complete, Settled::Applied));
        assert_eq!(count(&begun).await, 1);
    });
}

#[test]
fn a_clock_jump_does_not_start_a_second_run_of_a_running_hook() {
    run(async {
        let (app, begun) = App::new(async |_| {
            sleep(Duration::from_secs(10)).await;
            Ok(())
        });
        let (memory, ahead) = memory_ahead();
        let (inbox, settled) = Staged::new(memory);
        let receiver = Receiver::start(webhooks(app, inbox.clone()));
        assert_eq!(receiver.deliver(&contact()).await, 200);
        next(&begun).await;
        ahead.fetch_add(3_600_000_000, Ordering::SeqCst);
        // The same worker leases the event again, and knows that its hook is still running.
        sleep(Duration::from_secs(2)).await;
        assert_eq!(only(&inbox, EventState::Leased).await.attempts, 2);
        assert_eq!(next(&settled).await, (Decision::Complete, Settled::Applied));
        none(&begun).await;
    });
}

#[test]
fn a_stop_waits_for_running_hooks_and_hands_back_other_events() {
    run(async {
        let (go, gone) = watch::channel(false);
        let (app, begun) = App::new(move |_| {
            let mut gone = gone.clone();
            async move {
                gone.wait_for(|is_gone| *is_gone).await?;
                Ok(())
            }
        });
        let (inbox, settled) = Staged::new(memory());
        let mut receiver = Receiver::start(webhooks(app, inbox.clone()));
        assert_eq!(receiver.deliver(&contact()).await, 200);
        next(&begun).await;
        receiver.tell_to_stop();
        assert_eq!(receiver.deliver(&encoded("2", "crm.contact.created", r#"{"late":1}"#)).await, 200);
        go.send(true).unwrap();
        receiver.stop().await;
        assert_eq!(next(&settled).await, (Decision::Complete, Settled::Applied));
        assert_eq!(inbox.depth().await.unwrap().leased, 0);
        assert_eq!(inbox.depth().await.unwrap().ready, 1, "a late event is stored and does not run");
        none(&begun).await;
    });
}

#[test]
fn a_hook_that_a_stop_cuts_off_is_not_counted() {
    run(async {
        let (app, begun) = App::new(async |_| pending().await);
        let (inbox, settled) = Staged::new(memory());
        let receiver =
            Receiver::start(webhooks(app, inbox.clone()).shutdown_grace(Duration::from_millis(50)));
        assert_eq!(receiver.deliver(&contact()).await, 200);
        next(&begun).await;
        receiver.stop().await;
        assert_eq!(next(&settled).await, (Decision::Release, Settled::Applied));
        assert_eq!(only(&inbox, EventState::Ready).await.attempts, 0);
    });
}

#[test]
fn a_store_that_is_briefly_busy_still_stores() {
    run(async {
        for fault in [Fault::Busy, Fault::Away, Fault::AnswerLost] {
            let (app, begun) = App::happy();
            let (inbox, settled) = Staged::new(memory());
            inbox.on_put(first(2, fault));
            let receiver = Receiver::start(webhooks(app, inbox));
            assert_eq!(receiver.deliver(&contact()).await, 200, "{fault:?}");
            assert_eq!(next(&settled).await.0, Decision::Complete, "{fault:?}");
            assert_eq!(count(&begun).await, 1, "{fault:?}");
        }
    });
}

#[test]
fn the_hook_runs_before_the_answer_if_the_store_stays_unreachable() {
    run(async {
        for fault in [Fault::Busy, Fault::Away, Fault::Hangs] {
            for (is_well, status) in [(true, 200), (false, 503)] {
                let (app, begun) =
                    App::new(move |_| async move { if is_well { Ok(()) } else { Err("no".into()) } });
                let (inbox, _settled) = Staged::new(memory());
                inbox.on_put(move || Some(fault));
                let receiver =
                    Receiver::start(webhooks(app, inbox.clone()).store_timeout(Duration::from_millis(100)));
                assert_eq!(receiver.deliver(&contact()).await, status, "{fault:?}");
                assert_eq!(count(&begun).await, 1, "{fault:?}");
                // Without a hook for the event, nothing can be acknowledged.
                assert_eq!(
                    receiver.deliver(&encoded("1", "crm.invoice.created", "{}")).await,
                    503,
                    "{fault:?}"
                );
            }
        }
    });
}

#[test]
fn a_store_that_is_full_or_broken_is_a_503_and_recovers() {
    run(async {
        for fault in [Fault::Full, Fault::Panics] {
            let (app, begun) = App::happy();
            let (inbox, settled) = Staged::new(memory());
            inbox.on_put(move || Some(fault));
            let receiver = Receiver::start(webhooks(app, inbox.clone()));
            assert_eq!(receiver.deliver(&contact()).await, 503, "{fault:?}");
            none(&begun).await;
            inbox.on_put(|| None);
            assert_eq!(receiver.deliver(&contact()).await, 200, "{fault:?}");
            assert_eq!(next(&settled).await.0, Decision::Complete);
        }
    });
}

#[test]
fn an_event_with_a_late_settlement_does_not_run_twice() {
    run(async {
        for fault in [Fault::Away, Fault::AnswerLost, Fault::Hangs] {
            let (app, begun) = App::happy();
            let (inbox, settled) = Staged::new(memory());
            inbox.on_settle(first(3, fault));
            let receiver =
                Receiver::start(webhooks(app, inbox.clone()).store_timeout(Duration::from_millis(50)));
            assert_eq!(receiver.deliver(&contact()).await, 200);
            assert_eq!(next(&settled).await.0, Decision::Complete);
            only(&inbox, EventState::Done).await;
            assert_eq!(count(&begun).await, 1, "{fault:?}");
        }
    });
}

#[test]
fn an_event_that_ends_the_process_is_dead_after_its_attempts() {
    run(async {
        let (inbox, settled) = Staged::new(memory());
        inbox.put(vec![crate::events::contact("a")]).await.unwrap();
        interrupt(&inbox, 4).await;
        let (app, begun) = App::happy();
        let _receiver = Receiver::start(webhooks(app, inbox).max_attempts(4));
        let Decision::Bury(reason) = next(&settled).await.0 else { panic!() };
        assert_eq!(reason, "all 4 attempts failed, the last: its process died or its lease expired");
        none(&begun).await;
    });
}

#[test]
fn a_lease_is_valid_although_the_answers_to_its_extensions_are_lost() {
    run(async {
        let (app, begun) = App::new(async |_| {
            sleep(Duration::from_millis(2500)).await;
            Ok(())
        });
        let (inbox, settled) = Staged::new(memory());
        inbox.on_settle(first(3, Fault::AnswerLost));
        let receiver = Receiver::start(webhooks(app, inbox).lease_time(Duration::from_secs(1)));
        assert_eq!(receiver.deliver(&contact()).await, 200);
        assert_eq!(next(&settled).await, (Decision::Complete, Settled::Applied));
        assert_eq!(count(&begun).await, 1);
    });
}

#[test]
fn an_event_that_a_slow_store_leases_runs() {
    run(async {
        let (app, begun) = App::happy();
        let (inbox, settled) = Staged::new(memory());
        // Longer than a delivery waits for the store.
        inbox.on_lease(|| Some(Fault::Late(Duration::from_secs(20))));
        let receiver = Receiver::start(webhooks(app, inbox));
        assert_eq!(receiver.deliver(&contact()).await, 200);
        assert_eq!(next(&begun).await.attempt, 1);
        assert_eq!(next(&settled).await, (Decision::Complete, Settled::Applied));
        none(&begun).await;
    });
}

#[test]
fn the_largest_values_of_settings_are_accepted() {
    run(async {
        let (app, begun) =
            App::new(async |meta: Metadata| if meta.attempt == 1 { Err("no".into()) } else { Ok(()) });
        let (inbox, settled) = Staged::new(memory());
        let webhooks = webhooks(app, inbox)
            .store_timeout(Duration::MAX)
            .hook_timeout(Duration::MAX)
            .concurrency(usize::MAX)
            .max_attempts(u32::MAX)
            .lease_time(Duration::MAX)
            .shutdown_grace(Duration::MAX)
            .retention(Duration::MAX, Duration::MAX);
        let receiver = Receiver::start(webhooks);
        assert_eq!(receiver.deliver(&contact()).await, 200);
        assert!(matches!(next(&settled).await.0, Decision::RetryAfter(_)));
        assert_eq!(next(&settled).await.0, Decision::Complete);
        assert_eq!(count(&begun).await, 2);
        receiver.stop().await;
    });
}

#[test]
fn an_event_that_is_leased_while_it_is_settled_does_not_run_twice() {
    run(async {
        let (app, begun) = App::happy();
        let (memory, ahead) = memory_ahead();
        let (inbox, settled) = Staged::new(memory);
        let (away, is_away) = watch::channel(true);
        inbox.on_settle(move || is_away.borrow().then_some(Fault::Away));
        let receiver = Receiver::start(webhooks(app, inbox.clone()));
        assert_eq!(receiver.deliver(&contact()).await, 200);
        next(&begun).await;
        // The lease expires and the event is leased again, but the worker learns of it after the
        // settlement.
        let mut is_first = true;
        inbox.on_lease(move || {
            if std::mem::take(&mut is_first) {
                ahead.fetch_add(3_600_000_000, Ordering::SeqCst);
            }
            Some(Fault::Late(Duration::from_secs(10)))
        });
        while inbox.list(Query::default()).await.unwrap().items[0].attempts < 2 {
            sleep(Duration::from_millis(100)).await;
        }
        away.send(false).unwrap();
        assert_eq!(next(&settled).await, (Decision::Complete, Settled::Stale));
        while next(&settled).await != (Decision::Complete, Settled::Applied) {}
        only(&inbox, EventState::Done).await;
        none(&begun).await;
    });
}
