//! Kills a receiver again and again while deliveries arrive, and looks for every acknowledged
//! event.
//!
//! [`Plan`] derives the deliveries and the kills from a seed. [`Receiver`] runs a command in a
//! process group of its own. [`attack`] sends and kills, and returns a [`Record`]. [`verdict()`]
//! compares the record with an inbox and a [`HandledLog`].

mod attack;
mod gate;
mod group;
mod handled;
mod idle;
mod plan;
mod receiver;
mod record;
mod senders;
mod verdict;

pub use self::{
    attack::{AttackError, Target, attack},
    handled::{Handled, HandledLog, Repeated},
    idle::until_quiet,
    plan::{Kill, Moment, Plan, Step},
    receiver::{Receiver, ReceiverError},
    record::{PerformedKill, Record},
    verdict::{Lost, Verdict, stored, verdict},
};
