use panora_hooks::{Verifier, Webhooks, hooks, on};

#[on("crm.contact.created")]
async fn contact_created() {}

fn main() {
    drop(contact_created());
    #[allow(non_upper_case_globals)]
    const contact_created: bool = true;
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contact_created]);
}
