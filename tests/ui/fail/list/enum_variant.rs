use panora_hooks::{Verifier, Webhooks, hooks};

enum Kind {
    Deal,
}

fn main() {
    let _ = Kind::Deal;
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![Kind::Deal]);
}
