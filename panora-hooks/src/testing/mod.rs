#![doc = include_str!("../docs/testing.md")]

mod fixtures;
pub mod inbox_contract;
pub(crate) mod json;
mod outcome;
pub(crate) mod path;
mod run;
pub(crate) mod sample;

pub use self::{
    outcome::Outcome,
    sample::{Sample, sample},
};
