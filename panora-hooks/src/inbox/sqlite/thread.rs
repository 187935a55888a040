//! A thread that owns a connection.

use std::{
    io,
    sync::mpsc,
    thread::{self, JoinHandle},
};

use tokio::sync::oneshot;

use crate::inbox::InboxError;

/// A value on a thread of its own, which does one thing after the other with it.
///
/// SQLite blocks. The runtime's own threads for that are shared with whatever else the program does, and
/// could all be taken.
pub(super) struct Owner<T> {
    jobs: Option<mpsc::Sender<Job<T>>>,
    thread: Option<JoinHandle<()>>,
}

type Job<T> = Box<dyn FnOnce(&mut T) + Send>;

impl<T: Send + 'static> Owner<T> {
    pub(super) fn start(name: &str, mut value: T) -> io::Result<Self> {
        let (jobs, queue) = mpsc::channel::<Job<T>>();
        let work = move || {
            for job in queue {
                job(&mut value);
            }
        };
        let thread = thread::Builder::new().name(name.to_owned()).spawn(work)?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Does something with the value. It is not begun if nobody waits for it any more: who has given up has done
    /// something else instead.
    pub(super) async fn run<R: Send + 'static>(
        &self,
        job: impl FnOnce(&mut T) -> Result<R, InboxError> + Send + 'static,
    ) -> Result<R, InboxError> {
        let (answer, answered) = oneshot::channel();
        let job = Box::new(move |value: &mut T| {
            if !answer.is_closed() {
                drop(answer.send(job(value)));
            }
        });
        let is_sent = self.jobs.as_ref().is_some_and(|jobs| jobs.send(job).is_ok());
        let ended = || InboxError::Other("the thread of the inbox has ended".into());
        if !is_sent {
            return Err(ended());
        }
        answered.await.unwrap_or_else(|_| Err(ended()))
    }
}

/// Waits until what was begun is done and the value is dropped: its files are closed and unlocked.
impl<T> Drop for Owner<T> {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            // If it has panicked, that has been printed.
            drop(thread.join());
        }
    }
}
