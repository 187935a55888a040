use panora_hooks::{Verifier, Webhooks, hooks};

struct Contact;

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![Contact]);
}
