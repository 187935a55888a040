use panora_hooks::{Verifier, Webhooks, hooks, on};

#[on("*", serial_by = "/id")]
async fn events() {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![events]);
}
