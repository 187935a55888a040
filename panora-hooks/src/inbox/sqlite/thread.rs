//! A thread that owns a connection.

use std::{
    collections::VecDeque,
    io,
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use crate::inbox::InboxError;

/// A value on a thread of its own, which runs jobs on it one after the other.
///
/// SQLite blocks its thread. The blocking threads of the runtime are shared with the rest of the
/// program, and all of them could be taken.
pub(super) struct Owner<T> {
    work: Option<mpsc::Sender<Work<T>>>,
    thread: Option<JoinHandle<()>>,
}

enum Work<T> {
    /// Runs once, in order of arrival.
    Job(Box<dyn FnOnce(&mut T) + Send>),
    /// Runs one batch per call, whenever no job waits.
    Batches(BatchLoop<T>),
}

/// Runs one batch. Returns whether there are more.
type BatchLoop<T> = Box<dyn FnMut(&mut T) -> bool + Send>;

/// The result of a batch.
pub(super) enum BatchStep<R> {
    /// There is more to do.
    Continue,
    /// This was the last batch.
    Done(R),
}

/// The caller of a job, which waits for its result.
#[derive(Clone, Copy)]
pub(super) struct Caller<'j> {
    pub(super) has_given_up: &'j dyn Fn() -> bool,
}

impl Caller<'_> {
    /// Returns an error if the caller has given up. The error ends the job, and is never seen.
    pub(super) fn check(self) -> Result<(), InboxError> {
        if (self.has_given_up)() { Err(InboxError::Other("the caller has given up".into())) } else { Ok(()) }
    }
}

/// The number of jobs after which a batch that is due runs although more jobs wait, so that jobs
/// which keep coming cannot hold it up forever.
const JOBS_PER_BATCH: usize = 16;

/// The shortest pause between two batches.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);

impl<T: Send + 'static> Owner<T> {
    pub(super) fn start(name: &str, value: T) -> io::Result<Self> {
        let (work, queue) = mpsc::channel();
        let thread = thread::Builder::new().name(name.to_owned()).spawn(move || run(value, &queue))?;
        Ok(Self { work: Some(work), thread: Some(thread) })
    }

    /// Runs a job. A job whose caller has given up before the job begins is not run, because the
    /// caller has done something else instead.
    pub(super) async fn run<R: Send + 'static>(
        &self,
        job: impl FnOnce(&mut T) -> Result<R, InboxError> + Send + 'static,
    ) -> Result<R, InboxError> {
        self.run_in_steps(|value, _| job(value)).await
    }

    /// Runs a job that takes many steps, and that ends early if its caller gives up.
    pub(super) async fn run_in_steps<R: Send + 'static>(
        &self,
        job: impl FnOnce(&mut T, Caller<'_>) -> Result<R, InboxError> + Send + 'static,
    ) -> Result<R, InboxError> {
        let (answer, answered) = oneshot::channel();
        let job = Box::new(move |value: &mut T| {
            if !answer.is_closed() {
                let result = job(value, Caller { has_given_up: &|| answer.is_closed() });
                drop(answer.send(result));
            }
        });
        self.send(Work::Job(job))?;
        answered.await.unwrap_or_else(|_| Err(ended()))
    }

    /// Runs batches until one is the last, fails, or the caller gives up. Jobs run between them,
    /// and after each batch the connection rests for as long as the batch took. SQLite's write lock
    /// has no queue, so other processes get it only if it is free when they ask.
    pub(super) async fn run_in_batches<R: Send + 'static>(
        &self,
        mut batch: impl FnMut(&mut T) -> Result<BatchStep<R>, InboxError> + Send + 'static,
    ) -> Result<R, InboxError> {
        let (answer, answered) = oneshot::channel();
        let mut answer = Some(answer);
        let batches = Box::new(move |value: &mut T| {
            if answer.as_ref().is_none_or(oneshot::Sender::is_closed) {
                return false;
            }
            let result = match batch(value) {
                Ok(BatchStep::Continue) => return true,
                Ok(BatchStep::Done(result)) => Ok(result),
                Err(error) => Err(error),
            };
            if let Some(answer) = answer.take() {
                drop(answer.send(result));
            }
            false
        });
        self.send(Work::Batches(batches))?;
        answered.await.unwrap_or_else(|_| Err(ended()))
    }

    /// Runs batches until one returns `false`, as [`run_in_batches`](Self::run_in_batches) does,
    /// but for no caller.
    pub(super) fn start_batches(&self, batch: impl FnMut(&mut T) -> bool + Send + 'static) {
        // Without the thread, every other operation reports that it has ended.
        drop(self.send(Work::Batches(Box::new(batch))));
    }

    fn send(&self, work: Work<T>) -> Result<(), InboxError> {
        let is_sent = self.work.as_ref().is_some_and(|queue| queue.send(work).is_ok());
        if is_sent { Ok(()) } else { Err(ended()) }
    }
}

fn ended() -> InboxError {
    InboxError::Other("the thread of the inbox has ended".into())
}

/// Runs jobs and batches until the owner is dropped.
fn run<T>(mut value: T, queue: &Receiver<Work<T>>) {
    let mut backlog: VecDeque<BatchLoop<T>> = VecDeque::new();
    let mut next_batch = Instant::now();
    let mut jobs = 0;
    loop {
        let work = if backlog.is_empty() {
            queue.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else if jobs >= JOBS_PER_BATCH && next_batch <= Instant::now() {
            Err(RecvTimeoutError::Timeout)
        } else {
            queue.recv_timeout(next_batch.saturating_duration_since(Instant::now()))
        };
        match work {
            Ok(Work::Job(job)) => {
                jobs += 1;
                job(&mut value);
            }
            Ok(Work::Batches(batches)) => backlog.push_back(batches),
            Err(RecvTimeoutError::Timeout) => {
                let Some(mut batches) = backlog.pop_front() else { continue };
                let begun = Instant::now();
                if batches(&mut value) {
                    backlog.push_back(batches);
                }
                next_batch = Instant::now() + begun.elapsed().max(SHORTEST_PAUSE);
                jobs = 0;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Waits until the running job has ended and the value is dropped, so that its files are closed and
/// unlocked.
impl<T> Drop for Owner<T> {
    fn drop(&mut self) {
        drop(self.work.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been printed already.
            drop(thread.join());
        }
    }
}
