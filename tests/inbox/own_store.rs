//! A store written against the public API alone passes the contract, and a receiver runs on it.

pub mod log_inbox;

use std::time::Duration;

use panora_hooks::{
    inbox::{
        Capabilities, Capability, Decision, EventKey, EventState, Filter, Fingerprint, Inbox, LeaseRequest,
        Query, Settlement,
    },
    testing::inbox_contract::{self, Harness, Restart, Rule, Verdict},
};
use tempfile::TempDir;

use self::log_inbox::LogInbox;
use crate::{
    events::{contact, is_duplicate, is_stored},
    receiver::{App, Next, Receiver, webhooks},
    stores::Jumps,
    support::{self, staged::Staged},
};

struct Log {
    folder: TempDir,
    clock: Jumps,
    inbox: Option<LogInbox>,
}

impl Log {
    fn new() -> Self {
        let mut log = Self { folder: TempDir::new().unwrap(), clock: Jumps::default(), inbox: None };
        log.open();
        log
    }

    fn open(&mut self) {
        let clock = self.clock.clone();
        let path = self.folder.path().join("inbox.log");
        self.inbox = Some(LogInbox::open_with_clock(path, move || clock.now()).unwrap());
    }

    fn jump(&self, micros: u128, sign: i64) -> bool {
        self.clock.jump(i64::try_from(micros).unwrap() * sign);
        true
    }
}

impl Harness for Log {
    type Inbox = LogInbox;

    fn inbox(&self) -> LogInbox {
        self.inbox.clone().unwrap()
    }

    async fn advance(&self, by: Duration) -> bool {
        self.jump(by.as_micros(), 1)
    }

    async fn set_back(&self, by: Duration) -> bool {
        self.jump(by.as_micros(), -1)
    }

    async fn restart(&mut self) -> Restart {
        self.inbox = None;
        self.open();
        Restart::LeasesFreed
    }
}

inbox_contract::tests! {
    #[tokio::test]
    let harness = Log::new();
}

#[tokio::test]
async fn only_rules_of_missing_parts_are_skipped() {
    let log = Log::new();
    assert_eq!(log.inbox().capabilities(), Capabilities::CORE.with(Capability::Discard));
    let mut skipped = Vec::new();
    // Large events take seconds in an unoptimised build, and need no optional part.
    for rule in Rule::ALL.iter().filter(|rule| **rule != Rule::LargeEvents) {
        match rule.check(Log::new()).await.unwrap() {
            Verdict::Kept => {}
            Verdict::Skipped(reason) => {
                assert!(reason.contains("does not claim"), "{rule}: {reason}");
                skipped.push(*rule);
            }
            verdict => panic!("{verdict:?}"),
        }
    }
    let of_retention = [
        Rule::Forget,
        Rule::ForgetBound,
        Rule::ForgottenOriginal,
        Rule::Expedite,
        Rule::ExpediteAsked,
        Rule::NextDue,
        Rule::ClaimedDeath,
        Rule::LastDeath,
    ];
    let of_attempts = [
        Rule::FailedAttempt,
        Rule::AttemptsApart,
        Rule::InterruptedAttempt,
        Rule::StaleReport,
        Rule::KeptAttempts,
        Rule::Runs,
        Rule::DroppedAttempts,
    ];
    let of_operators = [
        Rule::ErrorGroups,
        Rule::Figures,
        Rule::OldFigures,
        Rule::StatisticsStep,
        Rule::Audit,
        Rule::OldActions,
    ];
    let of_queues = [
        Rule::GroupLimits,
        Rule::FairLease,
        Rule::IdleGroup,
        Rule::KeptQueue,
        Rule::Paused,
        Rule::PausedPattern,
    ];
    let of_lanes = [
        Rule::LaneOrder,
        Rule::LaneSuccessor,
        Rule::LaneRetry,
        Rule::LanesApart,
        Rule::ConcurrentLanes,
        Rule::OperatedLanes,
        Rule::LaneReplay,
        Rule::LaneReplayDelayed,
        Rule::LaneDiscard,
        Rule::Waiting,
        Rule::KeptLane,
        Rule::LaneFilter,
        Rule::PausedLane,
        Rule::RestartedLanes,
    ];
    assert_eq!(skipped, [&of_retention[..], &of_attempts, &of_operators, &of_queues, &of_lanes].concat());
}

