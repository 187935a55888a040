//! Events of a lane run one at a time, in virtual time.

use std::{
    sync::mpsc,
    time::{Duration, SystemTime},
};

use panora_hooks::{
    HookError, Metadata, RawData, State, Webhooks, WebhooksWithInbox, hooks,
    inbox::{EventInfo, EventState, Filter, Inbox, MemoryInbox, Query},
    on,
};
use tempfile::TempDir;
use tokio::{
    sync::oneshot,
    time::{Instant, sleep},
};

use crate::{
    own_store::log_inbox::LogInbox,
    support::{
        Delivery,
        log::Log,
        staged::{Fault, Staged},
        verifier,
    },
    virtual_time::{Receiver, Running, memory, next, none, only, run},
};

/// An attempt that runs until the test ends it.
struct Attempt {
    /// The number of the event.
    event: u64,
    number: u32,
    end: oneshot::Sender<Result<(), HookError>>,
}

impl Attempt {
    fn succeed(self) {
        succeed([self]);
    }

    fn fail(self) {
        self.end.send(Err("the database is unreachable".into())).unwrap();
    }

    fn fail_permanently(self) {
        self.end.send(Err(HookError::permanent("the ticket does not exist"))).unwrap();
    }
}

fn succeed<const N: usize>(attempts: [Attempt; N]) {
    for attempt in attempts {
        attempt.end.send(Ok(())).unwrap();
    }
}

#[derive(Clone)]
struct App(mpsc::Sender<Attempt>);

impl App {
    async fn run(self, RawData(data): RawData, meta: Metadata) -> Result<(), HookError> {
        let (_, event) = data.split_once("event").unwrap();
        let event = event.chars().filter(char::is_ascii_digit).collect::<String>().parse()?;
        let (end, ended) = oneshot::channel();
        self.0.send(Attempt { event, number: meta.attempt, end })?;
        ended.await?
    }
}

#[on("ticketing.comment.created", serial_by = "/ticket_id")]
async fn by_ticket(data: RawData, meta: Metadata, State(app): State<App>) -> Result<(), HookError> {
    app.run(data, meta).await
}

#[on("ticketing.ticket.created", "ticketing.ticket.pulled", serial)]
async fn serial(data: RawData, meta: Metadata, State(app): State<App>) -> Result<(), HookError> {
    app.run(data, meta).await
}

#[on("crm.contact.pulled", serial_by = "/0/id_connection")]
async fn by_connection(data: RawData, meta: Metadata, State(app): State<App>) -> Result<(), HookError> {
    app.run(data, meta).await
}

#[on("crm.contact.created")]
async fn in_any_order(data: RawData, meta: Metadata, State(app): State<App>) -> Result<(), HookError> {
    app.run(data, meta).await
}

/// Waits for the attempts of events 1 to 8, which are in one lane, and ends each after the worker
/// has been idle. Checks that the next one begins in less than `limit`. A poll happens every
/// second.
async fn run_lane(begun: &mpsc::Receiver<Attempt>, end: impl Fn(Attempt), limit: Duration) {
    let mut attempt = next(begun).await;
    for event in 2..=8 {
        sleep(Duration::from_millis(1350)).await;
        let ended_at = Instant::now();
        end(attempt);
        attempt = next(begun).await;
        assert_eq!(attempt.event, event);
        assert!(ended_at.elapsed() < limit, "event {event} began after {:?}", ended_at.elapsed());
    }
    end(attempt);
}

/// Two receivers on one store.
struct Receivers {
    inbox: MemoryInbox,
    first: Receiver,
    second: Running,
    begun: mpsc::Receiver<Attempt>,
}

fn webhooks(app: App, inbox: impl Inbox) -> WebhooksWithInbox<App> {
    Webhooks::new(verifier())
        .with_state(app)
        .hooks(hooks![by_ticket, serial, by_connection, in_any_order])
        .with_inbox(inbox)
        .hook_timeout(Duration::from_secs(365 * 24 * 3600))
        .max_attempts(3)
}

impl Receivers {
    fn start() -> Self {
        let (app, begun) = mpsc::channel();
        let inbox = memory();
        let webhooks = || webhooks(App(app.clone()), inbox.clone());
        let second = Running::start(webhooks().into_parts::<()>("/webhook").1);
        Self { first: Receiver::start(webhooks()), inbox, second, begun }
    }

    /// Delivers an event whose payload has its number at the end.
    async fn deliver(&self, event_type: &str, payload: &str) {
        assert_eq!(self.first.deliver(&Delivery::encoded(event_type, payload)).await, 200);
    }

