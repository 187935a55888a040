use panora_hooks::{Verifier, Webhooks, hooks, on};

#[on("crm.contact.created", serial_by = POINTER)]
async fn contact_created() {}

const POINTER: &str = "/user_id";

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contact_created]);
}
