// Return types of hooks.
#![deny(warnings)]

use panora_hooks::{Classify, ErrorClass, HookError, Metadata, PayloadError, Verifier, Webhooks, hooks, on};

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

#[derive(Debug)]
enum AppError {
    Number(std::num::ParseIntError),
    Io(std::io::Error),
}

impl std::fmt::Display for AppError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(error) => error.fmt(f),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for AppError {}

impl From<std::num::ParseIntError> for AppError {
    fn from(error: std::num::ParseIntError) -> Self {
        Self::Number(error)
    }
}

impl From<std::io::Error> for AppError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

impl Classify for AppError {
    fn classify(&self) -> ErrorClass {
        match self {
            Self::Number(_) => ErrorClass::Permanent,
            Self::Io(_) => ErrorClass::Retryable,
        }
    }
}

type AppResult<T = ()> = Result<T, AppError>;

#[on("ticketing.ticket.created")]
async fn classified(meta: Metadata) -> Result<(), AppError> {
    let _: u8 = meta.id.parse()?;
    std::fs::metadata("nowhere")?;
    Ok(())
}

#[on("ticketing.ticket.pulled")]
async fn classified_through_an_alias() -> AppResult {
    Ok(())
}

#[on("ticketing.user.pulled")]
#[tracing::instrument]
async fn classified_and_instrumented() -> AppResult {
    Ok(())
}

#[on("ticketing.comment.created")]
async fn classified_by_hand(meta: Metadata) -> anyhow::Result<(), HookError> {
    let number = || -> AppResult<u8> { Ok(meta.id.parse()?) };
    number().map_err(HookError::classify)?;
    Ok(())
}

#[on("ticketing.comment.pulled")]
async fn boxed_is_another_type() -> Result<(), Box<AppError>> {
    Ok(())
}

/// It does not implement `Error`, so it can define its own conversion.
struct Refused;

impl From<Refused> for HookError {
    fn from(_: Refused) -> Self {
        HookError::permanent("refused")
    }
}

#[on("ticketing.tag.pulled")]
async fn converted() -> Result<(), Refused> {
    Err(Refused)
}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap())
        .hooks(hooks![nothing, unit, hook_error, text, static_text, anyhow_error, boxed, error])
        .hooks(hooks![
            classified,
            classified_through_an_alias,
            classified_and_instrumented,
            classified_by_hand,
            boxed_is_another_type,
            converted,
        ]);
}