    async fn comment(&self, event: u64, ticket: &str) {
        let payload = format!(r#"{{"ticket_id":{ticket},"event":{event}}}"#);
        self.deliver("ticketing.comment.created", &payload).await;
    }

    async fn next(&self) -> Attempt {
        next(&self.begun).await
    }

    /// Waits for the first attempts of these events, which begin in any order, and checks that no
    /// other event begins.
    async fn only<const N: usize>(&self, events: [u64; N]) -> [Attempt; N] {
        let mut attempts = Vec::new();
        for _ in 0..N {
            attempts.push(self.next().await);
        }
        none(&self.begun).await;
        attempts.sort_by_key(|attempt| attempt.event);
        let begun: Vec<_> = attempts.iter().map(|attempt| attempt.event).collect();
        assert_eq!(begun, events);
        attempts.try_into().unwrap_or_else(|_| unreachable!())
    }

    async fn stop(self) {
        self.first.stop().await;
        self.second.stop().await;
    }
}

async fn waiting(inbox: &MemoryInbox) -> Vec<EventInfo> {
    inbox.list(Query::new(Filter::new().state(EventState::Waiting))).await.unwrap().items
}

#[test]
fn events_of_a_lane_run_one_at_a_time_in_the_order_of_arrival() {
    run(async {
        let receivers = Receivers::start();
        for (event, ticket) in [(1, r#""7""#), (2, r#""7""#), (3, r#""8""#), (4, r#""7""#), (5, r#""8""#)] {
            receivers.comment(event, ticket).await;
        }
        let [one, three] = receivers.only([1, 3]).await;
        one.succeed();
        let [two] = receivers.only([2]).await;
        three.succeed();
        let [five] = receivers.only([5]).await;
        two.succeed();
        let [four] = receivers.only([4]).await;
        four.succeed();
        five.succeed();
        receivers.comment(6, r#""7""#).await;
        succeed(receivers.only([6]).await);
        receivers.stop().await;
    });
}

#[test]
fn a_failing_head_blocks_its_lane_until_it_succeeds() {
    run(async {
        let receivers = Receivers::start();
        for (event, ticket) in [(1, "7"), (2, "7"), (3, "8")] {
            receivers.comment(event, ticket).await;
        }
        let [one, three] = receivers.only([1, 3]).await;
        one.fail();
        let again = receivers.next().await;
        assert_eq!((again.event, again.number), (1, 2));
        assert_eq!(waiting(&receivers.inbox).await.len(), 1);
        again.succeed();
        succeed(receivers.only([2]).await);
        three.succeed();
        receivers.stop().await;
    });
}

#[test]
fn a_dead_head_does_not_block_its_lane() {
    run(async {
        let receivers = Receivers::start();
        receivers.comment(1, "7").await;
        receivers.comment(2, "7").await;
        for number in 1..=3 {
            let attempt = receivers.next().await;
            assert_eq!((attempt.event, attempt.number), (1, number));
            attempt.fail();
        }
        succeed(receivers.only([2]).await);
        only(&receivers.inbox, EventState::Dead).await;
        receivers.stop().await;
    });
}

#[test]
fn the_successor_of_a_head_begins_at_once() {
    run(async {
        for end in [Attempt::succeed, Attempt::fail_permanently] {
            for has_others in [false, true] {
                let receivers = Receivers::start();
                let mut others = Vec::new();
                if has_others {
                    receivers.comment(9, "8").await;
                    receivers.deliver("crm.contact.created", r#"{"event":10}"#).await;
                    others = receivers.only([9, 10]).await.into();
                }
                for event in 1..=8 {
                    receivers.comment(event, "7").await;
                }
                run_lane(&receivers.begun, end, Duration::from_millis(100)).await;
                others.into_iter().for_each(Attempt::succeed);
                receivers.stop().await;
            }
        }
    });
}

#[test]
fn the_successor_begins_at_once_if_the_answer_to_the_settlement_was_lost() {
    run(async {
        let (inbox, _settled) = Staged::new(memory());
        let mut settlements = 0;
        inbox.on_settle(move || {
            settlements += 1;
            (settlements % 2 == 1).then_some(Fault::AnswerLost)
        });
        let (app, begun) = mpsc::channel();
        let receiver = Receiver::start(webhooks(App(app), inbox));
        for event in 1..=8 {
            let payload = format!(r#"{{"ticket_id":7,"event":{event}}}"#);
            assert_eq!(
                receiver.deliver(&Delivery::encoded("ticketing.comment.created", &payload)).await,
                200
            );
        }
        // The worker asks again after 250 ms.
        run_lane(&begun, Attempt::succeed, Duration::from_millis(350)).await;
        receiver.stop().await;
    });
}

#[test]
fn the_event_types_of_a_serial_hook_share_a_lane() {
    run(async {
        let receivers = Receivers::start();
        receivers.deliver("ticketing.ticket.push", r#"{"event":1}"#).await;
        receivers.deliver("ticketing.ticket.pulled", r#"[{"event":2}]"#).await;
        receivers.deliver("ticketing.ticket.created", r#"{"event":3}"#).await;
        receivers.deliver("crm.contact.created", r#"{"event":4}"#).await;
        let [one, four] = receivers.only([1, 4]).await;
        one.succeed();
        succeed(receivers.only([2]).await);
        succeed(receivers.only([3]).await);
        four.succeed();
        receivers.stop().await;
    });
}

#[test]
fn values_without_a_lane_and_different_values_run_at_the_same_time() {
    run(async {
        let receivers = Receivers::start();
        let values = ["null", "null", "{}", "{}", "[7]", "[7]", "7", r#""7""#, "true", r#""true""#, "8"];
        for (event, value) in (1..).zip(values) {
            receivers.comment(event, value).await;
        }
        for event in [12, 13] {
            let payload = format!(r#"{{"event":{event}}}"#);
            receivers.deliver("ticketing.comment.created", &payload).await;
        }
        let attempts = receivers.only([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]).await;
        succeed(attempts);
        receivers.stop().await;
    });
}

#[test]
fn spellings_of_one_value_share_a_lane() {
    run(async {
        let receivers = Receivers::start();
        for (event, value) in [(1, "7"), (2, "7.0"), (3, r#""é""#), (4, r#""\u00e9""#)] {
            receivers.comment(event, value).await;
        }
        let payload = r#"{"ticket_id":70e-1,"event":5}"#;
        assert_eq!(receivers.first.deliver(&Delivery::new("ticketing.comment.created", payload)).await, 200);
        let [one, three] = receivers.only([1, 3]).await;
        one.succeed();
        succeed(receivers.only([2]).await);
        succeed(receivers.only([5]).await);
        three.succeed();
        succeed(receivers.only([4]).await);
        receivers.stop().await;
    });
}

#[test]
fn a_list_has_the_lane_of_its_element() {
    run(async {
        let receivers = Receivers::start();
        let rows = |connection: &str, event| {
            format!(r#"[{{"id_connection":"{connection}"}},{{"id_connection":"a"}},{{"event":{event}}}]"#)
        };
        for (event, connection) in [(1, "a"), (2, "a"), (3, "b")] {
            receivers.deliver("crm.contact.pulled", &rows(connection, event)).await;
        }
        let [one, three] = receivers.only([1, 3]).await;
        one.succeed();
        succeed(receivers.only([2]).await);
        three.succeed();
        receivers.stop().await;
    });
}

#[test]
fn lanes_are_listed_with_their_heads() {
    run(async {
        let receivers = Receivers::start();
        receivers.comment(1, "7").await;
        receivers.comment(2, "7").await;
        receivers.deliver("crm.contact.created", r#"{"event":3}"#).await;
        let attempts = receivers.only([1, 3]).await;
        let [follower] = <[_; 1]>::try_from(waiting(&receivers.inbox).await).unwrap();
        assert!(follower.lane.is_some() && !follower.is_head());
        let filter = Filter::new().lane(follower.lane.unwrap());
        let events = receivers.inbox.list(Query::new(filter)).await.unwrap().items;
        let heads: Vec<_> = events.iter().map(|event| (event.state, event.is_head())).collect();
        assert_eq!(heads, [(EventState::Leased, true), (EventState::Waiting, false)]);
        succeed(attempts);
        succeed(receivers.only([2]).await);
        receivers.stop().await;
    });
}

#[test]
fn a_store_without_lanes_causes_one_warning_for_each_hook_that_needs_them() {
    let (log, _guard) = Log::of_this_thread();
    let app = App(mpsc::channel().0);
    drop(webhooks(app.clone(), MemoryInbox::new()).into_parts::<()>("/webhook"));
    assert!(!log.take().contains("WARN"));
    let folder = TempDir::new().unwrap();
    let inbox = LogInbox::open_with_clock(folder.path().join("inbox.log"), SystemTime::now).unwrap();
    drop(webhooks(app, inbox).into_parts::<()>("/webhook"));
    let log = log.take();
    let warnings: Vec<_> = log.lines().filter(|line| line.contains("WARN")).collect();
    let expected = [("by_ticket", "serial_by"), ("serial", "serial"), ("by_connection", "serial_by")];
    assert_eq!(warnings.len(), expected.len(), "{warnings:?}");
    for (line, (hook, option)) in warnings.iter().zip(expected) {
        let message = format!("`{option}` of this hook has no effect, and its events run in any order");
        assert!(line.contains(&message) && line.contains(&format!(r#"hook="lanes::{hook}""#)), "{line}");
    }
}
