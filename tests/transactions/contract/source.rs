//! [`Source`]: transactions of any type in PostgreSQL, as one type.

use std::{
    any::Any,
    error::Error,
    ops::{Deref, DerefMut},
    pin::Pin,
    time::Duration,
};

use panora_hooks::transactions::{CommitError, Marker, Transactions};
use sqlx::PgConnection;

use super::cut::Cut;

pub type BoxError = Box<dyn Error + Send + Sync>;

type Boxed<'s, T> = Pin<Box<dyn Future<Output = T> + Send + 's>>;

/// A source of transactions of any type. The hook of the contract therefore exists once.
pub struct Source {
    source: Box<dyn Erased>,
    cut: Cut,
}

impl Source {
    pub fn new(source: impl Transactions<Transaction: DerefMut<Target = PgConnection>>) -> Self {
        Self { source: Box::new(source), cut: Cut::default() }
    }

    /// Sets the step at which an attempt ends.
    pub fn cut(self, cut: &Cut) -> Self {
        Self { cut: cut.clone(), ..self }
    }
}

/// A transaction of a [`Source`].
pub struct Open(Box<dyn Connected>);

type Mark = Box<dyn Any + Send + Sync>;

trait Connected: Send {
    fn connection(&self) -> &PgConnection;
    fn connection_mut(&mut self) -> &mut PgConnection;
    fn as_any(&mut self) -> &mut dyn Any;
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

impl<X: DerefMut<Target = PgConnection> + Send + 'static> Connected for X {
    fn connection(&self) -> &PgConnection {
        self
    }

    fn connection_mut(&mut self) -> &mut PgConnection {
        self
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

impl Deref for Open {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        self.0.connection()
    }
}

impl DerefMut for Open {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.0.connection_mut()
    }
}

/// [`Transactions`] as a trait object.
trait Erased: Send + Sync {
    fn begin(&self) -> Boxed<'_, Result<Open, BoxError>>;
    fn mark<'s>(
        &'s self,
        open: &'s mut Open,
        marker: &'s Marker,
        limit: Duration,
    ) -> Boxed<'s, Result<Option<Mark>, BoxError>>;
    fn commit<'s>(&'s self, open: Open, mark: Mark, marker: &'s Marker)
    -> Boxed<'s, Result<(), CommitError>>;
    fn rollback(&self, open: Open, mark: Option<Mark>) -> Boxed<'_, Result<(), BoxError>>;
    fn abandon(&self, mark: Mark) -> Boxed<'_, ()>;
    fn is_conflict(&self, error: &(dyn Error + 'static)) -> bool;
}

impl<T: Transactions<Transaction: DerefMut<Target = PgConnection>>> Erased for T {
    fn begin(&self) -> Boxed<'_, Result<Open, BoxError>> {
        Box::pin(async { Ok(Open(Box::new(Transactions::begin(self).await?))) })
    }

    fn mark<'s>(
        &'s self,
        open: &'s mut Open,
        marker: &'s Marker,
        limit: Duration,
    ) -> Boxed<'s, Result<Option<Mark>, BoxError>> {
        Box::pin(async move {
            let transaction = (*open.0).as_any().downcast_mut().unwrap();
            let mark = Transactions::mark(self, transaction, marker, limit).await?;
            Ok(mark.map(|mark| Box::new(mark) as Mark))
        })
    }

    fn commit<'s>(
        &'s self,
        open: Open,
        mark: Mark,
        marker: &'s Marker,
    ) -> Boxed<'s, Result<(), CommitError>> {
        let transaction = open.0.into_any().downcast().unwrap();
        let mark = mark.downcast().unwrap();
        Box::pin(Transactions::commit(self, *transaction, *mark, marker))
    }

    fn rollback(&self, open: Open, mark: Option<Mark>) -> Boxed<'_, Result<(), BoxError>> {
        let transaction = open.0.into_any().downcast().unwrap();
        let mark = mark.map(|mark| *mark.downcast().unwrap());
        Box::pin(Transactions::rollback(self, *transaction, mark))
    }

    fn abandon(&self, mark: Mark) -> Boxed<'_, ()> {
        Box::pin(Transactions::abandon(self, *mark.downcast().unwrap()))
    }

    fn is_conflict(&self, error: &(dyn Error + 'static)) -> bool {
        Transactions::is_conflict(self, error)
    }
}

impl Transactions for Source {
    type Transaction = Open;
    type Mark = Mark;

    async fn begin(&self) -> Result<Open, BoxError> {
        self.cut.step().await;
        let open = self.source.begin().await;
        self.cut.step().await;
        open
    }

    async fn mark(
        &self,
        open: &mut Open,
        marker: &Marker,
        limit: Duration,
    ) -> Result<Option<Mark>, BoxError> {
        let mark = self.source.mark(open, marker, limit).await;
        self.cut.step().await;
        mark
    }

    async fn commit(&self, open: Open, mark: Mark, marker: &Marker) -> Result<(), CommitError> {
        self.cut.step().await;
        let committed = self.source.commit(open, mark, marker).await;
        self.cut.step().await;
        committed
    }

    async fn rollback(&self, open: Open, mark: Option<Mark>) -> Result<(), BoxError> {
        self.source.rollback(open, mark).await
    }

    async fn abandon(&self, mark: Mark) {
        self.source.abandon(mark).await;
    }

    fn is_conflict(&self, error: &(dyn Error + 'static)) -> bool {
        self.source.is_conflict(error)
    }
}
