use panora_hooks::on;

#[on("crm.contact.created")]
#[tokio::main]
async fn main() {}
