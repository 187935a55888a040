use panora_hooks::{Event, Verifier, Webhooks, hooks, models::crm::Note, on};

#[on("crm.deal.created", "crm.contact.created")]
async fn seen(Event(_note): Event<Note>) {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![seen]);
}
