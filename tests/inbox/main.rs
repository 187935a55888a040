//! The inbox: the contract of every store, and the layers above the stores.

mod attempt_log;
mod attempts;
mod blocking;
mod contract;
mod copies;
mod events;
mod fairness;
mod figures;
mod flaws;
mod in_transactions;
mod interrupted;
mod lane_batches;
mod lanes;
#[path = "../support/ledger.rs"]
mod ledger;
mod missing_worker;
mod model;
mod older_processes;
mod on_dead;
mod options;
mod own_store;
mod paused_clock;
mod pooled;
#[path = "../support/pooler.rs"]
mod pooler;
mod postgres_bulk;
mod postgres_cancel;
mod postgres_copies;
mod postgres_database;
mod postgres_errors;
mod postgres_format;
mod postgres_groups;
mod postgres_lanes;
mod postgres_plans;
mod postgres_pooler;
mod postgres_promises;
mod postgres_proxy;
mod receive;
mod receiver;
mod retention;
mod retry_after;
mod simulation;
#[path = "../support/skip.rs"]
mod skip;
mod sockets;
mod sqlite_batches;
mod sqlite_files;
mod sqlite_filters;
mod sqlite_format;
mod sqlite_log;
mod stores;
#[path = "../support/mod.rs"]
mod support;
mod virtual_time;
mod writing;
mod wrong_clocks;
