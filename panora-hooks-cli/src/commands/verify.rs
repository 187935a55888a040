//! `verify`: checks the signatures of deliveries.

use std::path::PathBuf;

use panora_hooks::Verifier;
use serde_json::json;

use super::listen;
use crate::{
    failure::Failure,
    input, print,
    recording::{Recorded, Recording, RecordingError, is_recording},
    secrets,
};

/// Verifies a body and its signature, or a whole recording
#[derive(clap::Args)]
#[command(after_help = "\
Uses PANORA_WEBHOOK_SECRET and, if it is set, PANORA_WEBHOOK_SECRET_PREVIOUS.
Exit status 0: all deliveries verify; 1: one does not. `explain` says why.

Example: panora-hooks verify deliveries.jsonl")]
pub(crate) struct Args {
    #[command(flatten)]
    input: DeliveryArgs,
}

/// The source of deliveries.
#[derive(clap::Args)]
pub(crate) struct DeliveryArgs {
    /// A recording or a body; `-` is the standard input
    #[arg(default_value = "-")]
    pub(crate) file: PathBuf,
    /// The `Panora-Signature` that came with a body
    #[arg(long, value_name = "HEX")]
    pub(crate) signature: Option<String>,
}

impl DeliveryArgs {
    /// Calls `show` for each delivery of a recording, one at a time in memory, or for a single
    /// body.
    pub(crate) fn each(&self, mut show: impl FnMut(&Recorded) -> Result<(), Failure>) -> Result<(), Failure> {
        let Self { file, signature } = self;
        if let Some(signature) = signature {
            let body = input::read(file)?;
            if is_recording(&body) {
                return Err(Failure::usage("a recording has signatures of its own: leave out --signature"));
            }
            let headers = vec![(Verifier::SIGNATURE_HEADER.to_owned(), signature.clone().into_bytes())];
            return show(&Recorded::new("POST", "/", headers, body));
        }
        for recorded in Recording::new(input::open(file)?) {
            match recorded {
                Ok(recorded) => show(&recorded)?,
                Err(RecordingError::NotARecording | RecordingError::Empty) => {
                    return Err(Failure::usage(format_args!(
                        "`{}` is not a recording: a body needs the signature that came with it, in --signature",
                        file.display()
                    )));
                }
                Err(error) => return Err(input::wrong_recording("read", file, &error)),
            }
        }
        Ok(())
    }
}

pub(crate) fn run(Args { input }: &Args, json: bool) -> Result<(), Failure> {
    let verifier = secrets::verifier()?;
    let mut refused = 0;
    input.each(|recorded| {
        let (id, reason) = (listen::id(recorded), reason(&verifier, recorded));
        refused += usize::from(reason.is_some());
        if json {
            return print::json(
                &json!({ "id_event": id, "is_verified": reason.is_none(), "reason": reason }),
            );
        }
        let verdict = match reason {
            None => print::styled(print::GOOD, "verified"),
            Some(reason) => print::styled(print::BAD, format_args!("refused: {reason}")),
        };
        print::line(format_args!("{}  {verdict}", print::foreign(id.as_deref().unwrap_or("?"))))
    })?;
    if refused > 0 { Err(Failure::No(None)) } else { Ok(()) }
}

fn reason(verifier: &Verifier, recorded: &Recorded) -> Option<String> {
    match recorded.signature() {
        None => Some("there is not exactly one `Panora-Signature`".to_owned()),
        Some(signature) => verifier.verify(&recorded.body, signature).err().map(|error| error.to_string()),
    }
}
