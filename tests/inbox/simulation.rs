//! Workers, hooks and a store in virtual time, with random failures.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use panora_hooks::{
    HookError, Metadata, State, Webhooks, hooks,
    inbox::{EventInfo, EventKey, EventState, Inbox, Lane, MemoryInbox, Query, Worker},
    on,
};
use proptest::{collection::vec, prelude::*, test_runner::TestRunner};
use tokio::{
    sync::oneshot,
    task::JoinHandle,
    time::{Instant, sleep, sleep_until},
};

use crate::{
    events::contact,
    support::{
        is_long,
        staged::{Fault, Staged},
        verifier,
    },
};

const CONCURRENCY: usize = 4;
const MAX_ATTEMPTS: u32 = 6;
const LEASE: Duration = Duration::from_secs(10);
const HOOK_TIMEOUT: Duration = Duration::from_secs(5);
const GRACE: Duration = Duration::from_secs(3);

/// The longest time until a due event starts: two polls, at one per second, and the longest delays
/// of the store.
const STARTS_WITHIN: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Behaviour {
    Succeeds,
    Fails,
    Panics,
    Hangs,
}

/// The behaviour of a hook in one attempt, and its duration in milliseconds.
type Script = (Behaviour, u64);

#[derive(Debug, Clone, Copy)]
enum Stop {
    /// The process dies.
    Kill,
    /// The worker is told to stop.
    Shutdown,
}

#[derive(Debug, Clone)]
struct Plan {
    /// The time at which each event is stored, a script for each attempt, of which the last one
    /// repeats, and the lane.
    events: Vec<(u64, Vec<Script>, Option<Lane>)>,
    /// The stops: the time, the worker, the kind, and the length of its absence.
    stops: Vec<(u64, usize, Stop, u64)>,
    /// The faults of the store, in order.
    faults: Vec<Option<Fault>>,
}

fn plans() -> impl Strategy<Value = Plan> {
    let behaviour = prop_oneof![
        6 => Just(Behaviour::Succeeds),
        2 => Just(Behaviour::Fails),
        1 => Just(Behaviour::Panics),
        1 => Just(Behaviour::Hangs),
    ];
    let script = (behaviour, prop_oneof![3 => 0..200_u64, 1 => 200..4000_u64]);
    let lane = (0..2_u8).prop_map(|lane| Lane::from_bytes([lane; 16]));
    let event = (0..20_000_u64, vec(script, 1..4), prop::option::weighted(0.4, lane));
    let stop = (0..30_000_u64, 0..2_usize, prop_oneof![Just(Stop::Kill), Just(Stop::Shutdown)], 0..3000_u64);
    let fault = prop_oneof![
        8 => Just(None),
        1 => Just(Some(Fault::Away)),
        1 => Just(Some(Fault::AnswerLost)),
        2 => (1..1500_u64).prop_map(|millis| Some(Fault::Late(Duration::from_millis(millis)))),
    ];
    (vec(event, 1..30), vec(stop, 0..6), vec(fault, 1..60)).prop_map(|(events, stops, faults)| Plan {
        events,
        stops,
        faults,
    })
}

/// One run of a hook.
#[derive(Debug, Clone, Copy)]
struct Run {
    worker: usize,
    attempt: u32,
    begun: Instant,
    ended: Option<Instant>,
    has_succeeded: bool,
}

type Runs = Arc<Mutex<HashMap<String, Vec<Run>>>>;

#[derive(Clone)]
struct App {
    worker: usize,
    scripts: Arc<HashMap<String, Vec<Script>>>,
    runs: Runs,
}

/// Records the end of a hook, including cancellation.
struct Ends {
    runs: Runs,
    id: String,
    index: usize,
    has_succeeded: bool,
}

impl Drop for Ends {
    fn drop(&mut self) {
        let mut runs = self.runs.lock().unwrap();
        let run = &mut runs.get_mut(&self.id).unwrap()[self.index];
        run.ended = Some(Instant::now());
        run.has_succeeded = self.has_succeeded;
    }
}

