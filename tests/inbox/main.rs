//! The inbox: what every store promises, and what stands above them.

mod contract;
mod events;
mod stores;
#[path = "../support/mod.rs"]
mod support;
