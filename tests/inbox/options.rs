//! Hooks that limit their attempts by options of `#[on(..)]`, in virtual time.

use std::{future::pending, sync::mpsc, time::Duration};

use panora_hooks::{
    HookError, Metadata, State, Webhooks, WebhooksWithInbox, hooks,
    inbox::{Decision, EventState, Inbox, Settled},
    on,
};
use tokio::time::{Instant, sleep};

use crate::{
    events,
    receiver::App,
    support::{
        contact,
        staged::{Fault, Staged},
        verifier,
    },
    virtual_time::{Receiver, interrupt, memory, next, none, only, run},
};

#[on("crm.contact.created", timeout = "2s", attempts = 2)]
async fn brief(meta: Metadata, State(app): State<App>) -> Result<(), HookError> {
    app.run(meta).await
}

#[on("crm.contact.created", timeout = "20s", attempts = 10)]
async fn patient(meta: Metadata, State(app): State<App>) -> Result<(), HookError> {
    app.run(meta).await
}

/// Returns builders with each of the hooks, the brief one first. The limits of the builder are
/// between those of the hooks.
fn builders(app: &App, inbox: &(impl Inbox + Clone)) -> [WebhooksWithInbox<App>; 2] {
    let webhooks = || Webhooks::new(verifier()).with_state(app.clone());
    [webhooks().hooks(hooks![brief]), webhooks().hooks(hooks![patient])].map(|webhooks| {
        webhooks
            .with_inbox(inbox.clone())
            .hook_timeout(Duration::from_secs(10))
            .max_attempts(8)
            .backoff(Duration::ZERO, Duration::ZERO)
    })
}

/// Returns the decisions about an event up to the last, and how long they took.
async fn decisions(settled: &mpsc::Receiver<(Decision, Settled)>) -> (Vec<Decision>, Duration) {
    let (mut decisions, start) = (Vec::new(), Instant::now());
    loop {
        let (decision, outcome) = next(settled).await;
        assert_eq!(outcome, Settled::Applied);
        let is_last = matches!(decision, Decision::Complete | Decision::Bury(_));
        decisions.push(decision);
        if is_last {
            return (decisions, start.elapsed());
        }
    }
}

#[test]
fn an_attempt_is_limited_by_the_options_of_its_hook() {
    run(async {
        for (hook, limit, attempts) in [(0, 2, 2), (1, 20, 10)] {
            let (app, _begun) = App::new(async |_| pending().await);
            let (inbox, settled) = Staged::new(memory());
            let [brief, patient] = builders(&app, &inbox);
            let receiver = Receiver::start(if hook == 0 { brief } else { patient });
            assert_eq!(receiver.deliver(&contact()).await, 200);
            let (decisions, took) = decisions(&settled).await;
            assert_eq!(decisions.len(), attempts);
            let reason =
                format!("all {attempts} attempts failed, the last: the hook took longer than {limit}s");
            assert_eq!(decisions.last(), Some(&Decision::Bury(reason)));
            let attempts = u32::try_from(attempts).unwrap();
            let least = Duration::from_secs(limit) * attempts;
            assert!(took >= least && took < least + Duration::from_secs(1) * attempts, "{took:?}");
        }
    });
}

#[test]
fn a_lease_lasts_as_long_as_its_hook_may_run() {
    run(async {
        // Longer than the time limit of the builder and a lease together.
        let (app, begun) = App::new(async |_| {
            sleep(Duration::from_secs(15)).await;
            Ok(())
        });
        let (inbox, settled) = Staged::new(memory());
        let [_, patient] = builders(&app, &inbox);
        let receiver = Receiver::start(patient.lease_time(Duration::from_secs(2)));
        assert_eq!(receiver.deliver(&contact()).await, 200);
        next(&begun).await;
        assert_eq!(next(&settled).await, (Decision::Complete, Settled::Applied));
        assert_eq!(only(&inbox, EventState::Done).await.attempts, 1);
        none(&begun).await;
    });
}

#[test]
fn interrupted_attempts_count_up_to_the_limit_of_the_hook() {
    run(async {
        let (app, begun) = App::happy();
        let (inbox, settled) = Staged::new(memory());
        inbox.put(vec![events::contact("a")]).await.unwrap();
        interrupt(&inbox, 2).await;
        let [brief, _] = builders(&app, &inbox);
        let _receiver = Receiver::start(brief);
        let reason = "all 2 attempts failed, the last: its process died or its lease expired";
        assert_eq!(next(&settled).await.0, Decision::Bury(reason.to_owned()));
        none(&begun).await;

        let (inbox, settled) = Staged::new(memory());
        inbox.put(vec![events::contact("a")]).await.unwrap();
        interrupt(&inbox, 9).await;
        let [_, patient] = builders(&app, &inbox);
        let _receiver = Receiver::start(patient);
        assert_eq!(next(&begun).await.attempt, 10);
        assert_eq!(next(&settled).await.0, Decision::Complete);
    });
}

#[test]
fn a_hook_that_runs_before_the_answer_has_its_own_time_limit() {
    run(async {
        let (app, begun) = App::new(async |_| pending().await);
        let (inbox, _settled) = Staged::new(memory());
        inbox.on_put(|| Some(Fault::Away));
        let [brief, _] = builders(&app, &inbox);
        let receiver = Receiver::start(brief);
        assert_eq!(receiver.deliver(&contact()).await, 503);
        next(&begun).await;
    });
}
