//! What the command line `panora-hooks` is made of, for programs of your own.

pub mod explain;
