//! `explain`: explains why a signature does not match.

use serde_json::json;

use super::{listen, verify::DeliveryArgs};
use crate::{
    explain::{Cause, explain_recorded},
    failure::Failure,
    print, secrets,
};

/// Explains why a signature does not match
#[derive(clap::Args)]
#[command(after_help = "\
Tries changes that are known to happen, such as rewritten JSON, another secret,
or a signature of the whole body. Every variable whose name begins with
PANORA_WEBHOOK_SECRET is a secret to try. Nothing is sent anywhere. A delivery
that `verify` accepts matches.

Example: panora-hooks explain deliveries.jsonl")]
pub(crate) struct Args {
    #[command(flatten)]
    input: DeliveryArgs,
}

pub(crate) fn run(Args { input }: &Args, json: bool) -> Result<(), Failure> {
    let secrets = secrets::known()?;
    let mut mismatches = 0;
    input.each(|recorded| {
        let id = listen::id(recorded);
        let progress = print::Progress::waiting("trying known changes");
        let explanation = explain_recorded(recorded, &secrets);
        drop(progress);
        mismatches += usize::from(!explanation.is_match());
        if json {
            return print::json(&json!({
                "id_event": id,
                "is_match": explanation.is_match(),
                "causes": explanation.causes().map(Cause::as_str).collect::<Vec<_>>(),
                "offset": explanation.offset(),
                "explanation": explanation.to_string(),
            }));
        }
        // The input is a single body, so the line needs no id.
        if input.signature.is_some() {
            print::line(&explanation)
        } else {
            print::line(format_args!("{}  {explanation}", print::foreign(id.as_deref().unwrap_or("?"))))
        }
    })?;
    if mismatches > 0 { Err(Failure::No(None)) } else { Ok(()) }
}
