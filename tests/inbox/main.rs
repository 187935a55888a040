//! The inbox: what every store promises, and what stands above them.

mod contract;
mod events;
mod figures;
mod flaws;
mod model;
mod postgres_bulk;
mod postgres_cancel;
mod postgres_database;
mod postgres_errors;
mod postgres_one_copy;
mod postgres_plans;
mod postgres_promises;
mod postgres_proxy;
mod receive;
mod receiver;
mod stores;
#[path = "../support/mod.rs"]
mod support;
