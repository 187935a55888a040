use panora_hooks::{Verifier, Webhooks};

fn webhooks(verifier: Verifier) -> Webhooks {
    Webhooks::new(verifier).with_transactions("postgres://localhost/app")
}

fn main() {}
