use panora_hooks::{Verifier, Webhooks, hooks, models::crm, on};

#[on("crm.*")]
async fn crm_event(_event: crm::AnyEvent) {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![crm_event]);
}
