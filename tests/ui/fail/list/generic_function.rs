use panora_hooks::{Verifier, Webhooks, hooks};

async fn plain<T>() {}

fn main() {
    let _ = plain::<u8>();
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![plain]);
}
