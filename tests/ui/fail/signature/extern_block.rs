use panora_hooks::on;

unsafe extern "C" {
    #[on("crm.contact.created")]
    fn contact_created();
}

fn main() {}
