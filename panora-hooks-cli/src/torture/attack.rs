//! The attack: sends the deliveries of a plan, and restarts the receiver after each kill.

use std::{panic::resume_unwind, sync::Arc, time::Duration};

use panora_hooks::Verifier;
use tokio::{task::JoinSet, time};

use super::{
    handled::HandledLog,
    plan::Plan,
    receiver::{Receiver, ReceiverError},
    record::Record,
    senders::{HOPELESS, Traffic},
};
use crate::send::{Client, SendError};

/// The interval at which progress is reported.
const PROGRESS: Duration = Duration::from_millis(100);

/// The time limit for an answer. A receiver that takes longer would be killed while it hangs.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// The time limit for a killed receiver to start again.
const RESTART_TIMEOUT: Duration = Duration::from_mins(1);

/// The destination of deliveries.
#[derive(Debug, Clone)]
pub struct Target {
    /// The URL of the receiver.
    pub url: String,
    /// The secret that the receiver knows.
    pub verifier: Verifier,
}

/// The reason why an attack was not completed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AttackError {
    /// The receiver does not run.
    #[error(transparent)]
    Receiver(#[from] ReceiverError),
    /// A delivery cannot be created.
    #[error(transparent)]
    Send(#[from] SendError),
    /// Most deliveries were refused, so little was tested.
    #[error(
        "{refused} deliveries were refused, most with status {status}, and {acknowledged} acknowledged: \
         check PANORA_WEBHOOK_SECRET and the path of the URL"
    )]
    Refused {
        /// The number of deliveries with a status other than 2xx.
        refused: u64,
        /// The most frequent of these statuses.
        status: u16,
        /// The number of acknowledged deliveries.
        acknowledged: u64,
    },
    /// No delivery was acknowledged.
    #[error("no delivery was acknowledged: check that the receiver answers at the URL")]
    NothingAcknowledged,
    /// The receiver stopped to acknowledge deliveries.
    #[error("the last {0} deliveries were not acknowledged: look at the output of the receiver")]
    Unresponsive(u32),
    /// Few deliveries were acknowledged, so little was tested.
    #[error(
        "{unanswered} deliveries had no answer, and {acknowledged} were acknowledged: look at the output of the \
         receiver"
    )]
    Unanswered {
        /// The number of deliveries without an answer.
        unanswered: u64,
        /// The number of acknowledged deliveries.
        acknowledged: u64,
    },
    /// Few kills could show a loss.
    #[error(
        "only {in_a_window} of {planned} kills fell while a delivery was unanswered or within 50 ms of an \
         acknowledgement: raise --rate"
    )]
    FewKills {
        /// The number of kills that could show a loss.
        in_a_window: usize,
        /// The number of planned kills.
        planned: usize,
    },
}

/// Sends the deliveries of a plan to a running receiver, with this many senders, and kills and
/// restarts the receiver as planned. Passes the number of deliveries so far to `tell`.
///
/// # Errors
///
/// Returns an error if the receiver does not start again, or too little was tested for a verdict.
pub async fn attack(
    plan: &Plan,
    target: Target,
    senders: usize,
    receiver: &mut Receiver,
    mut log: Option<&mut HandledLog>,
    tell: impl Fn(usize),
) -> Result<Record, AttackError> {
    let traffic = Arc::new(Traffic::new(plan.clone(), target));
    let mut under_way = JoinSet::new();
    for _ in 0..senders {
        let traffic = Arc::clone(&traffic);
        under_way.spawn(async move { traffic.send().await });
    }
    let mut progress = time::interval(PROGRESS);
    let mut start = 0;
    open_gate(&traffic, start, receiver)?;
    loop {
        tokio::select! {
            // A kill also ends the command, so it has to be noticed first.
            biased;
            () = traffic.killed.notified() => {
                receiver.kill().await?;
                if let Some(log) = &mut log {
                    log.mark();
                }
                receiver.start(RESTART_TIMEOUT).await?;
                start += 1;
                open_gate(&traffic, start, receiver)?;
            }
            sent = under_way.join_next() => match sent {
                Some(sent) => sent.unwrap_or_else(|error| resume_unwind(error.into_panic()))?,
                None => break,
            },
            // Otherwise a kill is about to be notified.
            error = receiver.ended() => if traffic.gate.is_open() {
                return Err(error.into());
            },
            _ = progress.tick() => tell(traffic.begun()),
        }
    }
    let record = traffic.record().clone();
    check(plan, &record)?;
    Ok(record)
}

fn open_gate(traffic: &Traffic, start: usize, receiver: &Receiver) -> Result<(), SendError> {
    let client = Client::with_timeout(ANSWER_TIMEOUT)?;
    if let Some(killer) = receiver.killer() {
        traffic.gate.open(start, client, killer);
    }
    Ok(())
}

/// Checks that a verdict about the record means something.
fn check(plan: &Plan, record: &Record) -> Result<(), AttackError> {
    let (refused, acknowledged) = (record.all_refused(), record.acknowledged);
    if refused > acknowledged {
        let most = record.refused.iter().max_by_key(|(_, count)| **count);
        let status = most.map_or(0, |(status, _)| *status);
        return Err(AttackError::Refused { refused, status, acknowledged });
    }
    if acknowledged == 0 {
        return Err(AttackError::NothingAcknowledged);
    }
    if record.failed_in_a_row() >= HOPELESS {
        return Err(AttackError::Unresponsive(record.failed_in_a_row()));
    }
    let unanswered = record.unanswered.values().sum();
    if unanswered > acknowledged {
        return Err(AttackError::Unanswered { unanswered, acknowledged });
    }
    let in_a_window = record.kills.iter().filter(|kill| kill.is_in_a_window()).count();
    if in_a_window < plan.kills().div_ceil(2) {
        return Err(AttackError::FewKills { in_a_window, planned: plan.kills() });
    }
    Ok(())
}
