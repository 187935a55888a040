use panora_hooks::{Verifier, Webhooks, hooks};

mod crm {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![crm]);
}
