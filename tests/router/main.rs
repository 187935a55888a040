//! The router, over a real socket: verification, dispatch, arguments of hooks, answers and limits.

mod answers;
mod dispatch;
mod extract;
mod limits;
mod memory;
mod paths;
mod signature;
#[path = "../support/mod.rs"]
mod support;
mod vectors;
