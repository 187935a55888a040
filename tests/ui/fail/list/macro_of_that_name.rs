use panora_hooks::{Verifier, Webhooks, hooks};

mod deals {
    #[panora_hooks::on("crm.deal.created")]
    pub async fn vec() {}
}

fn main() {
    let _ = deals::vec();
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![vec]);
}
