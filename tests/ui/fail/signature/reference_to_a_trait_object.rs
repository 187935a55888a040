use panora_hooks::{Verifier, Webhooks, hooks, on};

trait Mailer {}

#[on("crm.contact.created")]
async fn contact_created(_: &dyn Mailer) {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contact_created]);
}
