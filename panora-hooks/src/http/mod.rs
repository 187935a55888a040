//! HTTP: from a request to its response.

pub(crate) mod body;
mod budget;
mod drain;
mod endpoint;
mod execution;
pub(crate) mod head;
mod outcome;
pub(crate) mod refusal;

pub(crate) use self::endpoint::DeliveryEndpoint;
