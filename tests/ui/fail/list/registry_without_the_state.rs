use panora_hooks::{Registry, State, Verifier, Webhooks, hooks, on};

#[derive(Clone)]
struct App;

#[on("crm.contact.created")]
async fn contact_created(_: State<App>) {}

// Two errors: each function is checked alone.
fn register(registry: &mut Registry) {
    registry.hooks(hooks![contact_created]);
}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).with_state(App).hooks(register);
}
