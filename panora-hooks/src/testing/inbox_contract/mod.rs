//! The rules that every [`Inbox`](crate::inbox::Inbox) follows, as tests for a store of your own.
//!
//! Write a [`Harness`] that makes a fresh store, and [`tests!`] makes one test of each rule:
//!
//! ```
//! use panora_hooks::{inbox::MemoryInbox, testing::inbox_contract::{self, Harness}};
//!
//! struct Memory(MemoryInbox);
//!
//! impl Harness for Memory {
//!     type Inbox = MemoryInbox;
//!
//!     fn inbox(&self) -> MemoryInbox {
//!         self.0.clone()
//!     }
//! }
//!
//! inbox_contract::tests! {
//!     #[tokio::test]
//!     let harness = Memory(MemoryInbox::new());
//! }
//! # fn main() {}
//! ```
//!
//! A rule that is broken says so:
//!
//! ```text
//! the store breaks the rule `a_stale_token_settles_nothing`
//!   when:     a token of an expired lease settles with `Complete`
//!   expected: Stale
//!   found:    Applied
//!   help:     compare the fence in the statement that changes the event, and change nothing if it differs
//! ```
//!
//! Rules about an [optional part](crate::inbox::Capability) are skipped unless the store claims the
//! part. Rules about time are skipped unless the harness can [move the clock](Harness::advance),
//! and rules about restarts unless it can [restart](Harness::restart) the store. [`Rule::check`]
//! returns the [`Verdict`], for a test runner of your own:
//!
//! ```
//! # use panora_hooks::{inbox::MemoryInbox, testing::inbox_contract::{Harness, Rule, Verdict}};
//! # struct Memory(MemoryInbox);
//! # impl Harness for Memory {
//! #     type Inbox = MemoryInbox;
//! #     fn inbox(&self) -> MemoryInbox {
//! #         self.0.clone()
//! #     }
//! # }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! for rule in Rule::ALL {
//!     match rule.check(Memory(MemoryInbox::new())).await {
//!         Ok(Verdict::Kept) => println!("{rule}: ok"),
//!         Ok(Verdict::Skipped(reason)) => println!("{rule}: skipped, {reason}"),
//!         Err(broken) => panic!("{broken}"),
//!         # _ => {}
//!     }
//! }
//! # }
//! ```
//!
//! A later version may have more rules, and [`tests!`] then makes more tests. How to write a store:
//! [`guide::stores`](crate::guide::stores).
//!
//! [`tests!`]: crate::testing::inbox_contract::tests

mod broken;
mod check;
mod drive;
mod events;
mod harness;
mod rule;
mod rules;
mod subject;
mod verdict;

pub use self::{
    broken::Broken,
    harness::{Harness, Restart},
    rule::Rule,
    verdict::Verdict,
};
#[doc(inline)]
pub use crate::__inbox_contract_tests as tests;
