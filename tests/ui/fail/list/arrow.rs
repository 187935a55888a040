use panora_hooks::{Verifier, Webhooks, hooks, on};

#[on("crm.contact.created")]
async fn a() {}

#[on("crm.deal.created")]
async fn b() {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![a => b]);
}
