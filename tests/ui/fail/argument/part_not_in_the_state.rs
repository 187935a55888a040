use panora_hooks::{State, Verifier, Webhooks, hooks, on};

#[derive(Clone)]
struct App;

#[derive(Clone)]
struct Db;

#[on("crm.contact.created")]
async fn contact_created(State(_db): State<Db>) {}

#[on("crm.deal.created")]
async fn deal_created(State(_app): State<App>) {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).with_state(App).hooks(hooks![contact_created, deal_created]);
}
