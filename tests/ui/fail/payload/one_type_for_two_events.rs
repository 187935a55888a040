use panora_hooks::{Event, Verifier, Webhooks, hooks, models::crm::Deal, on};

#[on("crm.deal.created", "crm.deal.pulled")]
async fn deal_seen(Event(_deal): Event<Deal>) {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![deal_seen]);
}
