use panora_hooks::on;

struct App;

impl App {
    #[on("crm.contact.created")]
    async fn contact_created(&self) {}
}

fn main() {}
