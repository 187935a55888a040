//! The plan of a run, which a seed determines.

use std::{fmt, time::Duration};

use fastrand::Rng;
use panora_hooks::testing::Sample;

use crate::template::{Template, TemplateError};

/// The number of deliveries up to the trigger of a kill that are sent as fast as they are answered.
/// Then a receiver that acknowledges too early has the most to lose.
const BURST: u64 = 24;

/// The number of deliveries that continue the burst until the delay of the kill is over.
const AFTER_TRIGGER: u64 = 40;

/// The percentage of deliveries that repeat an earlier one.
const COPIES: u32 = 10;

/// A delivery repeats one of this many events before it.
const COPIED: u64 = 20;

/// The percentage of deliveries whose body arrives slowly.
const SLOW: u32 = 5;

/// The longest delay of a kill after an acknowledgement. The timer may add some milliseconds.
const MAX_DELAY_MS: f64 = 40.0;

/// The deliveries of a run in their order, and the kills between them.
#[derive(Clone)]
pub struct Plan {
    seed: u64,
    interval: Duration,
    steps: Vec<Step>,
    templates: Vec<Template>,
    /// The index of the template of each event.
    events: Vec<usize>,
}

/// A delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// The number of the event. A later delivery may repeat the event.
    pub event: u64,
    /// Whether the delivery waits for its turn by the rate.
    pub is_paced: bool,
    /// The time that it takes to write the body; zero writes it at once.
    pub body_takes: Duration,
    /// The kill of the receiver that this delivery triggers.
    pub kill: Option<Kill>,
}

/// A planned kill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Kill {
    /// The state of the delivery at which the kill aims.
    pub moment: Moment,
    /// The delay after the begin of the delivery, or after its acknowledgement.
    pub delay: Duration,
}

/// A state of a delivery at which a kill aims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The delivery is begun but not answered.
    Unanswered,
    /// The delivery was just acknowledged.
    Acknowledged,
}

impl Plan {
    /// Plans a run with samples of these event types, one delivery each `interval`, except for the
    /// bursts around kills. The time between two bursts varies around a second and a quarter.
    ///
    /// # Errors
    ///
    /// Returns an error if the catalogue does not contain an event type.
    pub fn new(
        seed: u64,
        kills: u32,
        interval: Duration,
        event_types: impl IntoIterator<Item = &'static str>,
    ) -> Result<Self, TemplateError> {
        let mut random = Rng::with_seed(seed);
        // Runs with adjacent seeds must not share ids.
        let ids = random.u64(..);
        let templates = event_types.into_iter().map(|name| Ok(Template::new(name)?.seeded(ids)));
        let templates = templates.collect::<Result<Vec<_>, _>>()?;
        let mut plan = Self { seed, interval, steps: Vec::new(), templates, events: Vec::new() };
        let mut moments: Vec<_> =
            [Moment::Unanswered, Moment::Acknowledged].into_iter().cycle().take(kills as usize).collect();
        random.shuffle(&mut moments);
        for moment in moments {
            plan.add_paced(&mut random);
            plan.add_steps(&mut random, BURST, false);
            plan.aim(&mut random, moment);
            plan.add_steps(&mut random, AFTER_TRIGGER, false);
        }
        // The receiver has to work after the last kill, too.
        plan.add_paced(&mut random);
        Ok(plan)
    }

    /// Adds the deliveries between two bursts.
    fn add_paced(&mut self, random: &mut Rng) {
        let time = Duration::from_millis(random.u64(750..1750));
        let count = time.as_nanos() / self.interval.as_nanos().max(1);
        self.add_steps(random, u64::try_from(count).unwrap_or(u64::MAX), true);
    }

    fn add_steps(&mut self, random: &mut Rng, count: u64, is_paced: bool) {
        for _ in 0..count {
            let next = self.events.len() as u64;
            let is_copy = next > 0 && random.u32(..100) < COPIES;
            let event = if is_copy { random.u64(next.saturating_sub(COPIED)..next) } else { next };
            if !is_copy {
                self.events.push(random.usize(..self.templates.len()));
            }
            let is_slow = is_paced && random.u32(..100) < SLOW;
            let body_takes = Duration::from_millis(if is_slow { random.u64(50..300) } else { 0 });
            self.steps.push(Step { event, is_paced, body_takes, kill: None });
        }
    }

    /// Lets the last delivery trigger a kill.
    fn aim(&mut self, random: &mut Rng, moment: Moment) {
        let Some(step) = self.steps.last_mut() else { return };
        let delay = match moment {
            // Some bodies are incomplete when the receiver is killed.
            Moment::Unanswered if random.u8(..4) == 0 => {
                step.body_takes = Duration::from_millis(100);
                random.u64(1..100)
            }
            Moment::Unanswered => random.u64(1..=8),
            // Mostly short, because a receiver needs little time to make up for an early answer.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 40")]
            Moment::Acknowledged => (MAX_DELAY_MS * random.f64().powi(4)) as u64,
        };
        step.kill = Some(Kill { moment, delay: Duration::from_millis(delay) });
    }

    /// Returns the seed.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Returns the time from one delivery to the next.
    #[must_use]
    pub fn interval(&self) -> Duration {
        self.interval
    }

    /// Returns the deliveries, in the order of sending.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Returns the number of kills.
    #[must_use]
    pub fn kills(&self) -> usize {
        self.steps.iter().filter(|step| step.kill.is_some()).count()
    }

    /// Returns the number of events. Events are counted from 0.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events.len() as u64
    }

    /// Returns the delivery of an event, the same on each call.
    ///
    /// # Panics
    ///
    /// Panics if the plan does not contain the event.
    #[must_use]
    pub fn delivery(&self, event: u64) -> Sample {
        self.template(event).delivery(event)
    }

    /// Returns the `id_event` of an event.
    ///
    /// # Panics
    ///
    /// Panics if the plan does not contain the event.
    #[must_use]
    pub fn id(&self, event: u64) -> String {
        self.template(event).id(event)
    }

    /// Returns the event type of an event, such as `crm.company.created`.
    ///
    /// # Panics
    ///
    /// Panics if the plan does not contain the event.
    #[must_use]
    pub fn event_type(&self, event: u64) -> &str {
        self.template(event).event_type()
    }

    fn template(&self, event: u64) -> &Template {
        let template = usize::try_from(event).map_or(usize::MAX, |event| self.events[event]);
        &self.templates[template]
    }
}

/// Omits the payloads.
impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("seed", &self.seed)
            .field("steps", &self.steps.len())
            .field("events", &self.events.len())
            .finish_non_exhaustive()
    }
}
