use panora_hooks::{Event, Verifier, Webhooks, hooks, models::crm::ContactRow, on};

#[on("crm.contact.imported", unlisted, serial_by = "/id_connection")]
async fn contacts_imported(_contacts: Event<Vec<ContactRow>>) {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contacts_imported]);
}
