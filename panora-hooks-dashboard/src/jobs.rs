//! Jobs: replays and drops that run in the background.

mod run;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use panora_hooks::inbox::{EventInfo, EventKey, EventState};
use tokio::{sync::watch, time::timeout};

use crate::{filter::EventFilter, store::Store};

/// The most ended jobs that are remembered.
const MAX_ENDED: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Replay,
    Drop,
}

impl Action {
    /// Returns the word for the action in URLs and in the audit.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Replay => "replay",
            Self::Drop => "drop",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::Replay, Self::Drop].into_iter().find(|action| action.as_str() == word)
    }

    /// Returns the word for events after the action.
    pub(crate) const fn done(self) -> &'static str {
        match self {
            Self::Replay => "replayed",
            Self::Drop => "dropped",
        }
    }
}

/// The events of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    Event(EventKey),
    Filter(EventFilter),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(key) => write!(f, "event {key}"),
            Self::Filter(filter) => filter.fmt(f),
        }
    }
}

/// The events of a job as they were at its confirmation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Confirmed {
    Event {
        key: EventKey,
        state: EventState,
        run: u32,
    },
    Filter {
        filter: EventFilter,
        /// The newest event that matched. Later events are left out.
        newest: EventKey,
    },
}

impl Confirmed {
    pub(crate) fn target(&self) -> Target {
        match self {
            Self::Event { key, .. } => Target::Event(*key),
            Self::Filter { filter, .. } => Target::Filter(filter.clone()),
        }
    }

    /// Returns whether an event is as it was at the confirmation.
    pub(crate) fn is_still(&self, event: &EventInfo) -> bool {
        match self {
            Self::Event { key, state, run } => (event.key, event.state, event.run) == (*key, *state, *run),
            Self::Filter { newest, .. } => event.key <= *newest,
        }
    }
}

/// The progress of a job.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress {
    /// The number of events that were replayed or dropped.
    pub(crate) changed: u64,
    /// Whether an operation that was not confirmed may have changed more events.
    pub(crate) may_be_more: bool,
    pub(crate) end: Option<End>,
}

/// The end of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    Completed,
    /// The job was stopped before it had completed.
    Stopped,
    /// An operation failed, for this reason.
    Failed(String),
}

pub(crate) struct Job {
    pub(crate) number: u64,
    pub(crate) action: Action,
    pub(crate) target: Target,
    confirmed: Confirmed,
    pub(crate) who: Option<String>,
    pub(crate) started_at: SystemTime,
    progress: watch::Sender<Progress>,
    is_stopped: AtomicBool,
}

impl Job {
    pub(crate) fn progress(&self) -> Progress {
        self.progress.borrow().clone()
    }

    /// Asks the job to end after its current batch, or before its next try.
    pub(crate) fn stop(&self) {
        self.is_stopped.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Relaxed)
    }

    /// Waits until the job has ended, or for this long.
    pub(crate) async fn ended_within(&self, time: Duration) {
        let mut progress = self.progress.subscribe();
        // The caller shows the progress in either case.
        let _ = timeout(time, progress.wait_for(|progress| progress.end.is_some())).await;
    }
}

/// The jobs of this process.
pub(crate) struct Jobs(Mutex<State>);

struct State {
    next_number: u64,
    jobs: BTreeMap<u64, Arc<Job>>,
}

impl Jobs {
    pub(crate) fn new() -> Self {
        // Another process, before or beside this one, counts from another number, so that the
        // address of a job does not show a job of another process.
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let next_number = u64::try_from(since.as_millis()).unwrap_or_default();
        Self(Mutex::new(State { next_number, jobs: BTreeMap::new() }))
    }

    /// Starts a job. Returns the running job as the error if there is one for the same events.
    pub(crate) fn start(
        &self,
        store: &Arc<dyn Store>,
        action: Action,
        confirmed: Confirmed,
        who: Option<String>,
    ) -> Result<Arc<Job>, Arc<Job>> {
        let target = confirmed.target();
        let mut state = self.state();
        let is_running = |job: &&Arc<Job>| job.target == target && job.progress().end.is_none();
        if let Some(job) = state.jobs.values().find(is_running) {
            return Err(Arc::clone(job));
        }
        let number = state.next_number;
        state.next_number += 1;
        let job = Arc::new(Job {
            number,
            action,
            target,
            confirmed,
            who,
            started_at: SystemTime::now(),
            progress: watch::Sender::default(),
            is_stopped: AtomicBool::new(false),
        });
        state.jobs.insert(number, Arc::clone(&job));
        state.forget_ended();
        run::spawn(Arc::clone(store), Arc::clone(&job));
        Ok(job)
    }

    pub(crate) fn get(&self, number: u64) -> Option<Arc<Job>> {
        self.state().jobs.get(&number).cloned()
    }

    /// Returns all jobs, newest first.
    pub(crate) fn all(&self) -> Vec<Arc<Job>> {
        self.state().jobs.values().rev().cloned().collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code panics while it holds the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn forget_ended(&mut self) {
        let ended = self.jobs.values().filter(|job| job.progress().end.is_some());
        let ended: Vec<_> = ended.map(|job| job.number).collect();
        for number in ended.iter().take(ended.len().saturating_sub(MAX_ENDED)) {
            self.jobs.remove(number);
        }
    }
}
