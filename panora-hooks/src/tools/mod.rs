#![doc = include_str!("../docs/tools.md")]

pub mod batch;
pub mod body;
pub mod explain;
pub mod find;
pub mod listen;
pub mod recording;
pub mod redact;
pub mod send;
pub mod template;
