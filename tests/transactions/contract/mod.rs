//! The rules of every source of transactions, on a PostgreSQL server.

mod cut;
mod rules;
mod source;

use panora_hooks::{
    HookError, Metadata,
    testing::{Outcome, Sample, sample},
    transactions::Tx,
};

pub use self::{
    cut::Cut,
    source::{BoxError, Source},
};
use crate::application::{App, Database, effect, webhooks_in};

/// A rule of every source of transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The effects of a hook that succeeds are there, and a second attempt does not repeat them.
    Committed,
    /// A hook that fails leaves nothing, and the next attempt runs it.
    Failed,
    /// A hook that swallows the error of a statement has failed.
    SwallowedError,
    /// A hook that ends its transaction itself has failed for good.
    Ended,
    /// Two attempts at once have one effect.
    ConcurrentSuccess,
    /// An attempt that waits for one that fails has the effect.
    ConcurrentFailure,
    /// Each run has one effect, however many attempts it has.
    Runs,
    /// An attempt that is cut off between any two steps has one effect together with the next one.
    CutOff,
}

impl Rule {
    pub const ALL: &[Self] = &[
        Self::Committed,
        Self::Failed,
        Self::SwallowedError,
        Self::Ended,
        Self::ConcurrentSuccess,
        Self::ConcurrentFailure,
        Self::Runs,
        Self::CutOff,
    ];
}

/// Why a rule is broken.
type Verdict = Result<(), String>;

/// Opens a source whose attempts can be cut off.
pub type Open<'c> = &'c dyn Fn(&Database, &Cut) -> Source;

/// A source under test, which each attempt opens anew, as another process would.
struct Candidate<'c> {
    database: &'c Database,
    open: Open<'c>,
    sample: Sample,
}

impl Candidate<'_> {
    fn open(&self, cut: &Cut) -> Source {
        (self.open)(self.database, cut).cut(cut)
    }

    /// Runs an attempt with a hook.
    fn attempt(&self, app: App<Source>) -> impl Future<Output = Outcome> + Send + use<> {
        self.attempt_with(&Cut::default(), app)
    }

    /// Runs an attempt that is cut off.
    fn attempt_with(&self, cut: &Cut, app: App<Source>) -> impl Future<Output = Outcome> + Send + use<> {
        self.sample.run_on(webhooks_in(app, self.open(cut)))
    }

    /// Checks that the event has this many effects, and the outcome of its last attempt.
    async fn expect(&self, effects: i64, outcome: &Outcome, is_expected: bool) -> Verdict {
        let found = self.database.effects().await;
        if found == effects && is_expected {
            return Ok(());
        }
        Err(format!("{found} effects instead of {effects} after {outcome:?}"))
    }
}

/// A hook that has one effect, and then continues with `then`.
fn effect_and<F>(then: impl Fn(Metadata, Tx<Source>) -> F + Clone + Send + Sync + 'static) -> App<Source>
where
    F: Future<Output = Result<(), HookError>> + Send + 'static,
{
    App::new(move |meta, mut tx| {
        let then = then.clone();
        async move {
            effect(&meta, &mut tx).await?;
            then(meta, tx).await
        }
    })
}

fn happy() -> App<Source> {
    effect_and(async |_, _| Ok(()))
}

/// Checks a rule on a source that `open` opens.
pub async fn check(rule: Rule, database: &Database, open: Open<'_>) -> Verdict {
    database.execute("TRUNCATE effect").await;
    let id = format!("{:016x}", fastrand::u64(..));
    let candidate = Candidate { database, open, sample: sample("crm.contact.created").id(id) };
    match rule {
        Rule::Committed => rules::committed(&candidate).await,
        Rule::Failed => rules::failed(&candidate).await,
        Rule::SwallowedError => rules::swallowed_error(&candidate).await,
        Rule::Ended => rules::ended(&candidate).await,
        Rule::ConcurrentSuccess => rules::concurrent(&candidate, Ok(())).await,
        Rule::ConcurrentFailure => rules::concurrent(&candidate, Err("it fails")).await,
        Rule::Runs => rules::runs(&candidate).await,
        Rule::CutOff => rules::cut_off(&candidate).await,
    }
}
