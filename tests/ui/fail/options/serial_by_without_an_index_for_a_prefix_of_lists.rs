use panora_hooks::{Verifier, Webhooks, hooks, on};

#[on("crm.stage.*", serial_by = "/id_connection")]
async fn stages() {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![stages]);
}
