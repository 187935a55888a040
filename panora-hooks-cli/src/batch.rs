//! Many deliveries, as fast as wanted.

use std::time::Duration;

use tokio::{task::JoinSet, time};

use crate::send::{Answer, Client, Request, SendError};

/// How many deliveries are under way at most: a worker of the sender has as many.
pub const CONCURRENCY: usize = 5;

/// In which order and how fast deliveries are sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// How many different deliveries there are.
    pub count: u64,
    /// How long after one the next is sent; as soon as answers come if it is `None`.
    pub interval: Option<Duration>,
    /// Whether each is sent twice.
    pub is_duplicated: bool,
    /// Whether they are sent in any order.
    pub is_shuffled: bool,
}

/// What came of a delivery.
#[derive(Debug)]
#[non_exhaustive]
pub struct Sent {
    /// Its number, beginning with 0. A duplicate has the same.
    pub number: u64,
    /// The answer, or why there is none.
    pub answer: Result<Answer, SendError>,
}

impl Sent {
    /// What came of a delivery that was sent otherwise.
    #[must_use]
    pub fn new(number: u64, answer: Result<Answer, SendError>) -> Self {
        Self { number, answer }
    }
}

impl Batch {
    /// The numbers of the deliveries, in the order in which they are sent.
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

    /// Sends all of them, and tells what comes of each as soon as it does.
    ///
    /// # Errors
    ///
    /// If nothing answers at all, neither the first nor, where an answer takes too long, as many as are under way at once:
    /// then the others are not sent. What comes after an answer is told, and goes on.
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
                // A task that panicked has sent nothing that could be told.
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