#[on("crm.contact.created")]
async fn scripted(meta: Metadata, State(app): State<App>) -> Result<(), HookError> {
    let mut ends = {
        let mut runs = app.runs.lock().unwrap();
        let of_event = runs.entry(meta.id.clone()).or_default();
        of_event.push(Run {
            worker: app.worker,
            attempt: meta.attempt,
            begun: Instant::now(),
            ended: None,
            has_succeeded: false,
        });
        Ends { runs: app.runs.clone(), id: meta.id.clone(), index: of_event.len() - 1, has_succeeded: false }
    };
    let scripts = &app.scripts[&meta.id];
    let (behaviour, millis) = scripts[scripts.len().min(meta.attempt as usize) - 1];
    sleep(Duration::from_millis(millis)).await;
    match behaviour {
        Behaviour::Succeeds => {
            ends.has_succeeded = true;
            Ok(())
        }
        Behaviour::Fails => Err("no".into()),
        Behaviour::Panics => std::panic::resume_unwind(Box::new(())),
        Behaviour::Hangs => std::future::pending().await,
    }
}

type Store = Staged<MemoryInbox>;

fn worker(app: App, inbox: Store) -> Worker {
    Webhooks::new(verifier())
        .with_state(app)
        .hooks(hooks![scripted])
        .with_inbox(inbox)
        .concurrency(CONCURRENCY)
        .max_attempts(MAX_ATTEMPTS)
        .lease_time(LEASE)
        .hook_timeout(HOOK_TIMEOUT)
        .shutdown_grace(GRACE)
        .backoff(Duration::from_millis(100), Duration::from_secs(2))
        .into_parts::<()>("/webhook")
        .1
}

struct Process {
    stop: Option<oneshot::Sender<()>>,
    worker: JoinHandle<()>,
}

impl Process {
    fn start(app: App, inbox: Store) -> Self {
        let (stop, stopped) = oneshot::channel();
        let worker = worker(app, inbox).run_until(async { drop(stopped.await) });
        Self { stop: Some(stop), worker: tokio::spawn(worker) }
    }

    async fn end(mut self, stop: Stop) {
        match stop {
            Stop::Kill => self.worker.abort(),
            Stop::Shutdown => drop(self.stop.take()),
        }
        let _ = self.worker.await;
    }
}

/// The time since which each event, with its attempt, has been in a state that must not last.
#[derive(Default)]
struct Watched(HashMap<(EventKey, u32), Instant>);

impl Watched {
    /// Panics if one of `keys` has been in the state for too long.
    fn see(&mut self, keys: &[(EventKey, u32)], limit: Duration, rule: &str) {
        self.0.retain(|key, _| keys.contains(key));
        for key in keys {
            let since = *self.0.entry(*key).or_insert_with(Instant::now);
            assert!(since.elapsed() <= limit, "{rule}: {key:?}, {:?}", since.elapsed());
        }
    }
}

async fn all(inbox: &Store) -> Vec<EventInfo> {
    inbox.list(Query::default().limit(1000)).await.unwrap().items
}

fn is_running(runs: &Runs, id: &str) -> bool {
    runs.lock().unwrap().get(id).is_some_and(|runs| runs.iter().any(|run| run.ended.is_none()))
}

