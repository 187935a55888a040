//! Two things measured in turn, and what one takes of the other.

use std::time::{Duration, Instant};

use crate::median::median;

/// The sizes of bodies that are compared, in bytes: an object, a list, and the list of a first sync.
pub(crate) const SIZES: [usize; 3] = [1 << 10, 16 << 10, 256 << 10];

/// How often the two are measured.
const ROUNDS: usize = 31;

/// For how long one of them runs each time.
const RUN: Duration = Duration::from_millis(5);

/// The time that `one` takes, as a multiple of what `other` takes: the median over many rounds, in each of which both run
/// one after the other, so that a machine that is slower for a while is slower for both.
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

/// How often something is done in one run; warms it up, too.
fn repeats(work: &mut impl FnMut()) -> u32 {
    let begun = Instant::now();
    let mut repeats = 0;
    while begun.elapsed() < RUN {
        work();
        repeats += 1;
    }
    repeats
}
