//! `send`: sends sample deliveries.

use std::{path::PathBuf, time::Duration};

use panora_hooks::catalogue;

use super::{deliveries::Deliveries, listen};
use crate::{
    batch::{Batch, Sent},
    failure::Failure,
    input, print, secrets,
    send::{Client, Request, SendError},
    template::{Retyped, Template, TemplateError},
};

/// Sends signed samples, byte for byte as Panora makes them
#[derive(clap::Args)]
#[command(after_help = "\
Prints the status of each answer, such as 200. Each delivery is a new event,
signed with PANORA_WEBHOOK_SECRET. At most five are in flight, as from Panora.

Example: panora-hooks send crm.company.created --set name=Acme \\
  --to http://127.0.0.1:8000/webhook")]
pub(crate) struct Args {
    /// An event type, such as `crm.company.created`
    event: String,
    /// The URL of the receiver
    #[arg(long, value_name = "URL")]
    to: String,
    /// Sets a value in the payload: JSON, or else a text
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// The payload, as JSON; `-` is the standard input
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// The number of deliveries
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    count: u64,
    /// Deliveries per second; by default as answers arrive
    #[arg(long, value_name = "N", value_parser = rate)]
    rate: Option<Duration>,
    /// Sends each delivery twice
    #[arg(long)]
    duplicate: bool,
    /// Sends the deliveries in random order
    #[arg(long)]
    shuffle: bool,
    /// Sends the payload as JSON instead of in a string
    #[arg(long)]
    object: bool,
}

/// Parses deliveries per second, as the time from one delivery to the next.
fn rate(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(rate) if (0.001..=100_000.0).contains(&rate) => Ok(Duration::from_secs_f64(1.0 / rate)),
        _ => Err("expected a number from 0.001 to 100000".to_owned()),
    }
}

pub(crate) async fn run(args: Args, json: bool) -> Result<(), Failure> {
    let verifier = secrets::verifier()?;
    let template = template(&args)?;
    let Args { to, count, rate, duplicate, shuffle, .. } = args;
    if count > 1 && !template.is_varied() {
        print::warning(
            "every delivery has the same payload: if it is an object, an inbox parks all but the first",
        );
    }
    let batch = Batch { count, interval: rate, is_duplicated: duplicate, is_shuffled: shuffle };
    let client = Client::new().map_err(Failure::of)?;
    let copies = if duplicate { 2 } else { 1 };
    let all = count.saturating_mul(copies);
    let mut deliveries = Deliveries::new(all);
    let request = |number| Request::of_sample(&template.delivery(number), &verifier, &to);
    let tell = |sent: Sent| deliveries.add(Some(template.id(sent.number)), sent);
    let sent = tokio::select! {
        sent = batch.send(&client, request, tell) => sent.map(|()| true),
        () = listen::interrupted() => Ok(false),
    };
    let is_whole = sent.map_err(not_sent)?;
    let answered = deliveries.len();
    deliveries.finish(("event_type", template.event_type()), json)?;
    if is_whole {
        return Ok(());
    }
    Err(Failure::no(format_args!("stopped: {answered} of {all} deliveries were answered")))
}

fn template(Args { event, set, data, object, .. }: &Args) -> Result<Template, Failure> {
    let wrong = |error: TemplateError| Failure::usage(error);
    let mut template = match data {
        Some(file) => {
            let payload = input::read(file)?;
            let template = Template::with_payload(event, &payload).map_err(wrong)?;
            if catalogue::find(event).is_none() {
                print::warning(format_args!("the catalogue does not hold `{}`", print::foreign(event)));
            }
            template
        }
        None => Template::new(event).map_err(wrong)?,
    };
    if let Some(known) = catalogue::find(event).filter(|known| !known.is_sent()) {
        print::warning(format_args!("no known release of Panora sends `{}`", known.name()));
    }
    for assignment in set {
        template = template.set(assignment).map_err(wrong)?;
    }
    for Retyped { path, before, now, .. } in template.retyped() {
        let path = print::foreign(path);
        print::warning(format_args!("`{path}` was {before} and is {now} now: a hook may not accept it"));
    }
    if *object { template.as_object().map_err(wrong) } else { Ok(template) }
}

pub(super) fn not_sent(error: SendError) -> Failure {
    match error {
        SendError::Url => Failure::usage(error),
        _ => Failure::of(error),
    }
}
