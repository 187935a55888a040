use panora_hooks::{Verifier, Webhooks, hooks, on};

#[on("crm.contact.created")]
async fn a() {}

mod crm {
    use panora_hooks::on;

    #[on("crm.contact.created")]
    pub async fn b() {}

    #[on("crm.deal.created")]
    pub async fn c() {}
}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![#[cfg(any())] gone, a, crm::c, #[cfg(all())] crm::b]);
}
