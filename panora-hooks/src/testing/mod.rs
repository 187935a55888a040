#![doc = include_str!("../docs/testing.md")]

pub(crate) mod fixtures;
mod outcome;
mod path;
mod run;
mod sample;

#[cfg(feature = "cli")]
pub(crate) use self::{
    fixtures::find as fixture,
    path::set,
    sample::{body, headers},
};
pub use self::{
    outcome::Outcome,
    sample::{Sample, sample},
};
