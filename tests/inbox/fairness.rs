//! The slots of a worker are divided among its hooks.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use panora_hooks::{
    HookError, Metadata, State, Webhooks, WebhooksWithInbox, hooks,
    inbox::{Inbox, LeaseRequest, NewEvent, QueueGroup},
    on,
};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::{
    events::{contact, event},
    own_store::log_inbox::LogInbox,
    receiver::{App, Next, Receiver},
    stores::{self, Store},
    support::{is_long, verifier},
    virtual_time::{Running, interrupt, memory, run},
};

const SECOND: Duration = Duration::from_secs(1);

#[on("crm.contact.created")]
async fn slow(meta: Metadata, State(app): State<App>) -> Result<(), HookError> {
    app.run(meta).await
}

#[on("crm.deal.created")]
async fn quick(meta: Metadata, State(app): State<App>) -> Result<(), HookError> {
    app.run(meta).await
}

#[on("ticketing.*", concurrency = 2)]
async fn limited(meta: Metadata, State(app): State<App>) -> Result<(), HookError> {
    app.run(meta).await
}

fn webhooks(app: App, inbox: impl Inbox) -> WebhooksWithInbox<App> {
    Webhooks::new(verifier())
        .with_state(app)
        .hooks(hooks![slow, quick, limited])
        .with_inbox(inbox)
        .lease_time(10 * SECOND)
}

fn start(webhooks: WebhooksWithInbox<App>) -> Running {
    Running::start(webhooks.into_parts::<()>("/webhook").1)
}

fn deal(id: &str) -> NewEvent {
    event(id, "crm.deal.created", &format!("[{id:?}]"))
}

fn ticket(number: u32) -> NewEvent {
    event(&format!("ticket {number}"), "ticketing.ticket.created", &format!("[{number}]"))
}

/// A hook that takes two seconds for each event.
async fn two_seconds(_: Metadata) -> Result<(), HookError> {
    sleep(2 * SECOND).await;
    Ok(())
}

