// No name of the user's stands in the way, and no lint fires in code that the macros wrote.
#![no_implicit_prelude]
#![forbid(missing_docs, unsafe_code)]
#![deny(warnings)]
#![deny(
    let_underscore,
    missing_debug_implementations,
    missing_docs,
    nonstandard_style,
    rust_2018_idioms,
    single_use_lifetimes,
    unnameable_types,
    unreachable_pub,
    unused,
    unused_qualifications
)]
//! The strictest crate.

mod core {}
mod std {}
mod panora_hooks {}
mod serde {}

struct Box;
struct Err;
struct Future;
struct Ok;
struct Option;
struct Result;
struct Send;
struct String;
struct Sync;
struct Vec;
trait Hook {}
impl Hook for Box {}

macro_rules! concat {
    () => {};
}
macro_rules! line {
    () => {};
}
macro_rules! panic {
    () => {};
}

/// A hook.
#[::panora_hooks::on("crm.contact.created")]
pub async fn contact_created(
    ::panora_hooks::Event(name): ::panora_hooks::Event<::std::string::String>,
    _: ::panora_hooks::State<()>,
) -> ::core::result::Result<(), ::std::string::String> {
    ::core::mem::drop(name);
    ::core::result::Result::Ok(())
}

mod private {
    /// A hook that only this crate can name.
    #[::panora_hooks::on("crm.note.created")]
    pub(crate) async fn note_created() {}
}

/// A hook with a payload that is checked.
#[::panora_hooks::on("crm.company.created")]
pub async fn company_created(_: ::panora_hooks::Event<::panora_hooks::models::crm::Company>) {}

/// A hook with whatever there is.
#[::panora_hooks::on("crm.*")]
pub async fn any(_: ::panora_hooks::Event<::panora_hooks::models::crm::AnyEvent>) {}

/// Another hook.
#[::panora_hooks::on("crm.deal.created")]
pub async fn deal_created() {}

fn main() {
    let verifier = ::panora_hooks::Verifier::new("secret").unwrap();
    let webhooks = ::panora_hooks::Webhooks::new(verifier).hooks(::panora_hooks::hooks![
        any,
        company_created,
        contact_created,
        deal_created,
        private::note_created
    ]);
    ::core::mem::drop(webhooks);
    concat!();
    line!();
    panic!();
    let _names = (Err, Future, Ok, Option, Result, Send, String, Sync, Vec);
    fn is_hook(_: impl Hook) {}
    is_hook(Box);
}