/// Checks every 100 ms that no ready event waits while there is a free slot, and that no event
/// stays leased without a running hook for longer than its lease.
async fn watch(inbox: Store, runs: Runs, live: Arc<Mutex<[bool; 2]>>) {
    let (mut ready, mut leased) = (Watched::default(), Watched::default());
    loop {
        sleep(Duration::from_millis(100)).await;
        let events = all(&inbox).await;
        let of = |state| events.iter().filter(move |info| info.state == state);
        let is_free = {
            let runs = runs.lock().unwrap();
            let running = |worker| {
                let all = runs.values().flatten();
                all.filter(|run| run.ended.is_none() && run.worker == worker).count()
            };
            let live = live.lock().unwrap();
            // One slot is reserved for interrupted events.
            let is_free = |worker: usize| live[worker] && running(worker) < CONCURRENCY - 1;
            [0, 1].map(is_free).contains(&true)
        };
        let waiting: Vec<_> =
            of(EventState::Ready).filter(|_| is_free).map(|info| (info.key, info.attempts)).collect();
        ready.see(&waiting, STARTS_WITHIN, "an event is ready, a slot is free, and the event does not start");
        // From its third attempt on, an event may be waiting for the reserved slot.
        let idle = of(EventState::Leased).filter(|info| info.attempts < 3 && !is_running(&runs, &info.id));
        let idle: Vec<_> = idle.map(|info| (info.key, info.attempts)).collect();
        leased.see(&idle, LEASE + STARTS_WITHIN, "an event is leased, and nobody runs it");
    }
}

async fn simulate(plan: Plan) {
    let (start, epoch) = (Instant::now(), SystemTime::now());
    let memory = MemoryInbox::new().with_clock(move || epoch + start.elapsed());
    let (inbox, _settled) = Staged::new(memory);
    let faults = Arc::new(Mutex::new(plan.faults.clone().into_iter()));
    let is_over = Arc::new(Mutex::new(false));
    for on in [Staged::on_lease, Staged::on_settle] as [fn(&Store, FaultPlan); 2] {
        let (faults, is_over) = (faults.clone(), is_over.clone());
        let next =
            move || if *is_over.lock().unwrap() { None } else { faults.lock().unwrap().next().flatten() };
        on(&inbox, Box::new(next));
    }
    let runs = Runs::default();
    let scripts = plan.events.iter().enumerate();
    let scripts: HashMap<_, _> =
        scripts.map(|(number, (_, scripts, _))| (format!("id-{number}"), scripts.clone())).collect();
    let scripts = Arc::new(scripts);
    let app = |worker| App { worker, scripts: scripts.clone(), runs: runs.clone() };
    let live = Arc::new(Mutex::new([true; 2]));
    let watching = tokio::spawn(watch(inbox.clone(), runs.clone(), live.clone()));

    let arrivals = async {
        let mut events: Vec<_> = plan.events.iter().enumerate().collect();
        events.sort_by_key(|(_, (at, ..))| *at);
        for (number, (at, _, lane)) in events {
            sleep_until(start + Duration::from_millis(*at)).await;
            let event = contact(number);
            let event = lane.map_or(event.clone(), |lane| event.in_lane(lane));
            inbox.inner.put(vec![event]).await.unwrap();
        }
    };
    let kills = Mutex::new(Vec::new());
    let process = async |which: usize| {
        let mut process = Process::start(app(which), inbox.clone());
        let mut stops: Vec<_> = plan.stops.iter().filter(|(_, worker, ..)| *worker == which).collect();
        stops.sort_by_key(|(at, ..)| *at);
        for (at, _, stop, gone) in stops {
            sleep_until(start + Duration::from_millis(*at)).await;
            live.lock().unwrap()[which] = false;
            if let Stop::Kill = stop {
                kills.lock().unwrap().push((which, Instant::now()));
            }
            process.end(*stop).await;
            sleep(Duration::from_millis(*gone)).await;
            process = Process::start(app(which), inbox.clone());
            live.lock().unwrap()[which] = true;
        }
        process
    };
    let ((), first, second) = tokio::join!(arrivals, process(0), process(1));
    *is_over.lock().unwrap() = true;

    // Leases of dead processes expire, and every event reaches its end.
    // The events of a lane run one after the other.
    let patience = Instant::now() + 100 * (LEASE + HOOK_TIMEOUT);
    loop {
        let events = all(&inbox).await;
        let is_over = |info: &EventInfo| matches!(info.state, EventState::Done | EventState::Dead);
        if events.len() == plan.events.len() && events.iter().all(is_over) {
            break;
        }
        assert!(Instant::now() < patience, "events are left: {events:#?}");
        assert!(!watching.is_finished(), "{:?}", watching.await);
        sleep(Duration::from_secs(1)).await;
    }
    // No event runs again.
    sleep(2 * LEASE).await;
    assert!(!watching.is_finished(), "{:?}", watching.await);
    watching.abort();
    first.end(Stop::Shutdown).await;
    second.end(Stop::Shutdown).await;
    // An event whose lease was lost in an answer has to wait until the lease expires, and the
    // attempt counts.
    let lost = plan.faults.iter().filter(|fault| matches!(fault, Some(Fault::AnswerLost))).count();
    check(&all(&inbox).await, &runs.lock().unwrap(), &kills.into_inner().unwrap(), lost, &scripts);
}

