use panora_hooks::{Event, Verifier, Webhooks, hooks, models::crm, on};

#[on("crm.*")]
async fn crm_event(_events: Event<Vec<crm::AnyEvent>>) {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![crm_event]);
}
