use panora_hooks::{Tx, on};

#[on("crm.contact.created")]
async fn contact_created(mut tx: Tx) {}

fn main() {}
