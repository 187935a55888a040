//! The quickstart, run as a program.
#![cfg(unix)]

mod first_use;
mod load;
mod program;
#[path = "../support/mod.rs"]
mod support;
