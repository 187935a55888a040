//! Periodic work: gauges, and dropping old events and figures.

use std::{sync::Arc, time::Duration};

use crate::{
    hook::InTransaction,
    inbox::{Capability, Depth, ErasedInbox, EventState, InboxError, error::chain, policy::Policy},
    metric,
    transactions::pruning,
};

/// How often the gauges are set.
const REPORT: Duration = Duration::from_secs(15);

/// How often to look for data, identities and figures to drop, and for times to repair.
const PRUNE: Duration = Duration::from_secs(60);

/// How many events are dropped at once: few, because nothing can be stored meanwhile.
const AT_ONCE: u32 = 200;

/// Sets the gauges, and drops old data, identities, figures and markers. Never returns.
pub(super) async fn keep(
    inbox: &dyn ErasedInbox,
    transactions: Option<&Arc<dyn InTransaction>>,
    policy: Policy,
) {
    let report = async {
        loop {
            match inbox.depth().await {
                Ok(depth) => report(depth),
                Err(error) => tracing::warn!("the depth of the inbox is unknown: {}", chain(&error)),
            }
            tokio::time::sleep(REPORT).await;
        }
    };
    let prune = async {
        loop {
            if let Err(error) = prune(inbox, policy).await {
                tracing::warn!("the inbox is not pruned: {}", chain(&error));
            }
            tokio::time::sleep(PRUNE).await;
        }
    };
    // Apart from the inbox, because the application's database may not answer.
    let prune_markers = async {
        let Some(transactions) = transactions else { return };
        loop {
            pruning::prune(&**transactions, policy.keep_identities).await;
            tokio::time::sleep(PRUNE).await;
        }
    };
    tokio::join!(report, prune, prune_markers);
}

fn report(depth: Depth) {
    let Depth { ready, paused, waiting, delayed, leased, parked, dead, oldest_ready } = depth;
    let states = [
        (EventState::Ready.as_str(), ready),
        ("paused", paused),
        (EventState::Waiting.as_str(), waiting),
        (EventState::Delayed.as_str(), delayed),
        (EventState::Leased.as_str(), leased),
        (EventState::Parked.as_str(), parked),
        (EventState::Dead.as_str(), dead),
    ];
    for (state, count) in states {
        #[expect(clippy::cast_precision_loss, reason = "gauges are floating-point")]
        metrics::gauge!(metric::INBOX_EVENTS, "state" => state).set(count.number() as f64);
    }
    let age = oldest_ready.unwrap_or_default();
    metrics::gauge!(metric::OLDEST_READY).set(age.as_secs_f64());
}

/// Drops old data, identities and figures, and repairs times that were set while the clock was
/// ahead.
async fn prune(inbox: &dyn ErasedInbox, policy: Policy) -> Result<(), InboxError> {
    while inbox.prune(policy.keep_data, AT_ONCE).await? > 0 {}
    let capabilities = inbox.capabilities();
    if capabilities.has(Capability::Forget) {
        while inbox.forget(policy.keep_identities, AT_ONCE).await? > 0 {}
    }
    if capabilities.has(Capability::Expedite) {
        while inbox.expedite(policy.longest_delay(), AT_ONCE).await? > 0 {}
    }
    if capabilities.has(Capability::Statistics) {
        while inbox.prune_figures(policy.keep_minutes, policy.keep_hours, AT_ONCE).await? > 0 {}
    }
    if capabilities.has(Capability::Audit) {
        while inbox.prune_audit(policy.keep_audit, AT_ONCE).await? > 0 {}
    }
    Ok(())
}
