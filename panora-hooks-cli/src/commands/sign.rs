//! `sign`: prints the signature of a body.

use std::path::PathBuf;

use serde_json::json;

use crate::{body, failure::Failure, input, print, secrets};

/// Prints the signature of a body
#[derive(clap::Args)]
#[command(after_help = "\
Signs what Panora signs, the JSON text of `data`, with PANORA_WEBHOOK_SECRET.

Example: echo '{\"id_event\":\"1\",\"data\":\"[]\",\"type\":\"x\"}' | panora-hooks sign")]
pub(crate) struct Args {
    /// A body; `-` is the standard input
    #[arg(default_value = "-")]
    file: PathBuf,
    /// The file contains only the JSON text of `data`
    #[arg(long)]
    data: bool,
}

pub(crate) fn run(Args { file, data }: &Args, json: bool) -> Result<(), Failure> {
    let verifier = secrets::verifier()?;
    let bytes = input::read(file)?;
    let text = if *data { body::json_text(&bytes) } else { body::data(&bytes) };
    let text =
        text.map_err(|error| Failure::usage(format_args!("cannot sign `{}`: {error}", file.display())))?;
    let signature = verifier.sign(text);
    if json { print::json(&json!({ "signature": signature })) } else { print::line(signature) }
}
