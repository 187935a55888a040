use panora_hooks::{Metadata, Verifier, Webhooks, hooks, on};

#[on("crm.contact.created")]
async fn contact_created(
    _: Metadata, _: Metadata, _: Metadata, _: Metadata, _: Metadata, _: Metadata, _: Metadata, _: Metadata,
    _: Metadata, _: Metadata, _: Metadata, _: Metadata, _: Metadata, _: Metadata, _: Metadata, _: Metadata,
    _: Metadata,
) {
}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contact_created]);
}
