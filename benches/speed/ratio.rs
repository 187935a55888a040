//! The ratio of two durations that are measured in turn.

use std::time::{Duration, Instant};

use crate::median::median;

/// The sizes of the compared bodies in bytes: an object, a list, and the list of a first sync.
pub(crate) const SIZES: [usize; 3] = [1 << 10, 16 << 10, 256 << 10];

/// The number of rounds.
const ROUNDS: usize = 31;

/// The duration of one side in one round.
const RUN: Duration = Duration::from_millis(5);

/// Returns the time of `one` as a multiple of the time of `other`: the median over many rounds. In
/// each round, both run one after the other, so a temporary slowdown of the machine affects both.
pub(crate) fn of_time(mut one: impl FnMut(), mut other: impl FnMut()) -> f64 {
    let (one_repeats, other_repeats) = (repeats(&mut one), repeats(&mut other));
    median((0..ROUNDS).map(|_| time(&mut one, one_repeats) / time(&mut other, other_repeats)).collect())
}

fn time(work: &mut impl FnMut(), repeats: u32) -> f64 {
    let begun = Instant::now();
    for _ in 0..repeats {
        work();
    }
    begun.elapsed().as_secs_f64() / f64::from(repeats)
}

/// Returns the number of repetitions that fit into one run, and warms up.
fn repeats(work: &mut impl FnMut()) -> u32 {
    let begun = Instant::now();
    let mut repeats = 0;
    while begun.elapsed() < RUN {
        work();
        repeats += 1;
    }
    repeats
}
