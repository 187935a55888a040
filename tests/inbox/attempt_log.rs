//! The log of attempts: one error for each that fails.

use std::{future::pending, time::Duration};

use panora_hooks::{
    HookError,
    inbox::{EventState, Inbox},
};
use tokio::time::sleep;

use crate::{
    events::contact,
    receiver::{App, webhooks},
    support::log::Log,
    virtual_time::{Running, memory, only, run},
};

/// Runs an event until it is dead, and returns the errors in the log. The hook logs nothing itself.
fn errors<F>(hook: impl Fn() -> F + Send + Sync + 'static) -> Vec<String>
where
    F: Future<Output = Result<(), HookError>> + Send + 'static,
{
    let (log, _guard) = Log::of_this_thread();
    run(async {
        let (app, begun) = App::new(move |_| hook());
        let inbox = memory();
        inbox.put(vec![contact("ada")]).await.unwrap();
        let webhooks = webhooks(app, inbox.clone()).max_attempts(2).hook_timeout(Duration::from_secs(9));
        let running = Running::start(webhooks.into_parts::<()>("/webhook").1);
        while !inbox.depth().await.unwrap().is_idle() {
            sleep(Duration::from_secs(1)).await;
        }
        running.stop().await;
        only(&inbox, EventState::Dead).await;
        drop(begun);
    });
    let log = log.take();
    log.lines().filter(|line| line.contains("ERROR")).map(ToOwned::to_owned).collect()
}

#[track_caller]
fn assert_dead(line: &str, attempt: u32, is_retryable: bool, reason: &str) {
    for part in [
        &*format!("event.id=id-ada event.type=crm.contact.created attempt={attempt}"),
        &*format!("event is dead: {reason} hook=\"receiver::contact_created\" retryable={is_retryable}"),
    ] {
        assert!(line.contains(part), "{part} is not in {line}");
    }
}

#[test]
fn a_permanent_failure_is_one_error() {
    let errors = errors(async || Err(HookError::permanent("no use")));
    let [dead] = &*errors else { panic!("{errors:?}") };
    assert_dead(dead, 1, false, "no use");
}

#[test]
fn each_failed_attempt_is_one_error_and_the_last_says_that_the_event_is_dead() {
    let errors = errors(async || Err("the cause".into()));
    let [failed, dead] = &*errors else { panic!("{errors:?}") };
    let expected = "hook failed: the cause hook=\"receiver::contact_created\" retryable=true";
    assert!(failed.contains(expected) && failed.contains("attempt=1"), "{failed}");
    assert_dead(dead, 2, true, "all 2 attempts failed, the last: the cause");
}

#[test]
fn a_panic_and_a_timeout_are_one_error_each() {
    let panicked = errors(async || panic!("at the disco"));
    let [failed, dead] = &*panicked else { panic!("{panicked:?}") };
    assert!(failed.contains("hook panicked hook=\"receiver::contact_created\""), "{failed}");
    assert_dead(dead, 2, true, "all 2 attempts failed, the last: the hook panicked");

    let timed_out = errors(pending);
    let [failed, dead] = &*timed_out else { panic!("{timed_out:?}") };
    let expected = "hook cancelled: it took longer than 9s hook=\"receiver::contact_created\"";
    assert!(failed.contains(expected), "{failed}");
    assert_dead(dead, 2, true, "all 2 attempts failed, the last: the hook took longer than 9s");
}

#[test]
fn a_panic_in_a_destructor_of_a_hook_that_times_out_hides_nothing() {
    struct Panics;

    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("in a destructor");
        }
    }

    let errors = errors(async || {
        let _panics = Panics;
        pending().await
    });
    let [failed, dead] = &*errors else { panic!("{errors:?}") };
    let expected = "hook cancelled: it took longer than 9s hook=\"receiver::contact_created\"";
    assert!(failed.contains(expected), "{failed}");
    assert_dead(dead, 2, true, "all 2 attempts failed, the last: the hook took longer than 9s");
}
