use panora_hooks::{Verifier, Webhooks, hooks, on};

#[on("crm.contact.created")]
async fn contact_created() {}

fn main() {
    let closure = || contact_created();
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![closure]);
}
