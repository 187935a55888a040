#![doc = include_str!("../docs/testing.md")]

pub(crate) mod fixtures;
pub mod inbox_contract;
pub(crate) mod json;
mod outcome;
mod path;
mod run;
mod sample;

pub use self::{
    outcome::Outcome,
    sample::{Sample, sample},
};
#[cfg(feature = "cli")]
pub(crate) use self::{
    path::{is_path, set},
    sample::{body, headers},
};
