//! First runs of stored events, at times that the test chooses.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime},
};

use panora_hooks::{
    Verifier,
    inbox::{
        AttemptOutcome, AttemptReport, Decision, Inbox, Lane, LeaseRequest, MemoryInbox, NewEvent,
        ParkReason, Settlement,
    },
    testing::Sample,
};

/// An inbox with a clock that can be moved.
pub(crate) struct Stage<'v> {
    pub(crate) inbox: MemoryInbox,
    verifier: &'v Verifier,
    /// The milliseconds by which the clock of the inbox is ahead.
    ahead: Arc<AtomicI64>,
}

impl<'v> Stage<'v> {
    pub(crate) fn new(verifier: &'v Verifier) -> Self {
        let ahead = Arc::new(AtomicI64::new(0));
        let clock = Arc::clone(&ahead);
        let inbox = MemoryInbox::new().with_clock(move || {
            let millis = clock.load(Ordering::Relaxed);
            let difference = Duration::from_millis(millis.unsigned_abs());
            if millis < 0 { SystemTime::now() - difference } else { SystemTime::now() + difference }
        });
        Self { inbox, verifier, ahead }
    }

    /// Sets the clock to this many seconds from now.
    pub(crate) fn set_clock(&self, seconds: i64) {
        self.ahead.store(seconds * 1000, Ordering::Relaxed);
    }

    pub(crate) async fn put(&self, samples: impl IntoIterator<Item = Sample>) -> anyhow::Result<()> {
        self.put_events(samples, |event| event).await
    }

    /// Stores events without a hook.
    pub(crate) async fn park(&self, samples: impl IntoIterator<Item = Sample>) -> anyhow::Result<()> {
        self.put_events(samples, |event| event.parked(ParkReason::Unhandled)).await
    }

    pub(crate) async fn put_in_lane(
        &self,
        lane: Lane,
        samples: impl IntoIterator<Item = Sample>,
    ) -> anyhow::Result<()> {
        self.put_events(samples, |event| event.in_lane(lane)).await
    }

    async fn put_events(
        &self,
        samples: impl IntoIterator<Item = Sample>,
        prepare: impl Fn(NewEvent) -> NewEvent,
    ) -> anyhow::Result<()> {
        let mut events = Vec::new();
        for sample in samples {
            let (body, signature) = (sample.body(), sample.signature(self.verifier));
            events.push(prepare(NewEvent::new(self.verifier.verify(body.as_bytes(), signature)?)));
        }
        self.inbox.put(events).await?;
        Ok(())
    }

    /// Runs every ready event once. `end` gets the place of the event and returns its error, or
    /// `None` for a success.
    pub(crate) async fn run(
        &self,
        millis: u64,
        failed: impl Fn(String) -> Decision,
        end: impl Fn(usize) -> Option<String>,
    ) -> anyhow::Result<()> {
        let worker: Arc<str> = "receiver-1:4711".into();
        let request = LeaseRequest::new(u32::MAX, Duration::from_secs(60)).worker(Arc::clone(&worker));
        let leased = self.inbox.lease(request).await?.into_iter();
        let settlements = leased.enumerate().map(|(place, leased)| {
            let duration = Duration::from_millis(millis + place as u64);
            let error = end(place);
            let outcome = if error.is_some() { AttemptOutcome::Failed } else { AttemptOutcome::Handled };
            let report = AttemptReport::new(outcome, Arc::clone(&worker)).duration(duration);
            match error {
                Some(error) => {
                    Settlement::new(leased.token, failed(error.clone())).attempt(report.error(error))
                }
                None => Settlement::new(leased.token, Decision::Complete).attempt(report),
            }
        });
        self.inbox.settle(settlements.collect()).await?;
        Ok(())
    }
}
