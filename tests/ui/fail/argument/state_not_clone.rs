use panora_hooks::{Verifier, Webhooks};

struct App;

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).with_state(App);
}
