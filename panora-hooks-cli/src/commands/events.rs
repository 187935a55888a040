//! `events`: lists the catalogue, and writes hooks for event types.

use panora_hooks::{
    __cli::{Feature, hook_to_paste},
    catalogue::{self, EventType, Sender, Shape},
};
use serde_json::json;

use crate::{failure::Failure, find, print};

/// Lists event types, their payloads, and whether they are sent
#[derive(clap::Args)]
#[command(after_help = "\
A pattern with `*` matches whole names; one without matches any part of them.
Endpoints subscribe to the name; `on the wire` is the `type` in the body.

Example: panora-hooks events company")]
pub(crate) struct Args {
    /// Such as `crm.*`, `*.pulled`, or `contact`
    #[arg(default_value = "*", hide_default_value = true)]
    pattern: String,
    /// Only types that the last release sends
    #[arg(long)]
    sent: bool,
    /// Prints a hook to paste, for one event type
    #[arg(long, conflicts_with = "sent")]
    hook: bool,
}

pub(crate) fn run(Args { pattern, sent, hook }: &Args, json: bool) -> Result<(), Failure> {
    if *hook {
        return print_hook(pattern, json);
    }
    let found = find::events(pattern).filter(|event_type| !sent || event_type.sender() == Sender::Current);
    let found: Vec<_> = found.collect();
    if json {
        print::json(&found.iter().map(|event_type| to_json(event_type)).collect())?;
    } else if !found.is_empty() {
        let row = |event_type: &&EventType| {
            let wire_name = event_type.wire_names().next().unwrap_or_default();
            vec![
                event_type.name().to_owned(),
                if wire_name == event_type.name() { "same".to_owned() } else { wire_name.to_owned() },
                event_type.payload().unwrap_or("unknown").to_owned(),
                shape(event_type.shape()).to_owned(),
                sender(event_type.sender()).to_owned(),
            ]
        };
        print::table(&["name", "on the wire", "payload", "shape", "sent"], found.iter().map(row))?;
    }
    if found.is_empty() {
        let nearest = find::nearest(pattern).map(|name| format!("; perhaps `{name}`")).unwrap_or_default();
        return Err(Failure::no(format_args!(
            "no event type matches `{}`{nearest}",
            print::foreign(pattern)
        )));
    }
    Ok(())
}

fn print_hook(event_type: &str, json: bool) -> Result<(), Failure> {
    // Only the compiler of the program knows its features.
    let Some(hook) = hook_to_paste(event_type, Feature::Unknown) else {
        return Err(Failure::usage(format_args!(
            "`{}` is not one event type: expected lower-case words joined by dots, 128 characters at most, \
             such as `crm.contact.created`",
            print::foreign(event_type)
        )));
    };
    if catalogue::find(event_type).is_none()
        && let Some(nearest) = find::nearest(event_type)
    {
        print::warning(format_args!("unknown event type `{event_type}`, perhaps `{nearest}`"));
    }
    if json { print::json(&json!({ "hook": hook })) } else { print::line(hook) }
}

fn shape(shape: Shape) -> &'static str {
    match shape {
        Shape::Object => "object",
        Shape::List => "list",
    }
}

fn sender(sender: Sender) -> &'static str {
    match sender {
        Sender::Current => "yes",
        Sender::Past => "by older releases",
        Sender::Listed => "no, only listed",
        _ => "no",
    }
}

fn to_json(event_type: &EventType) -> serde_json::Value {
    let mut wire_names = event_type.wire_names();
    json!({
        "name": event_type.name(),
        "wire_name": wire_names.next(),
        "other_wire_name": wire_names.next(),
        "misspelling": event_type.misspelling(),
        "payload": event_type.payload(),
        "shape": shape(event_type.shape()),
        "sender": match event_type.sender() {
            Sender::Current => "current",
            Sender::Past => "past",
            Sender::Listed => "listed",
            _ => "unreachable",
        },
        "is_sent": event_type.is_sent(),
    })
}
