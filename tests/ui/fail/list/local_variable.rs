use panora_hooks::{Verifier, Webhooks, hooks, on};

#[on("crm.contact.created")]
async fn contact_created() {}

fn main() {
    let contact_created = 1;
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contact_created]);
}
