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
pub(super) struct Announcer {
    inbox: Arc<dyn ErasedInbox>,
    on_dead: OnDead,
    policy: Policy,
    /// The announcements that have begun. Each returns its claim, unless it has to be made again.
    running: JoinSet<Option<LeaseToken>>,
}

impl Announcer {
    pub(super) fn new(inbox: Arc<dyn ErasedInbox>, on_dead: OnDead, policy: Policy) -> Self {
        Self { inbox, on_dead, policy, running: JoinSet::new() }
    }

    /// Announces events until `stop` resolves, and finishes the announcements that have begun.
    pub(super) async fn run_until(mut self, stop: impl Future<Output = ()>) {
        let (mut stop, mut poll_at) = (pin!(stop), Instant::now());
        loop {
            let room = AT_ONCE.saturating_sub(self.running.len());
            tokio::select! {
                biased;
                () = &mut stop => break,
                claim = next(&mut self.running), if room < AT_ONCE => self.note(claim).await,
                () = sleep_until(poll_at), if room > 0 => {
                    let claims = self.claim(room).await;
                    // There may be more.
                    let pause = if claims.len() == room { Duration::ZERO } else { POLL };
                    poll_at = Instant::now() + pause;
                    for claim in claims {
                        self.start(claim);
                    }
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

    /// Claims up to `room` announcements.
    async fn claim(&self, room: usize) -> Vec<LeaseToken> {
        let Policy { store_timeout, hook_timeout, lease, .. } = self.policy;
        // The event is read first.
        let claim_for = store_timeout + hook_timeout + lease;
        let max = u32::try_from(room).unwrap_or(u32::MAX);
        within(store_timeout, self.inbox.claim_dead(max, claim_for)).await.unwrap_or_else(|error| {
            tracing::warn!("dead events are not announced yet: {}", chain(&error));
            Vec::new()
        })
    }

    fn start(&mut self, claim: LeaseToken) {
        let (inbox, on_dead) = (Arc::clone(&self.inbox), Arc::clone(&self.on_dead));
        let Policy { store_timeout, hook_timeout, .. } = self.policy;
        self.running.spawn(async move {
            let event = match within(store_timeout, inbox.get(claim.key())).await {
                Ok(event) => event.and_then(DeadEvent::of),
                Err(error) if error.is_transient() => {
                    tracing::warn!(event = %claim.key(), "a dead event is announced later: {}", chain(&error));
                    return None;
                }
                Err(error) => {
                    tracing::error!(event = %claim.key(), "a dead event is not announced: {}", chain(&error));
                    None
                }
            };
            // An event that was replayed or dropped in the meantime is not dead any more.
            if let Some(event) = event {
                announce(on_dead, event, hook_timeout).await;
            }
            Some(claim)
        });
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
async fn next(running: &mut JoinSet<Option<LeaseToken>>) -> Option<LeaseToken> {
    running.join_next().await?.ok()?
}

/// Announces an event. A call that fails is not repeated, since that would rarely help.
async fn announce(on_dead: OnDead, event: DeadEvent, limit: Duration) {
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
}
