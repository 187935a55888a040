use panora_hooks::{HookError, Verifier, Webhooks, hooks, on};

#[derive(Debug)]
struct AppError;

impl std::fmt::Display for AppError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no address")
    }
}

impl std::error::Error for AppError {}

impl From<AppError> for HookError {
    fn from(error: AppError) -> Self {
        HookError::permanent(error)
    }
}

#[on("crm.contact.created")]
async fn contact_created() -> Result<(), AppError> {
    Ok(())
}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contact_created]);
}
