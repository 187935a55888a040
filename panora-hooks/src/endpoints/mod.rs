#![doc = include_str!("../docs/endpoints.md")]

mod client;
mod endpoint;
mod error;
mod place;
mod plan;
mod transport;
mod warning;

pub use self::{
    client::{Api, Client},
    endpoint::{Endpoint, NewEndpoint},
    error::{ApiError, SetupError},
    plan::{Desired, Plan, Step, SyncError, Synced},
    warning::{Warning, warnings},
};
