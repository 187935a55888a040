use panora_hooks::{Verifier, Webhooks, hooks, on};

#[on("crm.*", serial_by = "/id")]
async fn crm_events() {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![crm_events]);
}
