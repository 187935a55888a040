use panora_hooks::{Verifier, Webhooks};

#[derive(Clone)]
struct App;

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(App);
}
