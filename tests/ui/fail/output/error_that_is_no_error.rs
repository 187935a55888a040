use panora_hooks::{Verifier, Webhooks, hooks, on};

struct NoError;

#[on("crm.contact.created")]
async fn contact_created() -> Result<(), NoError> {
    Ok(())
}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contact_created]);
}
