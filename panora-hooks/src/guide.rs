#![doc = include_str!("docs/guide/index.md")]

#[doc = include_str!("docs/guide/tutorial.md")]
pub mod tutorial {}

#[doc = include_str!("docs/guide/sender.md")]
pub mod sender {}

#[doc = include_str!("docs/guide/inbox.md")]
pub mod inbox {}

#[doc = include_str!("docs/guide/stores.md")]
pub mod stores {}

#[doc = include_str!("docs/guide/testing.md")]
pub mod testing {}

#[doc = include_str!("docs/guide/deployment.md")]
pub mod deployment {}

#[doc = include_str!("docs/guide/troubleshooting.md")]
pub mod troubleshooting {}

#[doc = include_str!("docs/guide/threats.md")]
pub mod threats {}

#[doc = include_str!("docs/guide/migration.md")]
pub mod migration {}
