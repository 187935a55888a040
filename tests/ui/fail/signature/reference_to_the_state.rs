use panora_hooks::{State, Verifier, Webhooks, hooks, on};

#[derive(Clone)]
struct App;

#[on("crm.contact.created")]
async fn contact_created(_: &State<App>) {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contact_created]);
}
