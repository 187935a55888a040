use panora_hooks::{Verifier, Webhooks, hooks, on};

#[on("crm.*")]
async fn a() {}

#[on("crm.contact.created", "crm.*")]
async fn b() {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![a, b]);
}
