#![doc = include_str!("../docs/endpoints.md")]

mod client;
mod destination;
mod endpoint;
mod error;
mod events;
mod expected;
mod gaps;
mod pages;
mod plan;
mod sync;
pub(crate) mod this_machine;
mod transport;
mod warning;

pub use self::{
    client::{Api, Client},
    endpoint::{Endpoint, NewEndpoint},
    error::{ApiError, SetupError},
    events::EventRow,
    gaps::{Gap, GapCount, GapError, GapReport, GapSearch, find_gaps},
    plan::{Desired, Plan, Step},
    sync::{SyncError, Synced},
    warning::{Warning, warnings},
};
