//! The inbox: what every store promises, and what stands above them.

mod contract;
mod events;
mod figures;
mod flaws;
mod model;
mod receive;
mod receiver;
#[path = "../support/skip.rs"]
mod skip;
mod sqlite_batches;
mod sqlite_copies;
mod sqlite_files;
mod sqlite_format;
mod sqlite_log;
mod stores;
#[path = "../support/mod.rs"]
mod support;
