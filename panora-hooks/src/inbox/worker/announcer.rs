//! Announces dead events to the application.

use std::{
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};

use crate::{
    inbox::{DeadEvent, ErasedInbox, LeaseToken, error::chain, patience::within, policy::Policy},
    printable::Printable,
};

/// How often to look for dead events.
const POLL: Duration = Duration::from_secs(1);

/// The most events that are announced at once.
const AT_ONCE: usize = 16;

/// The application's function, which is called with each dead event.
pub(crate) type OnDead = Arc<dyn Fn(DeadEvent) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// Claims dead events and announces them. A claim lasts longer than an announcement may take, so
/// another worker makes the announcement only if this one has died.
pub(super) struct Announcer<'i> {
    inbox: &'i dyn ErasedInbox,
    on_dead: OnDead,
    policy: Policy,
    /// The announcements that have begun. Each returns its claim.
    running: JoinSet<LeaseToken>,
}

impl<'i> Announcer<'i> {
    pub(super) fn new(inbox: &'i dyn ErasedInbox, on_dead: OnDead, policy: Policy) -> Self {
        Self { inbox, on_dead, policy, running: JoinSet::new() }
    }

    /// Announces events until `stop` resolves, and finishes the announcements that have begun.
    pub(super) async fn run_until(mut self, stop: impl Future<Output = ()>) {
        let (mut stop, mut poll_at) = (pin!(stop), Instant::now());
        loop {
            let room = AT_ONCE - self.running.len();
            tokio::select! {
                biased;
                () = &mut stop => break,
                claim = next(&mut self.running), if room < AT_ONCE => self.note(claim).await,
                () = sleep_until(poll_at), if room > 0 => {
                    let is_full = self.claim(room).await;
                    poll_at = Instant::now() + if is_full { Duration::ZERO } else { POLL };
                }
            }
        }
        let grace = self.policy.shutdown_grace;
        let finish = async {
            while !self.running.is_empty() {
                let claim = next(&mut self.running).await;
                self.note(claim).await;
            }
        };
        if timeout(grace, finish).await.is_err() {
            tracing::warn!("announcements of dead events are cancelled, and made again later");
        }
    }

    /// Begins up to `room` announcements. Returns whether there may be more.
    async fn claim(&mut self, room: usize) -> bool {
        let (inbox, patience) = (self.inbox, self.policy.store_timeout);
        let claim_for = self.policy.hook_timeout + self.policy.lease;
        let max = u32::try_from(room).unwrap_or(u32::MAX);
        let claims = match within(patience, inbox.claim_dead(max, claim_for)).await {
            Ok(claims) => claims,
            Err(error) => {
                tracing::warn!("dead events are not announced yet: {}", chain(&error));
                return false;
            }
        };
        for claim in &claims {
            match within(patience, inbox.get(claim.key())).await {
                Ok(event) => {
                    // An event that was replayed or dropped in the meantime is not dead any more.
                    if let Some(event) = event.and_then(DeadEvent::of) {
                        let on_dead = Arc::clone(&self.on_dead);
                        self.running.spawn(announce(on_dead, event, *claim, self.policy.hook_timeout));
                    }
                }
                Err(error) => {
                    tracing::warn!(event = %claim.key(), "a dead event is announced later: {}", chain(&error));
                }
            }
        }
        claims.len() == room
    }

    /// Notes that an event was announced.
    async fn note(&self, claim: Option<LeaseToken>) {
        let Some(claim) = claim else { return };
        let noted = within(self.policy.store_timeout, self.inbox.announced(vec![claim])).await;
        if let Err(error) = noted {
            tracing::warn!(event = %claim.key(), "a dead event is announced again later: {}", chain(&error));
        }
    }
}

/// Waits for the end of an announcement.
async fn next(running: &mut JoinSet<LeaseToken>) -> Option<LeaseToken> {
    running.join_next().await?.ok()
}

/// Announces an event, and returns the claim. An announcement that fails counts as made, since
/// repeating it would rarely help.
async fn announce(on_dead: OnDead, event: DeadEvent, claim: LeaseToken, limit: Duration) -> LeaseToken {
    let id = event.id.clone();
    let id = Printable(&id);
    // A task of its own, which ends with this one, catches a panic.
    let mut call = JoinSet::new();
    call.spawn(async move { on_dead(event).await });
    match timeout(limit, call.join_next()).await {
        Ok(Some(Ok(()))) => tracing::debug!(event.id = %id, "a dead event was announced"),
        Ok(_) => tracing::error!(event.id = %id, "`on_dead` panicked"),
        Err(_) => tracing::error!(event.id = %id, "`on_dead` was cancelled: it took longer than {limit:?}"),
    }
    claim
}
