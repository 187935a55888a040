//! Mistakes that are found when the program starts, and the locations that they are reported at.

#[path = "support/ledger.rs"]
mod ledger;
mod support;

use std::{
    panic::{self, UnwindSafe},
    sync::{Arc, Mutex},
    time::Duration,
};

use ledger::Ledger;
use panora_hooks::{Registry, Webhooks, hooks, inbox::MemoryInbox, on, testing::sample, transactions::Tx};
use support::{log::Log, verifier};
use tokio::{net::TcpListener, runtime::Runtime};

mod crm {
    use panora_hooks::on;

    pub(super) const A_IS_AT: u32 = line!() + 1;
    #[on("crm.contact.created")]
    pub(super) async fn a() {}

    #[on("crm.deal.created", "crm.contact.created")]
    pub(super) async fn b() {}
}

#[on("crm.*")]
async fn prefix() {}

#[on("crm.contact.*", "crm.*")]
async fn prefixes() {}

mod limited {
    use panora_hooks::on;

    #[on("crm.contact.created", timeout = "30s")]
    pub(super) async fn timeout() {}

    #[on("crm.deal.created", attempts = 5)]
    pub(super) async fn attempts() {}

    #[on("crm.note.created", concurrency = 8)]
    pub(super) async fn concurrency() {}

    #[on("crm.task.created", timeout = "30s", attempts = 5, concurrency = 8, serial_by = "/user_id")]
    pub(super) async fn all() {}

    #[on("crm.task.pulled", serial)]
    pub(super) async fn serial() {}
}

mod transacted {
    use super::{Ledger, Tx};
    use panora_hooks::on;

    pub(super) const ENTERS_IS_AT: u32 = line!() + 1;
    #[on("crm.contact.created")]
    pub(super) async fn enters(_tx: Tx<Ledger>) {}

    /// Only the compiler knows that this is a transaction.
    type Aliased = panora_hooks::Tx;

    #[on("crm.contact.created")]
    pub(super) async fn aliased(_tx: Aliased) {}
}

const EXPORTED_LIST_IS_AT: u32 = line!() + 2;
fn exported(registry: &mut Registry) {
    registry.hooks(hooks![crm::a]);
}

/// Returns the line and the message of a panic.
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

/// Returns the message of a panic, which must be reported at the line of this macro.
macro_rules! panic_here {
    ($panics:expr) => {{
        let (line, message) = panic_of(|| drop($panics));
        assert_eq!(line, line!());
        message
    }};
}

/// A single test, because a panic hook applies to the whole program.
#[test]
fn panics_point_at_the_users_line() {
    let webhooks = Webhooks::new(verifier()).hooks(hooks![crm::a]);
    let message = panic_here!(webhooks.hooks(hooks![crm::b]));
    let defined_at = format!("{}:{}", file!(), crm::A_IS_AT);
    assert_eq!(message, format!("event `crm.contact.created` is already handled by `crm::a` ({defined_at})"));

    let (line, message) = panic_of(|| {
        let webhooks = Webhooks::new(verifier()).hooks(exported);
        drop(webhooks.hooks(exported));
    });
    assert_eq!(line, EXPORTED_LIST_IS_AT);
    assert!(message.starts_with("event `crm.contact.created` is already handled by `crm::a` ("), "{message}");

    let prefixes_are_at = line!() + 4;
    let (line, message) = panic_of(|| {
        drop(Webhooks::new(verifier()).hooks(|registry| {
            hooks![prefix](registry);
            registry.hooks(hooks![prefixes]);
        }));
    });
    assert_eq!(line, prefixes_are_at);
    assert!(message.starts_with("event `crm.*` is already handled by `prefix` ("), "{message}");

    let webhooks = Webhooks::new(verifier()).hooks(hooks![prefix]);
    let message = panic_here!(webhooks.with_state(1));
    assert_eq!(message, "call `.with_state(..)` before `.hooks(..)`");

    let message = panic_here!(Webhooks::new(verifier()).into_router::<()>("webhook"));
    assert_eq!(message, "the path `webhook` does not begin with `/`: write `/webhook`");

    let with_inbox = || Webhooks::new(verifier()).with_inbox(MemoryInbox::new());
    let message = panic_here!(with_inbox().into_parts::<()>("webhook"));
    assert_eq!(message, "the path `webhook` does not begin with `/`: write `/webhook`");
    let message = panic_here!(with_inbox().concurrency(0));
    assert_eq!(message, "`concurrency` is 0: nothing would ever run");
    let message = panic_here!(with_inbox().max_attempts(0));
    assert_eq!(message, "`max_attempts` is 0: nothing would ever run");
    let message = panic_here!(with_inbox().lease_time(Duration::from_millis(999)));
    assert_eq!(message, "a lease of 999ms ends before it can be extended: take a second or more");
    let message = panic_here!(with_inbox().store_timeout(Duration::ZERO));
    assert_eq!(message, "`store_timeout` is zero: no store would answer in time");
    let message = panic_here!(with_inbox().hook_timeout(Duration::ZERO));
    assert_eq!(message, "`hook_timeout` is zero: every hook would be cancelled at once");
    let message = panic_here!(Webhooks::new(verifier()).max_body_bytes(0));
    assert_eq!(message, "`max_body_bytes` is 0: every event would be rejected");
    let message = panic_here!(Webhooks::new(verifier()).read_timeout(Duration::ZERO));
    assert_eq!(message, "`read_timeout` is zero: every body would be rejected");

    let webhooks = || Webhooks::new(verifier()).hooks(hooks![transacted::enters]);
    let expected = format!(
        "the hook `construction::transacted::enters` ({}:{}) takes a `Tx`: \
         call `.with_transactions(pool)` with the pool of its database",
        file!(),
        transacted::ENTERS_IS_AT,
    );
    let runtime = Runtime::new().unwrap();
    let _entered = runtime.enter();
    let listener = || {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        TcpListener::from_std(listener).unwrap()
    };
    assert_eq!(panic_here!(webhooks().into_router::<()>("/webhook")), expected);
    assert_eq!(panic_here!(webhooks().serve("/webhook", listener())), expected);
    let with_inbox = || webhooks().with_inbox(MemoryInbox::new());
    assert_eq!(panic_here!(with_inbox().into_parts::<()>("/webhook")), expected);
    assert_eq!(panic_here!(with_inbox().serve("/webhook", listener())), expected);
    assert_eq!(panic_here!(sample("crm.contact.created").run_on(webhooks())), expected);
    let message = panic_here!(sample("crm.contact.created").run((), hooks![transacted::enters]));
    assert_eq!(
        message,
        "the hook `construction::transacted::enters` takes a `Tx`: \
         use `run_on` with webhooks `.with_transactions(..)`"
    );
    let other =
        Webhooks::new(verifier()).with_transactions(Ledger::default()).hooks(hooks![transacted::aliased]);
    let message = panic_here!(other.into_router::<()>("/webhook"));
    assert!(
        message.contains("`construction::transacted::aliased`")
            && message
                .contains("takes a `Tx` of `panora_hooks::transactions::postgres::PostgresTransactions`")
            && message
                .contains("but `.with_transactions(..)` was called with `construction::ledger::Ledger`"),
        "{message}"
    );
}

