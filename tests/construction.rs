//! Mistakes that show when the program starts, and where they are said to be.

mod support;

use std::{
    panic::{self, UnwindSafe},
    sync::{Arc, Mutex},
    time::Duration,
};

use panora_hooks::{Registry, Webhooks, hooks, inbox::MemoryInbox, on};
use support::verifier;

mod crm {
    use panora_hooks::on;

    #[on("crm.contact.created")]
    pub(super) async fn a() {}

    #[on("crm.deal.created", "crm.contact.created")]
    pub(super) async fn b() {}
}

#[on("crm.*")]
async fn prefix() {}

#[on("crm.contact.*", "crm.*")]
async fn prefixes() {}

fn exported(registry: &mut Registry) {
    registry.hooks(hooks![crm::a]);
}

/// Panics, and says where and what.
fn panic_of(construct: impl FnOnce() + UnwindSafe) -> (u32, String) {
    let seen = Arc::new(Mutex::new(None));
    let hook = panic::take_hook();
    panic::set_hook(Box::new({
        let seen = Arc::clone(&seen);
        move |info| {
            let location = info.location().unwrap();
            assert_eq!(location.file(), file!());
            let payload = info.payload();
            let message = payload.downcast_ref::<&str>().map(ToString::to_string);
            let message = message.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap();
            *seen.lock().unwrap() = Some((location.line(), message));
        }
    }));
    let result = panic::catch_unwind(construct);
    panic::set_hook(hook);
    assert!(result.is_err(), "it does not panic");
    seen.lock().unwrap().take().unwrap()
}

/// One test, since a panic hook is the whole program's.
#[test]
fn panics_point_at_the_users_line() {
    let (line, message) = panic_of(|| {
        let webhooks = Webhooks::new(verifier()).hooks(hooks![crm::a]);
        drop(webhooks.hooks(hooks![crm::b])); // line A
    });
    assert_eq!(line, line_of("line A"));
    let defined_at = format!("{}:{}", file!(), line_of("#[on(\"crm.contact.created\")]"));
    assert_eq!(message, format!("event `crm.contact.created` is already handled by `crm::a` ({defined_at})"));

    let (line, message) = panic_of(|| {
        let webhooks = Webhooks::new(verifier()).hooks(exported);
        drop(webhooks.hooks(exported)); // line B: the list itself is in a function
    });
    assert_eq!(line, line_of("registry.hooks(hooks![crm::a]);"));
    assert!(message.starts_with("event `crm.contact.created` is already handled by `crm::a` ("), "{message}");

    let (line, message) = panic_of(|| {
        drop(Webhooks::new(verifier()).hooks(|registry| {
            hooks![prefix](registry);
            registry.hooks(hooks![prefixes]); // line C
        }));
    });
    assert_eq!(line, line_of("line C"));
    assert!(message.starts_with("event `crm.*` is already handled by `prefix` ("), "{message}");

    let (line, message) = panic_of(|| {
        let webhooks = Webhooks::new(verifier()).hooks(hooks![prefix]);
        drop(webhooks.with_state(1)); // line D
    });
    assert_eq!((line, &*message), (line_of("line D"), "call `.with_state(..)` before `.hooks(..)`"));

    let (line, message) = panic_of(|| {
        drop(Webhooks::new(verifier()).into_router::<()>("webhook")); // line E
    });
    assert_eq!(line, line_of("line E"));
    assert_eq!(message, "the path `webhook` does not begin with `/`: write `/webhook`");

    let with_inbox = || Webhooks::new(verifier()).with_inbox(MemoryInbox::new());
    let (line, message) = panic_of(|| {
        drop(with_inbox().into_parts::<()>("webhook")); // line F
    });
    assert_eq!(line, line_of("line F"));
    assert_eq!(message, "the path `webhook` does not begin with `/`: write `/webhook`");
    let (line, message) = panic_of(|| {
        drop(with_inbox().concurrency(0)); // line G
    });
    assert_eq!((line, &*message), (line_of("line G"), "`concurrency` is 0: nothing would ever run"));
    let (line, message) = panic_of(|| {
        drop(with_inbox().max_attempts(0)); // line H
    });
    assert_eq!((line, &*message), (line_of("line H"), "`max_attempts` is 0: nothing would ever run"));
    let (line, message) = panic_of(|| {
        drop(with_inbox().lease_time(Duration::from_millis(999))); // line I
    });
    assert_eq!(line, line_of("line I"));
    assert_eq!(message, "a lease of 999ms ends before it can be extended: take a second or more");
    let (line, message) = panic_of(|| {
        drop(with_inbox().store_timeout(Duration::ZERO)); // line J
    });
    assert_eq!(line, line_of("line J"));
    assert_eq!(message, "`store_timeout` is zero: no store would answer in time");
    let (line, message) = panic_of(|| {
        drop(with_inbox().hook_timeout(Duration::ZERO)); // line K
    });
    assert_eq!(line, line_of("line K"));
    assert_eq!(message, "`hook_timeout` is zero: every hook would be cancelled at once");
    let (line, message) = panic_of(|| {
        drop(Webhooks::new(verifier()).max_body_bytes(0)); // line L
    });
    assert_eq!(line, line_of("line L"));
    assert_eq!(message, "`max_body_bytes` is 0: every event would be rejected");
    let (line, message) = panic_of(|| {
        drop(Webhooks::new(verifier()).read_timeout(Duration::ZERO)); // line M
    });
    assert_eq!(line, line_of("line M"));
    assert_eq!(message, "`read_timeout` is zero: every body would be rejected");
}

/// The first line of this file that holds `text`.
fn line_of(text: &str) -> u32 {
    let before = include_str!("construction.rs").split(text).next().unwrap();
    u32::try_from(before.lines().count()).unwrap()
}

#[test]
fn a_pattern_and_a_more_specific_one_are_no_duplicates() {
    let webhooks = Webhooks::new(verifier()).hooks(hooks![crm::a]).hooks(hooks![prefix]);
    drop(webhooks.into_router::<()>("/webhook"));
}

#[test]
fn debug_shows_the_hooks_and_not_the_state() {
    struct Secretive;

    impl Clone for Secretive {
        fn clone(&self) -> Self {
            Self
        }
    }

    let webhooks = Webhooks::new(verifier()).with_state(Secretive).hooks(hooks![crm::a]);
    let shown = format!("{webhooks:?}");
    assert!(shown.contains("crm::a") && shown.contains("crm.contact.created"), "{shown}");
    assert!(!shown.contains(support::SECRET), "{shown}");
    let webhooks = webhooks.with_inbox(MemoryInbox::new());
    let shown = format!("{webhooks:?}");
    assert!(shown.contains("crm::a") && shown.contains("max_attempts: 16"), "{shown}");
    let (_, worker) = webhooks.into_parts::<()>("/webhook");
    assert!(format!("{worker:?}").contains("max_attempts: 16"));
}
