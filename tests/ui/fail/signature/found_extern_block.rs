use panora_hooks::on;

#[on("crm.contact.created")]
unsafe extern "C" {
    static ERRNO: i32;
}

fn main() {}
