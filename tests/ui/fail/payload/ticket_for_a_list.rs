use panora_hooks::{Event, Verifier, Webhooks, hooks, models::ticketing, on};

#[on("ticketing.ticket.pulled")]
async fn tickets_pulled(_tickets: Event<ticketing::Ticket>) {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![tickets_pulled]);
}
