use panora_hooks::{Verifier, Webhooks, hooks};

async fn plain() {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![plain]);
}
