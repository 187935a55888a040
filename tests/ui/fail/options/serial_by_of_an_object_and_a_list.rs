use panora_hooks::{Verifier, Webhooks, hooks, on};

#[on("crm.contact.created", "crm.contact.pulled", serial_by = "/0/id_connection")]
async fn contacts() {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contacts]);
}
