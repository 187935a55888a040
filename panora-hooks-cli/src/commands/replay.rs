//! `replay`: sends deliveries again.

use std::{io::BufRead, path::Path};

use panora_hooks::inbox::{EventKey, Inbox};

use super::{
    deliveries::Deliveries,
    inbox::{Location, Store, within},
    listen,
    send::not_sent,
};
use crate::{
    batch::Sent,
    body,
    failure::Failure,
    input, print,
    recording::Recording,
    secrets,
    send::{Answer, Client, Request, SendError},
};

/// Sends recorded deliveries again, one after the other
#[derive(clap::Args)]
#[command(after_help = "\
A recording is sent as it was, with the same bytes and signatures. An event of
an inbox is rebuilt as Panora sends it, and signed with PANORA_WEBHOOK_SECRET.

Example: panora-hooks replay deliveries.jsonl --to http://127.0.0.1:8000/webhook")]
pub(crate) struct Args {
    /// A recording, `-` for the standard input, or an event of an inbox
    #[arg(value_name = "FILE|ID")]
    what: String,
    /// The URL of the receiver
    #[arg(long, value_name = "URL")]
    to: String,
    /// Signs again, as `sign` does
    #[arg(long)]
    resign: bool,
    #[command(flatten)]
    inbox: Location,
}

pub(crate) async fn run(Args { what, to, resign, inbox }: Args, json: bool) -> Result<(), Failure> {
    let client = Client::new().map_err(Failure::of)?;
    // For a file whose name is a number, the user writes `./17`.
    match what.parse::<EventKey>() {
        Ok(key) => replay_event(inbox, key, &client, &to, json).await,
        Err(_) => replay_recording(Path::new(&what), &client, &to, resign, json).await,
    }
}

async fn replay_event(
    inbox: Location,
    key: EventKey,
    client: &Client,
    to: &str,
    json: bool,
) -> Result<(), Failure> {
    let verifier = secrets::verifier()?;
    let found = match inbox.open().await? {
        Store::Sqlite(inbox) => within(inbox.get(key)).await?,
        Store::Postgres(inbox) => within(inbox.get(key)).await?,
    };
    let event = found.map_err(Failure::of)?;
    let event = event.ok_or_else(|| Failure::no(format_args!("there is no event {key} in the inbox")))?;
    let request = Request::of_event(&event, &verifier, to).map_err(not_sent)?;
    let request = request.ok_or_else(|| Failure::no(format_args!("the data of event {key} is pruned")))?;
    let mut deliveries = Deliveries::new(1);
    let answer = client.send(request).await;
    deliver(&mut deliveries, Some(event.info.id.clone()), 0, answer)?;
    deliveries.finish(("event_type", event.info.event_type()), json)
}

async fn replay_recording(
    path: &Path,
    client: &Client,
    to: &str,
    resign: bool,
    json: bool,
) -> Result<(), Failure> {
    let verifier = if resign { Some(secrets::verifier()?) } else { None };
    // Only a regular file can be read twice.
    let is_on_disk = path.as_os_str() != "-" && path.is_file();
    let read = if is_on_disk { None } else { Some(input::read(path)?) };
    let open = || -> Result<Recording<Box<dyn BufRead + '_>>, Failure> {
        let lines: Box<dyn BufRead> =
            if let Some(read) = &read { Box::new(&**read) } else { input::open(path)? };
        Ok(Recording::new(lines))
    };
    let wrong = |error| input::wrong_recording("replay", path, &error);
    // The whole recording is checked before the first delivery is sent: half a replay would be hard
    // to tell from a complete one.
    let mut count = 0;
    for recorded in open()? {
        let recorded = recorded.map_err(wrong)?;
        Request::of_recorded(&recorded, to).map_err(not_sent)?;
        count += 1;
    }
    let mut deliveries = Deliveries::new(count as u64);
    // Sends no more than was counted, because the receiver may be recording to the same file.
    for (number, recorded) in open()?.take(count).enumerate() {
        let recorded = recorded.map_err(wrong)?;
        let mut request = Request::of_recorded(&recorded, to).map_err(not_sent)?;
        if let Some(verifier) = &verifier {
            match body::data(&recorded.body) {
                Ok(data) => request = request.signed(&verifier.sign(data)),
                Err(error) => {
                    let number = number + 1;
                    print::warning(format_args!("delivery {number} is sent as it was: {error}"));
                }
            }
        }
        let answer = client.send(request).await;
        deliver(&mut deliveries, listen::id(&recorded), number, answer)?;
    }
    deliveries.finish(("recording", &path.display().to_string()), json)
}

/// Adds a result. Returns an error if the first delivery finds the receiver unreachable, so that
/// the others are not tried.
fn deliver(
    deliveries: &mut Deliveries,
    id: Option<String>,
    number: usize,
    answer: Result<Answer, SendError>,
) -> Result<(), Failure> {
    match answer {
        Err(error @ SendError::Unreachable { .. }) if deliveries.is_empty() => Err(Failure::of(error)),
        answer => {
            deliveries.add(id, Sent::new(number as u64, answer));
            Ok(())
        }
    }
}
