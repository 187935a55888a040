//! The inbox: what every store promises, and what stands above them.

mod contract;
mod events;
mod figures;
mod flaws;
mod model;
mod own_store;
mod receive;
mod receiver;
mod stores;
#[path = "../support/mod.rs"]
mod support;
