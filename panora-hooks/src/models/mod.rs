#![doc = include_str!("../docs/models.md")]
// Fields have the sender's names and meaning. Only facts that their types do not express are
// documented.
#![allow(missing_docs)]

mod any_event;
mod connection;
mod date_time;
mod expandable;
mod extra;
mod field;
mod field_mappings;
mod model;
mod open_enum;
mod passthrough;
mod secret;

#[cfg(feature = "accounting")]
pub mod accounting;
#[cfg(feature = "ats")]
pub mod ats;
#[cfg(feature = "crm")]
pub mod crm;
#[cfg(feature = "ecommerce")]
pub mod ecommerce;
#[cfg(feature = "filestorage")]
pub mod filestorage;
#[cfg(feature = "hris")]
pub mod hris;
#[cfg(feature = "marketingautomation")]
pub mod marketingautomation;
#[cfg(feature = "ticketing")]
pub mod ticketing;

#[cfg(feature = "jiff")]
pub use self::date_time::DateTimeError;
pub use self::{
    connection::{Connection, ConnectionTokenType},
    date_time::DateTime,
    expandable::Expandable,
    extra::Extra,
    field_mappings::FieldMappings,
    passthrough::PassthroughRetryResult,
    secret::Secret,
};
