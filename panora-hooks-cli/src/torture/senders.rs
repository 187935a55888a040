//! Senders, which send the deliveries of a plan and trigger its kills.

use std::{
    collections::VecDeque,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    sync::{self, Notify},
    time::{self, Interval, MissedTickBehavior},
};

use super::{
    attack::Target,
    gate::{Gate, Running},
    plan::{Kill, Moment, Plan, Step},
    record::Record,
};
use crate::send::{Request, SendError};

/// The number of deliveries in a row without an acknowledgement after which nothing more is sent.
pub(super) const HOPELESS: u32 = 50;

/// The state that the senders of a run share.
pub(super) struct Traffic {
    plan: Plan,
    target: Target,
    pub(super) gate: Gate,
    record: Mutex<Record>,
    /// The number of the next delivery.
    next: AtomicUsize,
    ticks: sync::Mutex<Interval>,
    /// Kills whose delivery was not acknowledged. They move to the next delivery.
    moved: Mutex<VecDeque<Kill>>,
    /// Notifies that the receiver was killed.
    pub(super) killed: Notify,
}

impl Traffic {
    pub(super) fn new(plan: Plan, target: Target) -> Self {
        let mut ticks = time::interval(plan.interval());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            record: Mutex::new(Record::new(&plan)),
            plan,
            target,
            gate: Gate::default(),
            next: AtomicUsize::new(0),
            ticks: sync::Mutex::new(ticks),
            moved: Mutex::default(),
            killed: Notify::new(),
        }
    }

    /// Returns the number of deliveries that were begun.
    pub(super) fn begun(&self) -> usize {
        self.next.load(Ordering::Relaxed).min(self.plan.steps().len())
    }

    /// Sends deliveries until all are attempted, or none of many in a row was acknowledged.
    pub(super) async fn send(&self) -> Result<(), SendError> {
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(step) = self.plan.steps().get(number) else { return Ok(()) };
            if step.is_paced {
                self.ticks.lock().await.tick().await;
            }
            let Some(running) = self.gate.pass().await else { return Ok(()) };
            self.deliver(number, step, &running).await?;
            if self.record().failed_in_a_row() >= HOPELESS {
                return Ok(());
            }
        }
    }

    async fn deliver(&self, number: usize, step: &Step, running: &Running) -> Result<(), SendError> {
        let sample = self.plan.delivery(step.event);
        let request = Request::of_sample(&sample, &self.target.verifier, &self.target.url)?;
        let request = request.body_takes(step.body_takes);
        self.record().begin(step.event);
        let sending = async {
            let answer = running.client.send(request).await;
            self.record().end(step.event, running.start, &answer)
        };
        let moved = || self.moved().pop_front();
        let Some(kill) = step.kill.or_else(moved) else {
            sending.await;
            return Ok(());
        };
        match kill.moment {
            Moment::Unanswered => {
                let killing = async {
                    time::sleep(kill.delay).await;
                    self.kill(number, kill, running);
                };
                tokio::join!(sending, killing);
            }
            Moment::Acknowledged => {
                if !sending.await {
                    self.moved().push_back(kill);
                    return Ok(());
                }
                // The timer would wait for a millisecond.
                if !kill.delay.is_zero() {
                    time::sleep(kill.delay).await;
                }
                self.kill(number, kill, running);
            }
        }
        Ok(())
    }

    fn kill(&self, number: usize, kill: Kill, running: &Running) {
        if self.gate.kill(running.start, || self.record().kill(number, kill)) {
            self.killed.notify_one();
        } else {
            self.moved().push_back(kill);
        }
    }

    pub(super) fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn moved(&self) -> MutexGuard<'_, VecDeque<Kill>> {
        self.moved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
