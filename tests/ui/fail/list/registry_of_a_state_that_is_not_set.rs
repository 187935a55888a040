use panora_hooks::{Registry, State, Verifier, Webhooks, hooks, on};

#[derive(Clone)]
struct App;

#[on("crm.contact.created")]
async fn contact_created(_: State<App>) {}

fn register(registry: &mut Registry<App>) {
    registry.hooks(hooks![contact_created]);
}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(register);
}