type FaultPlan = Box<dyn FnMut() -> Option<Fault> + Send>;

fn check(
    events: &[EventInfo],
    runs: &HashMap<String, Vec<Run>>,
    kills: &[(usize, Instant)],
    lost: usize,
    scripts: &HashMap<String, Vec<Script>>,
) {
    for info in events.iter().filter(|info| info.lane.is_some()) {
        let runs_of = |info: &EventInfo| runs.get(&info.id).into_iter().flatten();
        let last_end = runs_of(info).map(|run| run.ended.unwrap()).max();
        for later in events.iter().filter(|later| later.key > info.key && later.lane == info.lane) {
            let first = runs_of(later).map(|run| run.begun).min();
            assert!(
                first.is_none() || last_end <= first,
                "the order of a lane\n{info:#?}\n{later:#?}\n{runs:#?}"
            );
        }
    }
    for info in events {
        let runs = runs.get(&info.id).map(Vec::as_slice).unwrap_or_default();
        let context = || format!("{info:#?}\n{runs:#?}\nkills: {kills:?}\nscript: {:?}", scripts[&info.id]);
        for run in runs {
            assert!(run.attempt <= MAX_ATTEMPTS, "an attempt beyond the limit\n{}", context());
        }
        let interruptions = u32::try_from(kills.len() + lost).unwrap();
        assert!(
            info.attempts <= MAX_ATTEMPTS + 1 + interruptions,
            "attempts beyond the limit\n{}",
            context()
        );
        // Whether the process died between the end of the hook and the settlement.
        let was_killed = |run: &Run| {
            let ended = run.ended.unwrap();
            kills.iter().any(|(worker, at)| *worker == run.worker && *at >= ended && *at <= ended + LEASE)
        };
        for pair in runs.windows(2) {
            let (before, after) = (&pair[0], &pair[1]);
            assert!(before.ended.unwrap() <= after.begun, "two runs at once\n{}", context());
            let may_run_again = !before.has_succeeded || was_killed(before);
            assert!(may_run_again, "it ran again after a success\n{}", context());
        }
        let is_done = info.state == EventState::Done;
        let has_succeeded = runs.last().is_some_and(|run| run.has_succeeded);
        let is_settled = runs.last().is_some_and(|run| !was_killed(run));
        assert!(!is_done || has_succeeded, "done without a success\n{}", context());
        assert!(is_done || !has_succeeded || !is_settled, "a success that is not done\n{}", context());
        // A dead event has used up all attempts.
        if info.state == EventState::Dead {
            assert!(info.attempts >= MAX_ATTEMPTS, "dead too early\n{}", context());
        }
    }
}

#[test]
fn every_event_runs_in_time_once_and_not_too_often() {
    let config = ProptestConfig {
        cases: if is_long() { 20_000 } else { 400 },
        failure_persistence: None,
        max_shrink_iters: 500,
        ..ProptestConfig::default()
    };
    let test = |plan| {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().start_paused(true).build().unwrap();
        let run = std::panic::AssertUnwindSafe(|| runtime.block_on(simulate(plan)));
        std::panic::catch_unwind(run).map_err(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            TestCaseError::fail(text.unwrap_or_else(|| "the simulation panicked".to_owned()))
        })
    };
    TestRunner::new(config).run(&plans(), test).unwrap();
}
