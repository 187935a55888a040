//! What the command line is made of, through its API. How it looks is tested beside the binary.

mod listen;
mod recording;
mod redact;
mod send;
mod template;

#[path = "../support/mod.rs"]
mod support;
