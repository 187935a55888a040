//! The effects of a hook in each case.

use panora_hooks::{
    HookError,
    testing::{Outcome, sample},
};
use sqlx::AssertSqlSafe;

use crate::application::{App, Database, effect};

#[tokio::test]
async fn effects_and_marker_are_committed_together() {
    let Some(database) = Database::new().await else { return };
    let outcome = sample("crm.contact.created").run_on(database.webhooks(App::happy())).await;
    assert!(outcome.is_handled(), "{outcome:?}");
    assert_eq!((database.effects().await, database.markers().await), (1, 1));
}

#[tokio::test]
async fn an_event_that_is_done_does_not_run_again() {
    let Some(database) = Database::new().await else { return };
    let sample = sample("crm.contact.created");
    assert!(sample.run_on(database.webhooks(App::happy())).await.is_handled());
    let outcome = sample.run_on(database.webhooks(App::happy())).await;
    assert!(matches!(outcome, Outcome::AlreadyDone { .. }), "{outcome:?}");
    assert_eq!((database.effects().await, database.markers().await), (1, 1));
}

#[tokio::test]
async fn a_failed_hook_leaves_nothing() {
    let Some(database) = Database::new().await else { return };
    let app = App::new(async |meta, mut tx| {
        effect(&meta, &mut tx).await?;
        Err(HookError::from("no"))
    });
    let outcome = sample("crm.contact.created").run_on(database.webhooks(app)).await;
    assert_eq!(outcome.error().unwrap().to_string(), "no");
    assert_eq!((database.effects().await, database.markers().await), (0, 0));
}

#[tokio::test]
async fn a_panic_rolls_back() {
    let Some(database) = Database::new().await else { return };
    let app = App::new(async |meta, mut tx| {
        effect(&meta, &mut tx).await?;
        panic!("no")
    });
    let outcome = sample("crm.contact.created").run_on(database.webhooks(app)).await;
    assert!(matches!(outcome, Outcome::Panicked { .. }), "{outcome:?}");
    assert_eq!((database.effects().await, database.markers().await), (0, 0));
}

#[tokio::test]
async fn a_swallowed_sql_error_fails_the_attempt() {
    let Some(database) = Database::new().await else { return };
    let app = App::new(async |meta, mut tx| {
        effect(&meta, &mut tx).await?;
        let _ = sqlx::query("SELECT 1/0").execute(&mut *tx).await;
        Ok(())
    });
    let outcome = sample("crm.contact.created").run_on(database.webhooks(app)).await;
    let error = outcome.error().unwrap();
    assert!(error.is_retryable() && error.to_string().contains("a statement of the hook failed"), "{error}");
    assert_eq!((database.effects().await, database.markers().await), (0, 0));
}

#[tokio::test]
async fn a_savepoint_contains_an_sql_error() {
    let Some(database) = Database::new().await else { return };
    let app = App::new(async |meta, mut tx| {
        effect(&meta, &mut tx).await?;
        let mut savepoint = sqlx::Connection::begin(&mut *tx).await?;
        let _ = sqlx::query("SELECT 1/0").execute(&mut *savepoint).await;
        savepoint.rollback().await?;
        let mut savepoint = sqlx::Connection::begin(&mut *tx).await?;
        sqlx::query("INSERT INTO effect VALUES ('second')").execute(&mut *savepoint).await?;
        savepoint.commit().await?;
        Ok(())
    });
    let outcome = sample("crm.contact.created").run_on(database.webhooks(app)).await;
    assert!(outcome.is_handled(), "{outcome:?}");
    assert_eq!((database.effects().await, database.markers().await), (2, 1));
}

#[tokio::test]
async fn a_hook_that_ends_its_transaction_fails_for_good() {
    let Some(database) = Database::new().await else { return };
    for end in ["COMMIT", "ROLLBACK", "COMMIT AND CHAIN", "ROLLBACK; BEGIN"] {
        for is_ok in [true, false] {
            let app = App::new(move |meta, mut tx| async move {
                effect(&meta, &mut tx).await?;
                sqlx::raw_sql(end).execute(&mut *tx).await?;
                if is_ok { Ok(()) } else { Err("the hook fails, too".into()) }
            });
            let outcome = sample("crm.contact.created").run_on(database.webhooks(app)).await;
            let error = outcome.error().unwrap();
            let is_named = error.to_string().contains("`COMMIT` or `ROLLBACK`");
            assert!(!error.is_retryable() && is_named, "{end}, {is_ok}: {error}");
        }
    }
}

#[tokio::test]
async fn a_transaction_that_outlives_its_hook_is_ended() {
    let Some(database) = Database::new().await else { return };
    let (keep, mut kept) = tokio::sync::mpsc::unbounded_channel();
    let app = App::new(move |meta, mut tx| {
        let keep = keep.clone();
        async move {
            effect(&meta, &mut tx).await?;
            keep.send(tx).unwrap();
            Ok(())
        }
    });
    let sample = sample("crm.contact.created");
    let outcome = sample.run_on(database.webhooks(app)).await;
    let error = outcome.error().unwrap();
    assert!(error.is_retryable() && error.to_string().contains("its `Tx` still exists"), "{error}");
    assert_eq!((database.effects().await, database.markers().await), (0, 0));
    let mut tx = kept.recv().await.unwrap();
    assert!(sqlx::query("SELECT 1").execute(&mut *tx).await.is_err(), "the session is ended");
    // The marker does not block the next attempt.
    assert!(sample.run_on(database.webhooks(App::happy())).await.is_handled());
}

#[derive(Debug, thiserror::Error)]
enum AppError {
    #[error("the contact is not stored")]
    Context(#[source] sqlx::Error),
    #[error(transparent)]
    Transparent(sqlx::Error),
    #[error("the database refuses it")]
    Boxed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

#[tokio::test]
async fn a_conflict_is_found_in_the_sources_of_an_error() {
    let wraps: [fn(sqlx::Error) -> HookError; 5] = [
        Into::into,
        |error| AppError::Context(error).into(),
        |error| AppError::Transparent(error).into(),
        |error| AppError::Boxed(error.into_database_error().unwrap().into_error()).into(),
        |error| anyhow::Error::new(error).context("the contact is not stored").into(),
    ];
    let Some(database) = Database::new().await else { return };
    for (code, is_conflict) in [("40001", true), ("40P01", true), ("23505", false)] {
        for (number, wrap) in wraps.into_iter().enumerate() {
            let app = App::new(move |_meta, mut tx| async move {
                let raise = format!("DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{code}'; END $$");
                sqlx::raw_sql(AssertSqlSafe(raise)).execute(&mut *tx).await.map_err(wrap)?;
                Ok(())
            });
            let outcome = sample("crm.contact.created").run_on(database.webhooks(app)).await;
            let error = outcome.error().unwrap();
            let is_due_at_once = matches!(error, HookError::RetryAfter(delay, _) if delay.is_zero());
            assert_eq!(is_due_at_once, is_conflict, "{code}, {number}: {error:?}");
            assert!(error.is_retryable());
        }
    }
}