/// An application that counts the events that run at once.
#[derive(Clone, Default)]
struct Counted {
    running: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Counted {
    async fn run(self) -> Result<(), HookError> {
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(running, Ordering::SeqCst);
        sleep(SECOND).await;
        self.running.fetch_sub(1, Ordering::SeqCst);
        Ok(())
    }

    fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

/// Stores more events than there are slots: a million in the long form.
async fn flood(inbox: &impl Inbox) {
    for batch in 0..if is_long() { 2000 } else { 10 } {
        let flood = (0..500).map(|number| contact(format!("{batch} {number}")));
        inbox.put(flood.collect()).await.unwrap();
    }
}

fn an_event_of_an_idle_hook_starts(store: &impl Store) {
    let (app, begun) = App::new(async |meta: Metadata| match &*meta.event_type {
        "crm.contact.created" => pending().await,
        _ => Ok(()),
    });
    let inbox = store.inbox();
    let receiver = Receiver::start(webhooks(app, inbox.clone()).concurrency(4));
    receiver.on(flood(&inbox));
    for _ in 0..4 {
        assert_eq!(&*begun.next().event_type, "crm.contact.created");
    }
    receiver.on(inbox.put(vec![deal("one")])).unwrap();
    assert_eq!(begun.next().id, "one");
    receiver.on(inbox.put(vec![deal("two")])).unwrap();
    assert_eq!(begun.next().id, "two");
    drop(receiver);
    assert_eq!(begun.try_iter().count(), 0, "the flood uses more slots than there are");
}

#[test]
fn an_event_of_an_idle_hook_starts_beside_a_flood_in_memory() {
    an_event_of_an_idle_hook_starts(&stores::Memory::new());
}

#[test]
fn an_event_of_an_idle_hook_starts_beside_a_flood_in_sqlite() {
    an_event_of_an_idle_hook_starts(&stores::Sqlite::new());
}

#[test]
fn an_event_of_an_idle_hook_starts_beside_a_flood_in_postgres() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let Some(store) = runtime.block_on(stores::Postgres::new()) else { return };
    an_event_of_an_idle_hook_starts(&store);
}

#[test]
fn an_event_of_an_idle_hook_starts_within_a_second() {
    run(async {
        let inbox = memory();
        inbox.put((0..100).map(contact).collect()).await.unwrap();
        let (app, begun) = App::new(async |_| pending().await);
        let running = start(webhooks(app, inbox.clone()).concurrency(3));
        sleep(5 * SECOND).await;
        assert_eq!(begun.try_iter().count(), 3);
        // Stored by another process, so nothing notifies the worker.
        inbox.put(vec![deal("other")]).await.unwrap();
        sleep(SECOND).await;
        assert_eq!(begun.try_iter().map(|meta| meta.id).collect::<Vec<_>>(), ["other"]);
        inbox.put(vec![deal("second")]).await.unwrap();
        sleep(60 * SECOND).await;
        assert_eq!(begun.try_iter().count(), 0, "only one attempt of a hook exceeds the slots");
        running.stop().await;
    });
}

#[test]
fn a_hook_beside_others_that_hang_runs_its_events_without_a_pause_of_a_second() {
    run(async {
        let inbox = memory();
        inbox.put((0..100).map(contact).collect()).await.unwrap();
        let (app, begun) = App::new(async |meta: Metadata| match &*meta.event_type {
            "crm.contact.created" => pending().await,
            _ => Ok(()),
        });
        let running = start(webhooks(app, inbox.clone()).concurrency(3));
        sleep(5 * SECOND).await;
        inbox.put((0..20).map(|number| deal(&number.to_string())).collect()).await.unwrap();
        sleep(7 * SECOND).await;
        let deals = begun.try_iter().filter(|meta| &*meta.event_type == "crm.deal.created").count();
        assert_eq!(deals, 20);
        running.stop().await;
    });
}

/// Stores more data than one lease may bring, and then a small event of another hook.
async fn large_events_leave_room(inbox: impl Inbox) {
    let data = "x".repeat(12_000_000);
    let large =
        |number| event(&format!("large {number}"), "crm.contact.created", &format!(r#"["{number}{data}"]"#));
    inbox.put((0..4).map(large).collect()).await.unwrap();
    inbox.put(vec![deal("small")]).await.unwrap();
    let group = |queue: &'static str| QueueGroup::new([queue.into()], 10);
    let request = LeaseRequest::new(10, 60 * SECOND);
    let request = request.groups(vec![group("crm.contact.created"), group("crm.deal.created")]);
    let leased = inbox.lease(request).await.unwrap();
    assert!(leased.len() < 5 && leased.iter().any(|leased| leased.id == "small"), "{leased:?}");
}

#[tokio::test]
async fn large_events_of_one_hook_leave_room_in_a_lease_for_another() {
    large_events_leave_room(stores::Memory::new().inbox()).await;
    large_events_leave_room(stores::Sqlite::new().inbox()).await;
    if let Some(store) = stores::Postgres::new().await {
        large_events_leave_room(store.inbox()).await;
    }
}

#[test]
fn every_worker_follows_a_pause_and_its_end_within_two_seconds() {
    run(async {
        let inbox = memory();
        let (app, begun) = App::new(async |_| Ok(()));
        let workers = [start(webhooks(app.clone(), inbox.clone())), start(webhooks(app, inbox.clone()))];
        // Another process pauses, stores and resumes, so nothing notifies the workers.
        inbox.pause("crm.deal.*".to_owned()).await.unwrap();
        sleep(2 * SECOND).await;
        inbox.put((0..8).map(|number| deal(&number.to_string())).collect()).await.unwrap();
        sleep(60 * SECOND).await;
        assert_eq!(begun.try_iter().count(), 0, "a paused event runs");
        assert_eq!(inbox.depth().await.unwrap().paused, 8);
        inbox.resume("crm.deal.*".to_owned()).await.unwrap();
        sleep(2 * SECOND).await;
        assert_eq!(begun.try_iter().count(), 8);
        for worker in workers {
            worker.stop().await;
        }
    });
}

#[test]
fn a_hook_takes_slots_from_one_that_has_many() {
    run(async {
        let inbox = memory();
        inbox.put((0..100).map(contact).collect()).await.unwrap();
        let (app, begun) = App::new(two_seconds);
        let running = start(webhooks(app, inbox.clone()).concurrency(8));
        sleep(SECOND).await;
        inbox.put((0..100).map(|number| deal(&number.to_string())).collect()).await.unwrap();
        sleep(20 * SECOND).await;
        let deals = begun.try_iter().filter(|meta| &*meta.event_type == "crm.deal.created").count();
        // Half of the slots, for almost 20 seconds.
        assert!((35..=45).contains(&deals), "{deals}");
        running.stop().await;
    });
}

#[test]
fn a_hook_runs_no_more_attempts_at_once_than_its_concurrency() {
    run(async {
        let inbox = memory();
        let counted = Counted::default();
        let (tickets, counted_tickets) = (inbox.clone(), counted.clone());
        let (app, begun) = App::new(move |meta: Metadata| {
            let counted = counted_tickets.clone();
            async move { if meta.event_type.starts_with("ticketing.") { counted.run().await } else { Ok(()) } }
        });
        tickets.put((0..20).map(ticket).collect()).await.unwrap();
        let running = start(webhooks(app, inbox.clone()));
        sleep(Duration::from_millis(100)).await;
        inbox.put((0..50).map(|number| deal(&number.to_string())).collect()).await.unwrap();
        sleep(SECOND).await;
        let deals = begun.try_iter().filter(|meta| &*meta.event_type == "crm.deal.created").count();
        assert_eq!(deals, 50, "the limit of one hook holds up another one");
        sleep(9 * SECOND + Duration::from_millis(100)).await;
        assert!(inbox.depth().await.unwrap().is_idle(), "a slot of the hook stays empty");
        assert_eq!(counted.most(), 2);
        running.stop().await;
    });
}

/// Checks that at most two tickets run at once, although the store does not know their limit, and
/// that other events run meanwhile.
async fn limits_are_kept(inbox: impl Inbox + Clone, tickets: Vec<NewEvent>) {
    let counted = Counted::default();
    let counted_tickets = counted.clone();
    let (app, begun) = App::new(move |meta: Metadata| {
        let counted = counted_tickets.clone();
        async move { if meta.event_type.starts_with("ticketing.") { counted.run().await } else { Ok(()) } }
    });
    let all = tickets.len();
    inbox.put(tickets).await.unwrap();
    // More slots than tickets, and leases that end before the last ticket starts.
    let running = start(webhooks(app, inbox.clone()).lease_time(2 * SECOND));
    sleep(Duration::from_millis(100)).await;
    inbox.put(vec![deal("other")]).await.unwrap();
    sleep(SECOND).await;
    let begun_first: Vec<_> = begun.try_iter().map(|meta| meta.id).collect();
    assert!(begun_first.contains(&"other".to_owned()), "{begun_first:?}");
    sleep(30 * SECOND).await;
    assert_eq!(begun_first.len() + begun.try_iter().count(), all + 1, "each event runs once");
    assert!(inbox.depth().await.unwrap().is_idle());
    assert_eq!(counted.most(), 2);
    running.stop().await;
}

#[test]
fn events_that_another_release_has_stored_keep_the_limit_of_their_hook() {
    for queue in ["", "ticketing.comment.*", "crm.deal.created"] {
        run(limits_are_kept(memory(), (0..20).map(|number| ticket(number).in_queue(queue)).collect()));
    }
}

#[test]
fn a_store_without_queues_keeps_the_limit_of_a_hook() {
    run(async {
        let (start, epoch) = (Instant::now(), SystemTime::now());
        let folder = TempDir::new().unwrap();
        let clock = move || epoch + start.elapsed();
        let inbox = LogInbox::open_with_clock(folder.path().join("inbox.log"), clock).unwrap();
        limits_are_kept(inbox, (0..20).map(ticket).collect()).await;
    });
}

#[test]
fn events_that_wait_for_their_hook_are_handed_back_when_the_worker_stops() {
    run(async {
        let inbox = memory();
        inbox.put((0..20).map(|number| ticket(number).in_queue("")).collect()).await.unwrap();
        let (app, begun) = App::new(two_seconds);
        let running = start(webhooks(app, inbox.clone()));
        sleep(SECOND).await;
        running.stop().await;
        assert_eq!(begun.try_iter().count(), 2);
        let depth = inbox.depth().await.unwrap();
        assert_eq!([depth.ready, depth.leased], [18, 0]);
    });
}

/// Hooks of events whose id begins with `id-alone` take 10 seconds, and one hangs.
async fn alone(meta: Metadata) -> Result<(), HookError> {
    if meta.id.starts_with("id-alone") {
        sleep(10 * SECOND).await;
    } else if meta.id == "hangs" {
        pending::<()>().await;
    }
    Ok(())
}

#[test]
fn an_event_that_runs_alone_stops_other_hooks_no_longer_than_its_attempt() {
    run(async {
        let inbox = memory();
        inbox.put(vec![contact("alone")]).await.unwrap();
        interrupt(&inbox, 7).await;
        inbox.put(vec![deal("hangs")]).await.unwrap();
        let (app, begun) = App::new(alone);
        let ids = || begun.try_iter().map(|meta| meta.id).collect::<Vec<_>>();
        let running = start(webhooks(app, inbox.clone()));
        sleep(2 * SECOND).await;
        assert_eq!(ids(), ["hangs", "id-alone"], "a hook that hangs keeps the event from running");
        inbox.put(vec![ticket(1)]).await.unwrap();
        sleep(8 * SECOND).await;
        assert_eq!(ids(), [""; 0], "another hook starts beside it");
        sleep(2 * SECOND).await;
        assert_eq!(ids(), ["ticket 1"]);
        running.stop().await;
    });
}

#[test]
fn other_hooks_start_between_two_events_that_run_alone() {
    run(async {
        let inbox = memory();
        inbox.put((0..3).map(|number| contact(format!("alone {number}"))).collect()).await.unwrap();
        interrupt(&inbox, 7).await;
        let (app, begun) = App::new(alone);
        let running = start(webhooks(app, inbox.clone()));
        for number in 0..3 {
            sleep(2 * SECOND).await;
            inbox.put(vec![ticket(number)]).await.unwrap();
            sleep(10 * SECOND).await;
        }
        let is_alone: Vec<_> = begun.try_iter().map(|meta| meta.id.starts_with("id-alone")).collect();
        assert_eq!(is_alone, [true, false, true, false, true, false]);
        running.stop().await;
    });
}
