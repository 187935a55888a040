use panora_hooks::{Event, Verifier, Webhooks, hooks, models::Connection, on};

#[on("*")]
async fn anything(Event(_connection): Event<Connection>) {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![anything]);
}
