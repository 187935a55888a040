//! The dashboard over HTTP.

mod access;
mod actions;
mod capabilities;
mod guard;
mod hostile;
mod lists;
mod mounting;
mod origin;
mod pages;
mod payloads;
mod support;
mod wrapped;
