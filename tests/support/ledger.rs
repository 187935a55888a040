//! A source of transactions in memory, which fails on command.

use std::{
    collections::HashSet,
    error::Error,
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use panora_hooks::transactions::{CommitError, Marker, Transactions};

type BoxError = Box<dyn Error + Send + Sync>;

/// The committed markers and entries.
#[derive(Clone, Default)]
pub struct Ledger(Arc<Mutex<Committed>>);

#[derive(Default)]
struct Committed {
    markers: HashSet<Marker>,
    entries: Vec<String>,
    commit: Option<Fault>,
    prunings: Vec<Duration>,
}

/// A fault of the next commit.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// The transaction is rolled back because of another one.
    Conflict,
    /// The transaction is rolled back.
    RolledBack,
    /// The hook had ended the transaction.
    Ended,
    /// The transaction is committed, and the answer is lost.
    AnswerLost,
    /// The transaction is rolled back, and the answer is lost.
    RequestLost,
}

/// An error that says that the transaction would succeed at once.
#[derive(Debug)]
struct Conflict;

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("another transaction was faster")
    }
}

impl Error for Conflict {}

impl Ledger {
    /// Makes the next commit fail.
    pub fn fail(&self, fault: Fault) {
        self.0.lock().unwrap().commit = Some(fault);
    }

    /// Returns the committed entries.
    pub fn entries(&self) -> Vec<String> {
        self.0.lock().unwrap().entries.clone()
    }

    /// Returns for how long markers were to be kept, for each time that they were pruned.
    pub fn prunings(&self) -> Vec<Duration> {
        self.0.lock().unwrap().prunings.clone()
    }
}

impl Transactions for Ledger {
    type Transaction = Box<Vec<String>>;
    type Mark = ();

    async fn begin(&self) -> Result<Box<Vec<String>>, BoxError> {
        Ok(Box::default())
    }

    async fn mark(
        &self,
        _: &mut Box<Vec<String>>,
        marker: &Marker,
        _: Duration,
    ) -> Result<Option<()>, BoxError> {
        Ok((!self.0.lock().unwrap().markers.contains(marker)).then_some(()))
    }

    async fn commit(&self, entries: Box<Vec<String>>, (): (), marker: &Marker) -> Result<(), CommitError> {
        let mut committed = self.0.lock().unwrap();
        let fault = committed.commit.take();
        if let None | Some(Fault::AnswerLost) = fault {
            committed.markers.insert(marker.clone());
            committed.entries.extend(*entries);
        }
        match fault {
            None => Ok(()),
            Some(Fault::Conflict) => Err(CommitError::RolledBack(Conflict.into())),
            Some(Fault::RolledBack) => Err(CommitError::RolledBack("a constraint".into())),
            Some(Fault::Ended) => Err(CommitError::Ended("the hook has rolled back".into())),
            Some(Fault::AnswerLost | Fault::RequestLost) => Err(CommitError::Unknown("no answer".into())),
        }
    }

    fn is_conflict(&self, error: &(dyn Error + 'static)) -> bool {
        error.is::<Conflict>()
    }

    async fn prune(&self, keep: Duration, _: u32) -> Result<u64, BoxError> {
        self.0.lock().unwrap().prunings.push(keep);
        Ok(0)
    }
}
