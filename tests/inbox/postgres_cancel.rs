//! Dropped futures: a cancelled operation does not harm a later one.

use std::{
    future::{pending, poll_fn},
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::Poll,
    time::{Duration, Instant, SystemTime},
};

use axum::{Router, body::Body, http::Request};
use panora_hooks::inbox::{
    AttemptOutcome, AttemptReport, AuditRecord, Decision, EventKey, EventState, Figures, Filter, Inbox,
    LeaseRequest, Query, Select, Settlement, readiness,
};
use sqlx::postgres::PgPoolOptions;
use tower::ServiceExt;

use crate::{
    events::contact,
    postgres_proxy::delayed,
    receiver::{App, webhooks},
    stores::{Memory, Postgres, Sqlite, Store, connect_options},
    support::{is_long, verifier},
};

/// The most polls before a future is dropped.
const MAX_POLLS: usize = 12;

/// The longest wait for a future, because some are never woken.
const LONGEST: Duration = Duration::from_millis(30);

type Boxed<'f> = Pin<Box<dyn Future<Output = ()> + Send + 'f>>;

/// The name of an operation, and a function that starts it.
type Operation<'v> = (&'static str, Box<dyn Fn() -> Boxed<'v> + 'v>);

/// Polls a future a number of times, and then drops it.
async fn cut_off<T>(future: impl Future<Output = T>, polls: usize) {
    let mut future = Box::pin(future);
    let mut left = polls;
    let cut = poll_fn(|context| {
        left -= 1;
        let is_over = future.as_mut().poll(context).is_ready() || left == 0;
        if is_over { Poll::Ready(()) } else { Poll::Pending }
    });
    drop(tokio::time::timeout(LONGEST, cut).await);
}

