use panora_hooks::on;

trait Receiver {
    #[on("crm.contact.created")]
    async fn contact_created();
}

fn main() {}
