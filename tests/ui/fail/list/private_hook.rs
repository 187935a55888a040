use panora_hooks::{Verifier, Webhooks, hooks, on};

mod crm {
    use panora_hooks::on;

    #[on("crm.contact.created")]
    async fn a() {}
}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![crm::a]);
}
