//! Sends many deliveries, concurrently and at a given rate.

use std::time::Duration;

use tokio::{task::JoinSet, time};

use crate::send::{Answer, Client, Request, SendError};

/// The most deliveries in flight, as many as a worker of the sender has.
pub const CONCURRENCY: usize = 5;

/// The order and the rate of a series of deliveries.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// The number of different deliveries.
    pub count: u64,
    /// The time between two deliveries; `None` sends the next one as soon as an answer arrives.
    pub interval: Option<Duration>,
    /// Whether each delivery is sent twice.
    pub is_duplicated: bool,
    /// Whether the deliveries are sent in random order.
    pub is_shuffled: bool,
}

/// The result of a delivery.
#[derive(Debug)]
#[non_exhaustive]
pub struct Sent {
    /// The number of the delivery, counted from 0. A duplicate has the same number.
    pub number: u64,
    /// The answer, or the reason why there is none.
    pub answer: Result<Answer, SendError>,
}

impl Sent {
    /// Creates the result of a delivery that was not sent by a [`Batch`].
    #[must_use]
    pub fn new(number: u64, answer: Result<Answer, SendError>) -> Self {
        Self { number, answer }
    }
}

impl Batch {
    /// Returns the numbers of the deliveries, in the order of sending.
    #[must_use]
    pub fn order(&self) -> Vec<u64> {
        let copies = if self.is_duplicated { 2 } else { 1 };
        let mut order: Vec<_> =
            (0..self.count).flat_map(|number| std::iter::repeat_n(number, copies)).collect();
        if self.is_shuffled {
            fastrand::shuffle(&mut order);
        }
        order
    }

    /// Sends all deliveries, and passes each result to `tell` as soon as it is known.
    ///
    /// # Errors
    ///
    /// Returns an error if no delivery has been answered and one finds the receiver unreachable, or
    /// [`CONCURRENCY`] deliveries have timed out. The others are not sent then. After the first
    /// answer, errors are results like any other, and sending continues.
    pub async fn send(
        &self,
        client: &Client,
        request: impl Fn(u64) -> Result<Request, SendError>,
        mut tell: impl FnMut(Sent),
    ) -> Result<(), SendError> {
        let mut ticks = self.interval.filter(|interval| !interval.is_zero()).map(time::interval);
        let mut order = self.order().into_iter().peekable();
        let mut under_way = JoinSet::new();
        let (mut has_answered, mut timed_out) = (false, 0);
        loop {
            let may_send = under_way.len() < CONCURRENCY && order.peek().is_some();
            let tick = async {
                if let Some(ticks) = &mut ticks {
                    ticks.tick().await;
                }
            };
            tokio::select! {
                () = tick, if may_send => {
                    if let Some(number) = order.next() {
                        let (client, request) = (client.clone(), request(number)?);
                        under_way.spawn(async move { Sent { number, answer: client.send(request).await } });
                    }
                }
                // A task that panicked has no result to report.
                Some(sent) = under_way.join_next() => if let Ok(sent) = sent {
                    has_answered |= sent.answer.is_ok();
                    timed_out += usize::from(matches!(sent.answer, Err(SendError::TimedOut { .. })));
                    match sent.answer {
                        Err(error @ SendError::Unreachable { .. }) if !has_answered => return Err(error),
                        Err(error @ SendError::TimedOut { .. }) if !has_answered && timed_out == CONCURRENCY => {
                            return Err(error);
                        }
                        _ => tell(sent),
                    }
                },
                else => return Ok(()),
            }
        }
    }
}
