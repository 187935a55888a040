use panora_hooks::{Verifier, Webhooks, on};

#[on("crm.contact.created")]
async fn contact_created() {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(contact_created());
}
