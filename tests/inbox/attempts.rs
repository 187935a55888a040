//! Attempts and figures, as a receiver records them.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, SystemTime},
};

use panora_hooks::{
    HookError, Metadata,
    inbox::{AttemptInfo, AttemptOutcome, Decision, EventKey, EventState, Figures, Inbox, MemoryInbox},
};
use tokio::time::sleep;

use crate::{
    receive::encoded,
    receiver::{App, webhooks},
    support::{
        Delivery, contact,
        staged::{Fault, Staged},
    },
    virtual_time::{Receiver, deliver, interrupt, memory, next, only, run},
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const MINUTE: Duration = Duration::from_secs(60);

async fn attempts(inbox: &impl Inbox, key: EventKey) -> Vec<AttemptInfo> {
    inbox.attempts(key).await.unwrap()
}

/// Returns the sums of all figures of an event type.
async fn figures(inbox: &impl Inbox, event_type: &str) -> Figures {
    let now = SystemTime::now();
    let mut sum = Figures::default();
    for step in inbox.statistics(now - DAY..now + DAY, MINUTE).await.unwrap() {
        if step.event_type == event_type {
            sum.add(&step.figures);
        }
    }
    sum
}

fn deal(id: &str, payload: &str) -> Delivery {
    encoded(id, "crm.deal.created", payload)
}

#[test]
fn each_attempt_is_recorded_with_its_error_duration_and_worker() {
    run(async {
        let (app, _begun) = App::new(async |meta: Metadata| match meta.attempt {
            1 => {
                sleep(Duration::from_secs(2)).await;
                Err("the first error".into())
            }
            2 => panic!("a secret of the payload"),
            3 => {
                sleep(DAY).await;
                Ok(())
            }
            _ => {
                sleep(Duration::from_secs(3)).await;
                Ok(())
            }
        });
        let (inbox, settled) = Staged::new(memory());
        let receiver =
            Receiver::start(webhooks(app, inbox.clone()).hook_timeout(MINUTE).worker_name("worker 1"));
        assert_eq!(receiver.deliver(&contact()).await, 200);
        for _ in 0..3 {
            assert!(matches!(next(&settled).await.0, Decision::RetryAfter(_)));
        }
        assert_eq!(next(&settled).await.0, Decision::Complete);

        let event = only(&inbox, EventState::Done).await;
        let attempts = attempts(&inbox, event.key).await;
        let found: Vec<_> = attempts
            .iter()
            .map(|attempt| (attempt.number, attempt.outcome, attempt.duration.unwrap().as_secs()))
            .collect();
        let expected = [
            (1, AttemptOutcome::Failed, 2),
            (2, AttemptOutcome::Panicked, 0),
            (3, AttemptOutcome::TimedOut, 60),
            (4, AttemptOutcome::Handled, 3),
        ];
        assert_eq!(found, expected);
        let errors: Vec<_> = attempts.iter().map(|attempt| attempt.error.as_deref()).collect();
        let late = "the hook took longer than 60s";
        assert_eq!(errors, [Some("the first error"), Some("the hook panicked"), Some(late), None]);
        assert!(attempts.iter().all(|attempt| attempt.worker.as_deref() == Some("worker 1")));
        assert!(attempts.is_sorted_by_key(|attempt| attempt.started_at));
        assert_eq!(event.last_error.as_deref(), Some(late));
        assert_eq!(event.duration, Some(Duration::from_secs(3)));
    });
}

#[test]
fn an_event_whose_first_attempt_succeeds_has_no_attempts() {
    run(async {
        let (app, _begun) = App::happy();
        let (inbox, settled) = Staged::new(memory());
        let receiver = Receiver::start(webhooks(app, inbox.clone()));
        assert_eq!(receiver.deliver(&contact()).await, 200);
        assert_eq!(next(&settled).await.0, Decision::Complete);
        let event = only(&inbox, EventState::Done).await;
        assert_eq!(attempts(&inbox, event.key).await, []);
        assert_eq!(event.last_error, None);
        assert!(event.done_at.is_some() && event.duration.is_some());
    });
}

#[test]
fn an_error_is_kept_up_to_4_kib_and_names_the_process_by_default() {
    run(async {
        let (app, _begun) = App::new(async |_| Err(HookError::permanent("ö".repeat(10_000))));
        let (inbox, settled) = Staged::new(memory());
        let receiver = Receiver::start(webhooks(app, inbox.clone()));
        assert_eq!(receiver.deliver(&contact()).await, 200);
        assert!(matches!(next(&settled).await.0, Decision::Bury(_)));
        let event = only(&inbox, EventState::Dead).await;
        assert_eq!(event.last_error, Some("ö".repeat(2048)));
        let attempts = attempts(&inbox, event.key).await;
        let worker = attempts[0].worker.as_deref().unwrap();
        assert!(worker.ends_with(&format!(":{}", std::process::id())), "{worker}");
    });
}

#[test]
fn attempts_that_were_interrupted_until_the_event_is_dead_are_recorded_once() {
    run(async {
        let (app, _begun) = App::happy();
        let inbox = memory();
        inbox.put(vec![crate::events::contact("ada")]).await.unwrap();
        interrupt(&inbox, 3).await;
        let (inbox, settled) = Staged::new(inbox);
        let _receiver = Receiver::start(webhooks(app, inbox.clone()).max_attempts(3));
        assert!(matches!(next(&settled).await.0, Decision::Bury(_)));
        let event = only(&inbox, EventState::Dead).await;
        let interrupted = |number| (number, AttemptOutcome::Interrupted);
        let found: Vec<_> = attempts(&inbox, event.key)
            .await
            .into_iter()
            .map(|attempt| (attempt.number, attempt.outcome))
            .collect();
        assert_eq!(found, [1, 2, 3].map(interrupted));
    });
}

#[test]
fn a_receiver_counts_deliveries_and_attempts() {
    run(async {
        let (app, _begun) = App::new(async |meta: Metadata| match meta.attempt {
            1 => Err("no".into()),
            _ => Ok(()),
        });
        let (inbox, settled) = Staged::new(memory());
        let receiver = Receiver::start(webhooks(app, inbox.clone()));
        let one = deal("1", r#"{"amount":1}"#);
        let wrong = deal("2", r#"{"amount":"wrong"}"#);
        let unknown = encoded("3", "of.a.stranger", r#"{"a":3}"#);
        for delivery in [contact(), contact(), one.clone(), wrong, unknown] {
            assert_eq!(receiver.deliver(&delivery).await, 200);
        }
        for _ in 0..4 {
            next(&settled).await;
        }
        receiver.stop().await;

        let contacts = figures(&inbox, "crm.contact.created").await;
        assert_eq!((contacts.arrived, contacts.duplicates, contacts.handled), (1, 1, 1));
        assert_eq!((contacts.failed_attempts, contacts.dead, contacts.parked), (1, 0, 0));
        assert_eq!((contacts.latency.count(), contacts.attempt_duration.count()), (1, 2));
        let deals = figures(&inbox, "crm.deal.created").await;
        assert_eq!((deals.arrived, deals.handled, deals.failed_attempts, deals.dead), (2, 1, 1, 1));
        assert_eq!((deals.latency.count(), deals.attempt_duration.count()), (1, 2));
        let others = figures(&inbox, "other").await;
        assert_eq!((others.arrived, others.parked, others.handled), (1, 1, 0));
        assert_eq!(figures(&inbox, "of.a.stranger").await, Figures::default());
    });
}

#[test]
fn a_router_without_a_worker_writes_its_figures_within_ten_seconds() {
    run(async {
        let (app, _begun) = App::happy();
        let inbox = memory();
        let (router, _worker) = webhooks(app, inbox.clone()).into_parts::<()>("/webhook");
        assert_eq!(deliver(&router, &contact()).await.unwrap(), 200);
        assert_eq!(figures(&inbox, "crm.contact.created").await, Figures::default());
        sleep(Duration::from_secs(11)).await;
        assert_eq!(figures(&inbox, "crm.contact.created").await.arrived, 1);
        sleep(DAY).await;
        assert_eq!(figures(&inbox, "crm.contact.created").await.arrived, 1, "they are written once");
    });
}

#[test]
fn figures_that_the_store_refuses_are_written_later() {
    run(async {
        let (app, _begun) = App::happy();
        let (inbox, settled) = Staged::new(memory());
        let receiver = Receiver::start(webhooks(app, inbox.clone()));
        let refused = AtomicUsize::new(0);
        inbox.on_add_figures(move || (refused.fetch_add(1, Ordering::SeqCst) < 2).then_some(Fault::Away));
        assert_eq!(receiver.deliver(&contact()).await, 200);
        next(&settled).await;
        sleep(Duration::from_secs(25)).await;
        assert_eq!(figures(&inbox, "crm.contact.created").await, Figures::default());
        sleep(Duration::from_secs(10)).await;
        let contacts = figures(&inbox, "crm.contact.created").await;
        assert_eq!((contacts.arrived, contacts.handled), (1, 1));
    });
}

#[test]
fn old_figures_are_dropped_by_the_worker() {
    run(async {
        let (app, _begun) = App::happy();
        let (inbox, settled): (Staged<MemoryInbox>, _) = Staged::new(memory());
        let receiver = Receiver::start(webhooks(app, inbox.clone()).keep_figures(2 * DAY, 3 * DAY));
        assert_eq!(receiver.deliver(&contact()).await, 200);
        next(&settled).await;
        let kept = async |step| {
            let now = SystemTime::now();
            inbox.statistics(now - DAY..now + DAY, step).await.unwrap().len()
        };
        sleep(DAY + MINUTE * (24 * 60 - 90)).await;
        assert_eq!((kept(MINUTE).await, kept(60 * MINUTE).await), (1, 1));
        sleep(2 * MINUTE * 90).await;
        assert_eq!((kept(MINUTE).await, kept(60 * MINUTE).await), (0, 1));
        sleep(DAY).await;
        assert_eq!((kept(MINUTE).await, kept(60 * MINUTE).await), (0, 0));
    });
}