#[test]
fn a_rule_is_skipped_without_the_clock_or_restart_that_it_needs() {
    struct Bare(Log);

    impl Harness for Bare {
        type Inbox = LogInbox;

        fn inbox(&self) -> LogInbox {
            self.0.inbox()
        }
    }

    // Without a runtime, which the rules do not need.
    let check = |rule: Rule| {
        let check = rule.check(Bare(Log::new()));
        futures_util::FutureExt::now_or_never(check).expect("this store never waits").unwrap()
    };
    assert_eq!(check(Rule::Stored), Verdict::Kept);
    let Verdict::Skipped(reason) = check(Rule::ExclusiveLease) else { panic!() };
    assert!(reason.contains("clock"), "{reason}");
    let Verdict::Skipped(reason) = check(Rule::Restart) else { panic!() };
    assert!(reason.contains("restart"), "{reason}");
}

#[test]
fn a_receiver_runs_on_a_store_with_other_keys() {
    let (app, begun) = App::happy();
    let log = Log::new();
    let (inbox, settled) = Staged::new(log.inbox());
    let receiver = Receiver::start(webhooks(app, inbox.clone()));
    assert_eq!(receiver.deliver(&support::contact()), 200);
    assert_eq!(begun.next().attempt, 1);
    assert_eq!(settled.next().0, Decision::Complete);
    let done = Query::new(Filter::new().state(EventState::Done));
    let items = receiver.on(inbox.list(done)).unwrap().items;
    assert_eq!(items.len(), 1);
    // The upper 48 bits hold the time in milliseconds, as in a ULID, so the key does not fit a
    // 64-bit column.
    assert!(items[0].key > EventKey::new(u128::from(u64::MAX)), "{}", items[0].key);
    assert_eq!(items[0].key.to_string().parse(), Ok(items[0].key));
}

#[tokio::test]
async fn a_count_goes_through_all_pages_of_the_list() {
    let inbox = Log::new().inbox();
    let batch: Vec<_> = (0..2500).map(|number| contact(number.to_string())).collect();
    inbox.put(batch).await.unwrap();
    let count = inbox.count(Filter::new()).await.unwrap();
    assert_eq!((count.number(), count.is_exact()), (2500, true));
}

/// The rule about groups of errors, which would find this filter broken, is skipped.
#[tokio::test]
async fn dead_events_are_listed_by_their_error() {
    let inbox = Log::new().inbox();
    let mut keys = Vec::new();
    for reason in ["customer 17 is missing", "customer 4 is locked", "customer 4711 is missing"] {
        keys.push(inbox.put(vec![contact(reason)]).await.unwrap()[0].key());
        let leased = inbox.lease(LeaseRequest::new(1, Duration::from_secs(60))).await.unwrap();
        let bury = Settlement::new(leased[0].token, Decision::Bury(reason.to_owned()));
        inbox.settle(vec![bury]).await.unwrap();
    }
    inbox.put(vec![contact("customer 8 is missing")]).await.unwrap();
    let missing = Filter::new().error_group(Fingerprint::of("customer 1 is missing"));
    let items = inbox.list(Query::new(missing)).await.unwrap().items;
    assert_eq!(items.iter().map(|info| info.key).collect::<Vec<_>>(), [keys[0], keys[2]]);
}

#[tokio::test]
async fn a_line_that_a_crash_cut_off_is_dropped() {
    use std::io::Write;

    let mut log = Log::new();
    let first = log.inbox().put(vec![contact("ada")]).await.unwrap()[0];
    log.inbox = None;
    let path = log.folder.path().join("inbox.log");
    let mut file = std::fs::OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(br#"{"Event":{"key":"17","#).unwrap();
    log.open();
    let second = log.inbox().put(vec![contact("grace")]).await.unwrap()[0];
    assert!(is_stored(first) && is_stored(second));
    log.restart().await;
    let again = log.inbox().put(vec![contact("ada"), contact("grace")]).await.unwrap();
    assert!(again.iter().copied().all(is_duplicate), "{again:?}");
    let items = log.inbox().list(Query::default()).await.unwrap().items;
    assert_eq!(items.iter().map(|info| info.key).collect::<Vec<_>>(), [first.key(), second.key()]);
}

#[test]
#[should_panic(expected = "the inbox cannot remember announcements: it lacks `Capability::Announce`")]
fn dead_events_of_a_store_that_cannot_remember_announcements_are_not_announced() {
    let webhooks = panora_hooks::Webhooks::new(crate::support::verifier()).with_inbox(Log::new().inbox());
    drop(webhooks.on_dead(async |_| {}));
}
