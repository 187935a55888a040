use panora_hooks::{Classify, ErrorClass, Verifier, Webhooks, hooks, on};

struct AppError;

impl Classify for AppError {
    fn classify(&self) -> ErrorClass {
        ErrorClass::Permanent
    }
}

#[on("crm.contact.created")]
async fn contact_created() -> Result<(), AppError> {
    Ok(())
}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contact_created]);
}
