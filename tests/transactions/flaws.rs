//! Each rule of the contract holds for PostgreSQL, and finds a source that breaks it.

use std::time::Duration;

use panora_hooks::transactions::{
    CommitError, Marker, PostgresMark, PostgresTransaction, PostgresTransactions, Transactions,
};
use sqlx::{PgConnection, PgPool};

use crate::{
    application::Database,
    contract::{BoxError, Cut, Open, Rule, Source, check},
};

/// A mistake in a source of transactions.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Flaw {
    /// The marker is inserted on another connection.
    MarksOutside,
    /// The marker is inserted after the commit.
    MarksAfterCommit,
    /// The transaction is committed without a look at its state.
    CommitsUnchecked,
    /// All runs of an event have one marker.
    ForgetsRuns,
    /// The marker is looked for before the hook, and inserted after it.
    LooksFirst,
}

/// Transactions with a mistake.
struct Flawed {
    flaw: Flaw,
    inner: PostgresTransactions,
    pool: PgPool,
    cut: Cut,
}

impl Flawed {
    fn open(flaw: Flaw, database: &Database, cut: &Cut) -> Source {
        let (inner, pool) = (database.transactions(), database.pool(1));
        Source::new(Self { flaw, inner, pool, cut: cut.clone() })
    }
}

/// Inserts a marker. Returns whether there was none.
async fn insert(connection: &mut PgConnection, marker: &Marker, run: u32) -> sqlx::Result<bool> {
    let insert = "INSERT INTO panora_hooks_done(identity, run) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    let insert = sqlx::query(insert).bind(&marker.identity()[..]).bind(i64::from(run));
    Ok(insert.execute(connection).await?.rows_affected() == 1)
}

/// Returns whether there is no marker.
async fn is_new(connection: &mut PgConnection, marker: &Marker) -> sqlx::Result<bool> {
    let find = "SELECT NOT EXISTS (SELECT FROM panora_hooks_done WHERE identity = $1 AND run = $2)";
    let find = sqlx::query_scalar(find).bind(&marker.identity()[..]).bind(i64::from(marker.run()));
    find.fetch_one(connection).await
}

fn unknown(error: impl Into<BoxError>) -> CommitError {
    CommitError::Unknown(error.into())
}

impl Transactions for Flawed {
    type Transaction = PostgresTransaction;
    type Mark = Option<PostgresMark>;

    async fn begin(&self) -> Result<Self::Transaction, BoxError> {
        self.inner.begin().await
    }

    async fn mark(
        &self,
        transaction: &mut Self::Transaction,
        marker: &Marker,
        limit: Duration,
    ) -> Result<Option<Option<PostgresMark>>, BoxError> {
        let is_new = match self.flaw {
            Flaw::MarksOutside => insert(&mut *self.pool.acquire().await?, marker, marker.run()).await?,
            Flaw::MarksAfterCommit | Flaw::LooksFirst => is_new(transaction, marker).await?,
            Flaw::ForgetsRuns => insert(transaction, marker, 1).await?,
            Flaw::CommitsUnchecked => {
                return Ok(self.inner.mark(transaction, marker, limit).await?.map(Some));
            }
        };
        Ok(is_new.then_some(None))
    }

    async fn commit(
        &self,
        mut transaction: Self::Transaction,
        _mark: Option<PostgresMark>,
        marker: &Marker,
    ) -> Result<(), CommitError> {
        if self.flaw == Flaw::LooksFirst {
            insert(&mut transaction, marker, marker.run()).await.map_err(unknown)?;
        }
        // All flaws but the one about the check: a transaction that is alive answers.
        if self.flaw != Flaw::CommitsUnchecked {
            let current = "SELECT pg_current_xact_id_if_assigned() IS NOT NULL";
            match sqlx::query_scalar(current).fetch_one(&mut *transaction).await {
                Ok(true) => {}
                Ok(false) => return Err(CommitError::Ended("the hook has ended its transaction".into())),
                Err(error) => return Err(CommitError::RolledBack(error.into())),
            }
        }
        sqlx::raw_sql("COMMIT").execute(&mut *transaction).await.map_err(unknown)?;
        if self.flaw == Flaw::MarksAfterCommit {
            self.cut.step().await;
            let mut connection = self.pool.acquire().await.map_err(unknown)?;
            insert(&mut connection, marker, marker.run()).await.map_err(unknown)?;
        }
        Ok(())
    }
}

/// Returns the rules that a source breaks, with the reasons.
async fn broken(open: Open<'_>) -> Option<Vec<(Rule, String)>> {
    let database = Database::new().await?;
    let mut broken = Vec::new();
    for rule in Rule::ALL {
        if let Err(why) = check(*rule, &database, open).await {
            broken.push((*rule, why));
        }
    }
    Some(broken)
}

#[tokio::test]
async fn transactions_in_postgres_follow_the_contract() {
    let open = |database: &Database, _: &Cut| Source::new(database.transactions());
    let Some(broken) = broken(&open).await else { return };
    assert!(broken.is_empty(), "{broken:?}");
}

/// Checks which rules find a flaw.
async fn assert_found(flaw: Flaw, rules: &[Rule]) {
    let Some(broken) = broken(&|database, cut| Flawed::open(flaw, database, cut)).await else { return };
    let found: Vec<_> = broken.iter().map(|(rule, _)| *rule).collect();
    assert_eq!(found, rules, "{broken:?}");
}

#[tokio::test]
async fn a_marker_outside_the_transaction_is_found() {
    let rules = [Rule::Failed, Rule::SwallowedError, Rule::ConcurrentFailure, Rule::Runs, Rule::CutOff];
    assert_found(Flaw::MarksOutside, &rules).await;
}

#[tokio::test]
async fn a_marker_after_the_commit_is_found() {
    assert_found(Flaw::MarksAfterCommit, &[Rule::ConcurrentSuccess, Rule::CutOff]).await;
}

#[tokio::test]
async fn a_commit_without_a_check_is_found() {
    assert_found(Flaw::CommitsUnchecked, &[Rule::SwallowedError, Rule::Ended]).await;
}

#[tokio::test]
async fn a_marker_without_the_run_is_found() {
    assert_found(Flaw::ForgetsRuns, &[Rule::Runs]).await;
}

#[tokio::test]
async fn a_marker_that_a_concurrent_attempt_does_not_await_is_found() {
    assert_found(Flaw::LooksFirst, &[Rule::ConcurrentSuccess]).await;
}
