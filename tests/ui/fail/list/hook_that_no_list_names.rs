#![deny(dead_code)]

use panora_hooks::{Verifier, Webhooks, hooks, on};

#[on("crm.contact.created")]
async fn listed() {}

#[on("crm.deal.created")]
async fn forgotten() {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![listed]);
}