/// Creates a delivery with a number, and returns the id of its event.
fn delivery(number: u64) -> (String, Request<Body>) {
    let id = format!("event-{number}");
    let data = serde_json::to_string(&format!(r#"{{"number":{number}}}"#)).unwrap();
    let body = format!(r#"{{"id_event":"{id}","data":{data},"type":"crm.contact.created"}}"#);
    let request = Request::post("/webhook").header("Panora-Signature", verifier().sign(&data));
    (id, request.body(Body::from(body)).unwrap())
}

/// A receiver on an inbox whose operations are cancelled.
struct Victim<I> {
    inbox: I,
    router: Router,
    /// The keys of the events stored so far.
    keys: Mutex<Vec<EventKey>>,
    numbers: AtomicU64,
}

impl<I: Inbox + Clone> Victim<I> {
    fn new(inbox: I) -> Self {
        let (app, _) = App::happy();
        let (router, worker) = webhooks(app, inbox.clone()).into_parts("/webhook");
        drop(worker);
        let router = router.route("/ready", readiness(inbox.clone(), Duration::from_secs(3600)));
        Self { inbox, router, keys: Mutex::default(), numbers: AtomicU64::new(0) }
    }

    fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::SeqCst)
    }

    fn key(&self) -> EventKey {
        let keys = self.keys.lock().unwrap();
        fastrand::choice(&*keys).copied().unwrap_or(EventKey::new(1))
    }

    /// Returns every public future of an inbox and of the layers above it.
    fn operations<'v>(&'v self) -> Vec<Operation<'v>> {
        let inbox = &self.inbox;
        let lease = || LeaseRequest::new(3, Duration::from_secs(1));
        macro_rules! operations {
            ($($name:ident: $operation:expr,)*) => {
                vec![$((stringify!($name), Box::new(move || -> Boxed<'v> {
                    let operation = $operation;
                    Box::pin(async move { let _ = operation.await; })
                })),)*]
            };
        }
        operations! {
            put: inbox.put(vec![contact(format!("put {}", self.number()))]),
            probe: inbox.put(Vec::new()),
            replayed: inbox.put(vec![crate::events::event(
                &format!("replay {}", self.number()), "crm.contact.created", contact("ada").data(),
            )]),
            lease: inbox.lease(lease()),
            settle: async move {
                let Ok(leased) = inbox.lease(lease()).await else { return };
                let settlements = leased.iter().map(|leased| {
                    let bury = Decision::Bury("it is cut off".to_owned());
                    let report = AttemptReport::new(AttemptOutcome::Failed, "worker".into());
                    Settlement::new(leased.token, bury).attempt(report)
                });
                drop(inbox.settle(settlements.collect()).await);
            },
            list: inbox.list(Query::new(Filter::new().state(EventState::Ready))),
            newest: inbox.list(Query::new(Filter::new().received_from(SystemTime::now())).newest_first()),
            count: inbox.count(Filter::new().id("id-ada")),
            get: inbox.get(self.key()),
            attempts: inbox.attempts(self.key()),
            error_groups: inbox.error_groups(10),
            add_figures: inbox.add_figures(vec![("crm.contact.created".to_owned(), Figures::default())]),
            statistics: inbox.statistics(SystemTime::UNIX_EPOCH..SystemTime::now(), Duration::from_secs(60)),
            prune_figures: inbox.prune_figures(Duration::ZERO, Duration::ZERO, 50),
            add_audit: inbox.add_audit(AuditRecord::new(None, "drop", "all", 1)),
            audit: inbox.audit(None, 10),
            replay: inbox.replay(Select::All(Filter::new()), 50),
            depth: inbox.depth(),
            prune: inbox.prune(Duration::ZERO, 50),
            discard: inbox.discard(Select::Keys(vec![self.key()]), 50),
            forget: inbox.forget(Duration::ZERO, 50),
            expedite: inbox.expedite(Duration::from_secs(3600), 50),
            claim_dead: inbox.claim_dead(50, Duration::from_secs(60)),
            next_due: inbox.next_due(),
            arrived: inbox.arrived(),
            readiness: self.router.clone().oneshot(Request::get("/ready").body(Body::empty()).unwrap()),
            router: self.router.clone().oneshot(delivery(self.number()).1),
            worker: async move {
                let (app, _begun) = App::happy();
                let (_, worker) = webhooks(app, self.inbox.clone()).into_parts::<()>("/webhook");
                worker.run_until(pending()).await;
            },
        }
    }

    /// Delivers an event, which must be acknowledged and stored.
    async fn deliver(&self, is_there: &impl AsyncFn(&str) -> bool, after: &str) {
        let (id, request) = delivery(self.number());
        let status = self.router.clone().oneshot(request).await.unwrap().status();
        assert_eq!(status, 200, "{id} after {after} was cut off");
        assert!(is_there(&id).await, "{id} was acknowledged after {after} was cut off, and is not stored");
    }

    /// Cancels each operation `times` times, and delivers events after each.
    async fn run(&self, times: usize, is_there: impl AsyncFn(&str) -> bool, is_quiet: impl AsyncFn()) {
        self.inbox.put(vec![contact("ada")]).await.unwrap();
        for (name, operation) in self.operations() {
            for _ in 0..times {
                cut_off(operation(), fastrand::usize(1..=MAX_POLLS)).await;
            }
            let first = self.inbox.put(vec![contact(format!("key {}", self.number()))]).await.unwrap();
            self.keys.lock().unwrap().push(first[0].key());
            for _ in 0..2 {
                self.deliver(&is_there, name).await;
            }
            let deliver = (0..4).map(|_| self.deliver(&is_there, name));
            futures_util::future::join_all(deliver).await;
            is_quiet().await;
        }
    }
}

fn times() -> usize {
    if is_long() { 300 } else { 20 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_futures_do_no_harm_in_memory() {
    let victim = Victim::new(Memory::new().inbox());
    let inbox = victim.inbox.clone();
    victim.run(times(), async |id| contains(&inbox, id).await, async || {}).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_futures_do_no_harm_on_sqlite() {
    let store = Sqlite::new();
    let victim = Victim::new(store.inbox());
    let path = store.path();
    let is_there = async |id: &str| {
        let connection = rusqlite::Connection::open(&path).unwrap();
        let count = "SELECT count(*) FROM event WHERE id_event = ?1";
        connection.query_row(count, [id], |row| row.get::<_, i64>(0)).unwrap() == 1
    };
    victim.run(times(), is_there, async || {}).await;
}

async fn contains(inbox: &impl Inbox, id: &str) -> bool {
    let all = inbox.list(Query::default().limit(u32::MAX)).await.unwrap().items;
    all.iter().any(|info| info.id == id)
}

async fn is_stored(store: &Postgres, id: &str) -> bool {
    store.number(&format!("SELECT count(*) FROM @event WHERE id_event = '{id}'::bytea")).await == 1
}

/// Waits until no session of the inbox is left in a transaction.
async fn no_open_transaction(store: &Postgres) {
    let open = format!(
        "SELECT count(*) FROM pg_stat_activity
         WHERE application_name = '{}' AND state LIKE 'idle in transaction%'",
        store.schema,
    );
    let deadline = Instant::now() + Duration::from_secs(10);
    while store.number(&open).await > 0 {
        assert!(Instant::now() < deadline, "a session was left in a transaction");
        tokio::task::yield_now().await;
    }
}

async fn run_on_postgres(store: Postgres, times: usize) {
    let victim = Victim::new(store.inbox());
    victim
        .run(times, async |id| is_stored(&store, id).await, async || no_open_transaction(&store).await)
        .await;
}

macro_rules! with_pools_of {
    ($($name:ident: $connections:literal,)*) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let Some(store) = Postgres::with($connections, |options| options).await else { return };
            run_on_postgres(store, times()).await;
        })*
    };
}

