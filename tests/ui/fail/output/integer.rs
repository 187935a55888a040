use panora_hooks::{Verifier, Webhooks, hooks, on};

#[on("crm.contact.created")]
async fn contact_created() -> u32 {
    3
}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contact_created]);
}
