use panora_hooks::{Verifier, Webhooks, hooks};

#[allow(non_upper_case_globals)]
const flag: bool = false;

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![flag]);
}
