//! One module for each command.

pub(crate) mod dashboard;
mod deliveries;
pub(crate) mod endpoints;
pub(crate) mod events;
pub(crate) mod explain;
pub(crate) mod gaps;
pub(crate) mod inbox;
pub(crate) mod listen;
pub(crate) mod manual;
pub(crate) mod replay;
pub(crate) mod send;
pub(crate) mod sign;
pub(crate) mod torture;
pub(crate) mod verify;
