// Each page is one source for two renderings. In a page, links are references (`[the inbox]`). On a
// code host, the definitions at the end of the page lead to other pages and to source files. Here,
// `links.md` stands before each page and defines the same labels with items and modules as targets;
// in Markdown the first definition of a label wins. Its empty last line keeps the title of the page
// out of the last definition.
#![doc = include_str!("docs/guide/links.md")]
#![doc = include_str!("docs/guide/index.md")]

#[doc = include_str!("docs/guide/links.md")]
#[doc = include_str!("docs/guide/tutorial.md")]
pub mod tutorial {}

#[doc = include_str!("docs/guide/links.md")]
#[doc = include_str!("docs/guide/sender.md")]
pub mod sender {}

#[doc = include_str!("docs/guide/links.md")]
#[doc = include_str!("docs/guide/order.md")]
pub mod order {}

#[doc = include_str!("docs/guide/links.md")]
#[doc = include_str!("docs/guide/exactly_once.md")]
pub mod exactly_once {}

#[doc = include_str!("docs/guide/links.md")]
#[doc = include_str!("docs/guide/inbox.md")]
pub mod inbox {}

#[doc = include_str!("docs/guide/links.md")]
#[doc = include_str!("docs/guide/dashboard.md")]
pub mod dashboard {}

#[doc = include_str!("docs/guide/links.md")]
#[doc = include_str!("docs/guide/stores.md")]
pub mod stores {}

#[doc = include_str!("docs/guide/links.md")]
#[doc = include_str!("docs/guide/testing.md")]
pub mod testing {}

#[doc = include_str!("docs/guide/links.md")]
#[doc = include_str!("docs/guide/deployment.md")]
pub mod deployment {}

#[doc = include_str!("docs/guide/links.md")]
#[doc = include_str!("docs/guide/missed_events.md")]
pub mod missed_events {}

#[doc = include_str!("docs/guide/links.md")]
#[doc = include_str!("docs/guide/troubleshooting.md")]
pub mod troubleshooting {}

#[doc = include_str!("docs/guide/links.md")]
#[doc = include_str!("docs/guide/threats.md")]
pub mod threats {}

#[doc = include_str!("docs/guide/links.md")]
#[doc = include_str!("docs/guide/migration.md")]
pub mod migration {}

#[doc = include_str!("docs/guide/links.md")]
#[doc = include_str!("docs/guide/proof.md")]
pub mod proof {}
