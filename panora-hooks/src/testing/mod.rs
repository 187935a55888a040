#![doc = include_str!("../docs/testing.md")]

mod fixtures;
mod outcome;
mod path;
mod run;
mod sample;

pub use self::{
    outcome::Outcome,
    sample::{Sample, sample},
};
