use panora_hooks::{Event, Verifier, Webhooks, hooks, models::crm::ContactRow, on};

#[on("crm.contact.pulled", serial_by = "/0/id_conection")]
async fn contacts_pulled(_contacts: Event<Vec<ContactRow>>) {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contacts_pulled]);
}