with_pools_of! {
    dropped_futures_do_no_harm_with_a_pool_of_1: 1,
    dropped_futures_do_no_harm_with_a_pool_of_2: 2,
    dropped_futures_do_no_harm_with_a_pool_of_5: 5,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_futures_do_no_harm_over_a_slow_network() {
    let Some(options) = connect_options() else { return };
    let slow = delayed(options, Duration::from_millis(1)).await;
    for connections in if is_long() { vec![1, 2, 5] } else { vec![2] } {
        let through =
            |options: sqlx::postgres::PgConnectOptions| options.host(slow.get_host()).port(slow.get_port());
        let store = Postgres::with(connections, through).await.unwrap();
        run_on_postgres(store, times()).await;
    }
}

/// Clients disconnect, pages are closed, and the application cancels its own transactions on the
/// pool that it shares with the inbox.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_among_cancelled_operations() {
    let Some(options) = connect_options() else { return };
    let Some(store) = Postgres::with(1, |options| options).await else { return };
    let shared =
        PgPoolOptions::new().max_connections(5).connect_lazy_with(options.application_name(&store.schema));
    let inbox = panora_hooks::inbox::PostgresInbox::open_schema(shared.clone(), &store.schema).await.unwrap();
    let victim = Arc::new(Victim::new(inbox));
    let is_over = Arc::new(AtomicBool::new(false));
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..if is_long() { 64 } else { 8 } {
        let (victim, is_over, acknowledged) = (victim.clone(), is_over.clone(), acknowledged.clone());
        tasks.spawn(async move {
            while !is_over.load(Ordering::SeqCst) {
                let (id, request) = delivery(victim.number());
                let status = victim.router.clone().oneshot(request).await.unwrap().status();
                assert_eq!(status, 200, "{id} was refused");
                acknowledged.lock().unwrap().push(id);
            }
        });
    }
    for _ in 0..4 {
        let (victim, is_over, shared) = (victim.clone(), is_over.clone(), shared.clone());
        tasks.spawn(async move {
            while !is_over.load(Ordering::SeqCst) {
                let polls = fastrand::usize(1..=MAX_POLLS);
                match fastrand::u8(..5) {
                    0 => cut_off(victim.router.clone().oneshot(delivery(victim.number()).1), polls).await,
                    1 => cut_off(victim.inbox.get(EventKey::new(1)), polls).await,
                    2 => cut_off(victim.inbox.replay(Select::Keys(vec![EventKey::new(1)]), 1), polls).await,
                    3 => cut_off(victim.inbox.discard(Select::Keys(vec![EventKey::new(1)]), 1), polls).await,
                    _ => cut_off(shared.begin(), polls).await,
                }
            }
        });
    }
    let time = Duration::from_secs(if is_long() { 60 } else { 2 });
    tokio::time::sleep(time).await;
    is_over.store(true, Ordering::SeqCst);
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
    drop(victim);
    let acknowledged = std::mem::take(&mut *acknowledged.lock().unwrap());
    shared.close().await;
    let ids: Vec<_> = acknowledged.iter().map(|id| id.as_bytes().to_vec()).collect();
    let find = format!("SELECT count(*) FROM {}.event WHERE id_event = ANY($1)", store.schema);
    let stored: i64 =
        sqlx::query_scalar(sqlx::AssertSqlSafe(find)).bind(ids).fetch_one(&store.pool).await.unwrap();
    assert_eq!(stored.unsigned_abs(), acknowledged.len() as u64);
    eprintln!("{stored} events were acknowledged among cancelled operations");
}
