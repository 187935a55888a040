use panora_hooks::{Verifier, Webhooks, hooks, on};

struct App;

impl App {
    #[on("crm.contact.created")]
    async fn contact_created() {
        Self::greet();
    }

    fn greet() {}
}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![App::contact_created]);
}
