//! Group commit: the batches that a store gets when deliveries arrive together, in virtual time.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use panora_hooks::inbox::{Inbox, NewEvent, Query};
use tokio::time::{Instant, sleep};

use crate::{
    receiver::{App, webhooks},
    support::{
        Delivery,
        staged::{Fault, Staged},
    },
    virtual_time::{deliver, memory, run},
};

/// Creates a delivery with its own number and about `bytes` bytes of data.
fn sized(number: usize, bytes: usize) -> Delivery {
    let filler = "x".repeat(bytes.saturating_sub(40));
    Delivery::new("crm.contact.created", &format!(r#"{{"n":{number},"filler":"{filler}"}}"#))
}

#[test]
fn a_batch_is_bounded_in_events_and_bytes() {
    run(async {
        let (inbox, _settled) = Staged::new(memory());
        let batches = Arc::new(Mutex::new(Vec::new()));
        let seen = batches.clone();
        inbox.on_batch(move |batch: &[NewEvent]| {
            let bytes: usize = batch.iter().map(|event| event.data().len()).sum();
            let mut seen = seen.lock().unwrap();
            seen.push((batch.len(), bytes));
            // All others arrive while the first is being stored.
            (seen.len() == 1).then_some(Fault::Late(Duration::from_secs(1)))
        });
        let (app, _begun) = App::happy();
        let (router, _worker) = webhooks(app, inbox.clone()).into_parts("/webhook");
        let sizes = [(1, 100), (1100, 100), (9, 1_000_000), (2, 5_000_000)];
        let sizes = sizes.iter().flat_map(|(count, bytes)| std::iter::repeat_n(*bytes, *count));
        let answers: Vec<_> =
            sizes.enumerate().map(|(number, bytes)| deliver(&router, &sized(number, bytes))).collect();
        let count = answers.len();
        for answer in answers {
            assert_eq!(answer.await.unwrap(), 200);
        }
        let batches = batches.lock().unwrap();
        assert_eq!(batches.iter().map(|(events, _)| events).sum::<usize>(), count);
        for (events, bytes) in &*batches {
            assert!(*events <= 512, "{batches:?}");
            assert!(*bytes <= 4 * 1024 * 1024 || *events == 1, "{batches:?}");
        }
        assert!(batches.len() < 20, "they are batches\n{batches:?}");
    });
}

#[test]
fn every_event_that_waits_is_answered_at_its_deadline_while_the_store_is_unreachable() {
    run(async {
        let (inbox, _settled) = Staged::new(memory());
        inbox.on_put(|| Some(Fault::Away));
        let (app, _begun) = App::new(async |_| Err("no".into()));
        let webhooks = webhooks(app, inbox).store_timeout(Duration::from_secs(2));
        let (router, _worker) = webhooks.into_parts("/webhook");
        let started = Instant::now();
        // Each event fills a batch.
        let answers: Vec<_> = (0..12).map(|number| deliver(&router, &sized(number, 3_000_000))).collect();
        for answer in answers {
            assert_eq!(answer.await.unwrap(), 503);
        }
        // The longest pause between two attempts is a second.
        assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    });
}

#[test]
fn an_event_that_the_store_refuses_does_not_fail_the_others_of_its_batch() {
    run(async {
        let (inbox, _settled) = Staged::new(memory());
        let mut is_first = true;
        inbox.on_batch(move |batch: &[NewEvent]| {
            if std::mem::take(&mut is_first) {
                return Some(Fault::Late(Duration::from_secs(1)));
            }
            batch.iter().any(|event| event.data().contains(r#""n":70,"#)).then_some(Fault::Refused)
        });
        let (app, _begun) = App::happy();
        let (router, _worker) = webhooks(app, inbox.clone()).into_parts("/webhook");
        let first = deliver(&router, &sized(100, 100));
        sleep(Duration::from_millis(100)).await;
        let answers: Vec<_> = (0..100).map(|number| deliver(&router, &sized(number, 100))).collect();
        assert_eq!(first.await.unwrap(), 200);
        for (number, answer) in answers.into_iter().enumerate() {
            assert_eq!(answer.await.unwrap(), if number == 70 { 503 } else { 200 }, "{number}");
        }
        assert_eq!(inbox.list(Query::default()).await.unwrap().items.len(), 100);
    });
}

#[test]
fn events_keep_their_order_when_a_batch_is_split_while_the_store_is_busy() {
    run(async {
        for faults in [
            &[Some(Fault::Refused), Some(Fault::Busy)][..],
            &[Some(Fault::Refused), Some(Fault::Refused), Some(Fault::Busy)],
            &[Some(Fault::Refused), None, Some(Fault::Refused), Some(Fault::Busy)],
        ] {
            let (inbox, _settled) = Staged::new(memory());
            // The other events arrive while the first one is being stored.
            let first = Some(Fault::Late(Duration::from_secs(1)));
            let mut faults_left = std::iter::once(first).chain(faults.iter().copied());
            let (app, _begun) = App::happy();
            let (router, _worker) = webhooks(app, inbox.clone()).into_parts("/webhook");
            inbox.on_put(move || faults_left.next().flatten());
            let mut answers = Vec::new();
            for number in 0..5 {
                answers.push(deliver(&router, &sized(number, 100)));
                sleep(Duration::from_millis(10)).await;
            }
            for answer in answers {
                assert_eq!(answer.await.unwrap(), 200);
            }
            let stored = inbox.list(Query::default()).await.unwrap().items;
            for (number, info) in stored.iter().enumerate() {
                let data = inbox.get(info.key).await.unwrap().unwrap().data.unwrap();
                assert!(data.contains(&format!(r#""n":{number},"#)), "{faults:?}: event {number}: {data}");
            }
        }
    });
}

#[test]
fn an_event_is_stored_although_its_sender_hangs_up() {
    run(async {
        let (inbox, _settled) = Staged::new(memory());
        inbox.on_put(|| Some(Fault::Late(Duration::from_secs(1))));
        let (app, _begun) = App::happy();
        let (router, _worker) = webhooks(app, inbox.clone()).into_parts("/webhook");
        let answer = deliver(&router, &sized(1, 100));
        sleep(Duration::from_millis(500)).await;
        answer.abort();
        sleep(Duration::from_secs(1)).await;
        assert_eq!(inbox.list(Query::default()).await.unwrap().items.len(), 1);
    });
}
