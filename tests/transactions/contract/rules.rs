//! The rules, one function each.

use std::sync::Arc;

use panora_hooks::{HookError, testing::Outcome};
use tokio::{
    sync::{Semaphore, mpsc},
    time::timeout,
};

use super::{Candidate, Cut, Verdict, effect_and, happy};
use crate::{
    application::{PATIENCE, webhooks_in},
    receiver::Receiver,
};

pub(super) async fn committed(candidate: &Candidate<'_>) -> Verdict {
    let outcome = candidate.attempt(happy()).await;
    candidate.expect(1, &outcome, outcome.is_handled()).await?;
    let outcome = candidate.attempt(happy()).await;
    candidate.expect(1, &outcome, matches!(outcome, Outcome::AlreadyDone { .. })).await
}

pub(super) async fn failed(candidate: &Candidate<'_>) -> Verdict {
    let outcome = candidate.attempt(effect_and(async |_, _| Err("it fails".into()))).await;
    candidate.expect(0, &outcome, outcome.error().is_some_and(HookError::is_retryable)).await?;
    let outcome = candidate.attempt(happy()).await;
    candidate.expect(1, &outcome, outcome.is_handled()).await
}

pub(super) async fn swallowed_error(candidate: &Candidate<'_>) -> Verdict {
    let swallow = effect_and(async |_, mut tx| {
        drop(sqlx::query("SELECT 1/0").execute(&mut *tx).await);
        Ok(())
    });
    let outcome = candidate.attempt(swallow).await;
    candidate.expect(0, &outcome, outcome.error().is_some_and(HookError::is_retryable)).await?;
    let outcome = candidate.attempt(happy()).await;
    candidate.expect(1, &outcome, outcome.is_handled()).await
}

pub(super) async fn ended(candidate: &Candidate<'_>) -> Verdict {
    let end = effect_and(async |_, mut tx| {
        sqlx::raw_sql("ROLLBACK").execute(&mut *tx).await?;
        Ok(())
    });
    let outcome = candidate.attempt(end).await;
    candidate.expect(0, &outcome, outcome.error().is_some_and(|error| !error.is_retryable())).await
}

/// Begins a second attempt while the hook of the first one runs, and ends the first one once the
/// second one waits for it, has called its hook, or has ended.
pub(super) async fn concurrent(candidate: &Candidate<'_>, first: Result<(), &'static str>) -> Verdict {
    let (enter, mut entered) = mpsc::unbounded_channel();
    let gate = Arc::new(Semaphore::new(0));
    let held = {
        let gate = Arc::clone(&gate);
        effect_and(move |_, _| {
            let (enter, gate) = (enter.clone(), Arc::clone(&gate));
            async move {
                enter.send(()).unwrap();
                gate.acquire().await?.forget();
                first.map_err(HookError::from)
            }
        })
    };
    let one = tokio::spawn(candidate.attempt(held));
    timeout(PATIENCE, entered.recv()).await.expect("the first attempt calls its hook");
    let mut two = tokio::spawn(candidate.attempt(happy()));
    let mut second = tokio::select! {
        () = candidate.database.session("wait_event_type = 'Lock'") => None,
        second = &mut two => Some(second),
    };
    gate.add_permits(1);
    let outcome = one.await.unwrap();
    if second.is_none() {
        second = Some(two.await);
    }
    let second = second.unwrap().unwrap();
    let is_expected = match first {
        Ok(()) => outcome.is_handled() && matches!(second, Outcome::AlreadyDone { .. }),
        Err(_) => outcome.error().is_some() && second.is_handled(),
    };
    candidate.expect(1, &second, is_expected).await
}

/// The first attempt of each of three runs fails.
pub(super) async fn runs(candidate: &Candidate<'_>) -> Verdict {
    let app = effect_and(async |meta, _| match meta.attempt {
        1 => Err("the first attempt fails".into()),
        _ => Ok(()),
    });
    let receiver = Receiver::start(webhooks_in(app, candidate.open(&Cut::default())), |webhooks| webhooks);
    receiver.deliver(&candidate.sample).await;
    for run in 1..=3 {
        receiver.idle().await;
        let effects = candidate.database.effects().await;
        if effects != run {
            return Err(format!("{effects} effects after {run} runs"));
        }
        receiver.replay().await;
    }
    receiver.stop().await;
    Ok(())
}

/// Drops attempts at each of their steps, until one of them has no further step.
pub(super) async fn cut_off(candidate: &Candidate<'_>) -> Verdict {
    for step in 1.. {
        let (database, cut) = (candidate.database, Cut::at(step));
        database.execute("TRUNCATE effect").await;
        let sample = candidate.sample.clone().id(format!("cut off at step {step}"));
        let candidate = Candidate { database, open: candidate.open, sample };
        let in_hook = cut.clone();
        let app = effect_and(move |_, _| {
            let cut = in_hook.clone();
            async move {
                cut.step().await;
                Ok(())
            }
        });
        let mut attempt = Box::pin(candidate.attempt_with(&cut, app));
        let is_cut = async {
            tokio::select! {
                outcome = &mut attempt => Some(outcome),
                () = cut.reached() => None,
            }
        };
        let ended = timeout(PATIENCE, is_cut).await.expect("the attempt goes on");
        drop(attempt);
        if let Some(outcome) = ended {
            return candidate.expect(1, &outcome, outcome.is_handled()).await;
        }
        let outcome = candidate.attempt(happy()).await;
        let is_done = outcome.is_handled() || matches!(outcome, Outcome::AlreadyDone { .. });
        candidate.expect(1, &outcome, is_done).await.map_err(|why| format!("at step {step}: {why}"))?;
    }
    Ok(())
}
