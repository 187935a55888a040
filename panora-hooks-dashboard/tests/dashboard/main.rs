//! The dashboard over HTTP.

// Tests may panic.
#![allow(clippy::panic, clippy::unwrap_used)]

mod access;
mod actions;
mod capabilities;
mod confirmed;
mod guard;
mod hostile;
mod lanes;
mod lists;
mod mounting;
mod origin;
mod overview;
mod pages;
mod pauses;
mod payloads;
mod support;
mod wrapped;
