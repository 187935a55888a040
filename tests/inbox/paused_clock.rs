//! SQLite runs on its own thread, which tokio's paused clock does not wait for.

use std::time::Duration;

use panora_hooks::inbox::{EventState, SqliteInbox};
use tempfile::TempDir;

use crate::{
    receive::encoded,
    receiver::{App, webhooks},
    virtual_time::{Receiver, next, only, run},
};

#[test]
fn an_event_is_stored_before_the_answer_although_the_clock_is_paused() {
    run(async {
        let folder = TempDir::new().unwrap();
        let inbox = SqliteInbox::open(folder.path().join("inbox.db")).unwrap();
        let (app, begun) = App::happy();
        let (router, _worker) = webhooks(app, inbox.clone()).into_parts("/webhook");
        for number in 0..20 {
            let delivery = encoded("1", "crm.contact.created", &format!(r#"{{"n":{number}}}"#));
            assert_eq!(crate::virtual_time::deliver(&router, &delivery).await.unwrap(), 200);
        }
        assert_eq!(begun.try_iter().count(), 0, "a hook ran before the answer");
    });
}

#[test]
fn a_worker_runs_an_event_once_although_the_clock_is_paused() {
    run(async {
        let folder = TempDir::new().unwrap();
        let inbox = SqliteInbox::open(folder.path().join("inbox.db")).unwrap();
        let (app, begun) = App::happy();
        let receiver = Receiver::start(webhooks(app, inbox.clone()).hook_timeout(Duration::from_secs(3600)));
        let delivery = encoded("1", "crm.contact.created", "{}");
        assert_eq!(receiver.deliver(&delivery).await, 200);
        assert_eq!(next(&begun).await.attempt, 1);
        receiver.stop().await;
        only(&inbox, EventState::Done).await;
        assert_eq!(begun.try_iter().count(), 0);
    });
}
