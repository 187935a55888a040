use panora_hooks::{Verifier, Webhooks, hooks};

struct Deal(u8);

fn main() {
    let _ = Deal(0).0;
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![Deal]);
}
