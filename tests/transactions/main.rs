//! Hooks that take a transaction: their effects happen exactly once.

mod application;
mod basics;
mod cancelled;
#[path = "../support/contents.rs"]
mod contents;
mod contract;
mod flaws;
mod isolation;
mod killed;
mod lost_commit;
mod markers;
mod process;
mod proxy;
mod receiver;
#[path = "../support/skip.rs"]
mod skip;