#[tokio::test]
async fn transactions_are_given_before_the_hooks_or_after_them() {
    let ledger = Ledger::default();
    let before =
        Webhooks::new(verifier()).with_transactions(ledger.clone()).hooks(hooks![transacted::enters]);
    let after = Webhooks::new(verifier()).hooks(hooks![transacted::enters]).with_transactions(ledger.clone());
    let before_state = Webhooks::new(verifier()).with_transactions(ledger).with_state(1);
    let before_state = before_state.hooks(hooks![transacted::enters]);
    assert!(sample("crm.contact.created").run_on(before).await.is_handled());
    assert!(sample("crm.contact.created").run_on(after).await.is_handled());
    assert!(sample("crm.contact.created").run_on(before_state).await.is_handled());
}

#[test]
fn a_pattern_and_a_more_specific_one_are_not_duplicates() {
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

#[test]
fn debug_shows_the_options_of_hooks() {
    let webhooks = Webhooks::new(verifier()).hooks(hooks![limited::all, limited::serial]);
    let shown = format!("{webhooks:?}");
    assert!(shown.contains("timeout: Some(30s), attempts: Some(5), concurrency: Some(8)"), "{shown}");
    assert!(shown.contains(r#"serial: Some(By("/user_id"))"#), "{shown}");
    assert!(shown.contains("serial: Some(All)"), "{shown}");
}

#[test]
fn there_is_one_warning_for_each_hook_with_options_that_need_an_inbox() {
    let (log, _guard) = Log::of_this_thread();
    let webhooks = || {
        Webhooks::new(verifier()).hooks(hooks![
            crm::a,
            limited::attempts,
            limited::concurrency,
            limited::serial,
            limited::all
        ])
    };
    drop(webhooks().with_inbox(MemoryInbox::new()).into_parts::<()>("/webhook").0);
    drop(Webhooks::new(verifier()).hooks(hooks![limited::timeout]).into_router::<()>("/webhook"));
    let warnings = |log: &Log| -> Vec<_> {
        let log = log.take();
        log.lines().filter(|line| line.contains("WARN")).map(ToOwned::to_owned).collect()
    };
    assert_eq!(warnings(&log), [""; 0]);
    drop(webhooks().into_router::<()>("/webhook"));
    let warnings = warnings(&log);
    let expected = [
        ("attempts", "`attempts`"),
        ("concurrency", "`concurrency`"),
        ("serial", "`serial`"),
        ("all", "`attempts`, `concurrency` and `serial_by`"),
    ];
    assert_eq!(warnings.len(), expected.len(), "{warnings:?}");
    for (line, (hook, options)) in warnings.iter().zip(expected) {
        let message = format!("without an inbox, nothing applies {options} of this hook");
        let place = format!(r#"hook="limited::{hook}" file="tests/construction.rs" line="#);
        assert!(line.contains(&message) && line.contains(&place), "{line}");
    }
}
