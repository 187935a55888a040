use panora_hooks::{Verifier, Webhooks, hooks, on};

#[on("crm.contact.created")]
async fn contact_created() {
    let name = std::rc::Rc::new(1);
    std::future::ready(()).await;
    drop(name);
}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contact_created]);
}
