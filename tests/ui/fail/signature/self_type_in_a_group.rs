use panora_hooks::{State, Verifier, Webhooks, hooks, on};

#[on("crm.contact.created")]
async fn contact_created(_: State<(u8, Self)>) {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contact_created]);
}
