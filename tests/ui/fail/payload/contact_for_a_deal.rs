use panora_hooks::{Event, Verifier, Webhooks, hooks, models::crm, on};

#[on("crm.deal.created")]
async fn deal_created(_deal: Event<crm::Contact>) {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![deal_created]);
}
