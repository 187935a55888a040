use panora_hooks::{Event, State, Verifier, Webhooks, hooks, on};

#[on("crm.contact.created")]
async fn contact_created(Event(_contact): Event<Contct>, State(_db): State<Databse>) {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contact_created]);
}
