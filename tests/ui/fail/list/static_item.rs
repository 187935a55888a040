use panora_hooks::{Verifier, Webhooks, hooks};

static COUNT: u8 = 1;

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![COUNT]);
}
