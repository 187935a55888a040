use panora_hooks::{Verifier, Webhooks, hooks, on};

#[on("crm.contact.pulled", serial = true, serial_by = "id", ordered)]
async fn contacts_pulled() {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contacts_pulled]);
}
