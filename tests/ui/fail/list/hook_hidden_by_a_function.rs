use panora_hooks::{Verifier, Webhooks, hooks, on};

#[on("crm.contact.created")]
async fn contact_created() {}

mod inner {
    use super::*;

    async fn contact_created() {}

    pub fn webhooks() -> Webhooks {
        drop(contact_created());
        Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contact_created])
    }
}

fn main() {
    let _ = (contact_created(), inner::webhooks());
}
