use panora_hooks::{Verifier, Webhooks, hooks, on};

#[on("crm.contact.created", serial = true)]
async fn contact_created() {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contact_created]);
}
