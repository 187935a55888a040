// What a hook may return.
#![deny(warnings)]

use panora_hooks::{HookError, Metadata, PayloadError, Verifier, Webhooks, hooks, on};

#[on("crm.contact.created")]
async fn nothing() {}

#[on("crm.deal.created")]
async fn unit() -> () {}

#[on("crm.note.created")]
async fn hook_error(meta: Metadata) -> Result<(), HookError> {
    let _: u8 = meta.id.parse()?;
    let _: u8 = meta.id.parse().map_err(HookError::permanent)?;
    std::fs::metadata("nowhere")?;
    Err("a text")?;
    Err(anyhow::anyhow!("an anyhow error"))?;
    Err(HookError::permanent("a text"))
}

#[on("crm.task.created")]
async fn text() -> Result<(), String> {
    Ok(())
}

#[on("crm.stage.pulled")]
async fn static_text() -> Result<(), &'static str> {
    Ok(())
}

#[on("crm.user.pulled")]
async fn anyhow_error() -> anyhow::Result<()> {
    Ok(())
}

#[on("crm.contact.pulled")]
async fn boxed() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    Ok(())
}

#[on("crm.company.created")]
async fn error() -> Result<(), PayloadError> {
    Ok(())
}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![
        nothing,
        unit,
        hook_error,
        text,
        static_text,
        anyhow_error,
        boxed,
        error
    ]);
}
