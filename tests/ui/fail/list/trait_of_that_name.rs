use panora_hooks::{Verifier, Webhooks, hooks};

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![Clone]);
}
