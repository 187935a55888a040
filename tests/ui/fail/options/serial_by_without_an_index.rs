use panora_hooks::{Verifier, Webhooks, hooks, on};

#[on("crm.contact.pulled", serial_by = "/id_connection")]
async fn contacts_pulled() {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contacts_pulled]);
}
