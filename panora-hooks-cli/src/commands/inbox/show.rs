//! `inbox show`, and the output format of events.

use std::time::SystemTime;

use panora_hooks::inbox::{AttemptInfo, Capability, EventInfo, EventKey, EventState, Filter, Inbox, Query};
use serde_json::{Value, json};

use super::{selection, within};
use crate::{failure::Failure, print, redact};

/// Shows an event, its attempts and the structure of its payload
#[derive(clap::Args)]
#[command(after_help = "Example: panora-hooks inbox show 17")]
pub(super) struct Args {
    /// The number of the event
    #[arg(value_name = "ID", value_parser = selection::key)]
    key: EventKey,
    /// Shows the payload itself, including credentials
    #[arg(long)]
    show_data: bool,
}

pub(super) async fn run(
    inbox: &impl Inbox,
    Args { key, show_data }: &Args,
    json: bool,
) -> Result<(), Failure> {
    let event = within(inbox.get(*key)).await?.map_err(Failure::of)?;
    let event = event.ok_or_else(|| unknown(*key))?;
    let payload = event.data.as_deref().map(redact::payload);
    let payload = match payload {
        Some(payload) if *show_data => payload,
        Some(payload) => redact::redact(payload),
        None => Value::Null,
    };
    let info = &event.info;
    let attempts = if inbox.capabilities().has(Capability::Attempts) {
        within(inbox.attempts(*key)).await?.map_err(Failure::of)?
    } else {
        Vec::new()
    };
    if json {
        let mut value = to_json(info);
        value["recorded_attempts"] = attempts.iter().map(attempt_to_json).collect();
        value["data"] = payload;
        return print::json(&value);
    }
    let head = head_of_lane(inbox, info).await?;
    let fields = [
        ("id", Some(info.key.to_string())),
        ("id_event", Some(print::foreign_whole(&info.id))),
        ("type", Some(print::foreign_whole(info.event_type()))),
        ("on the wire", Some(print::foreign_whole(&info.wire_type))),
        ("received", Some(print::time(info.received_at))),
        ("state", Some(state(info.state) + if info.is_head() { ", head of its lane" } else { "" })),
        ("until", info.until.map(print::time)),
        ("waits for", head.map(|head| format!("event {head}"))),
        ("lane", info.lane.map(|lane| lane.to_string())),
        ("why", info.reason.as_deref().map(print::foreign_whole)),
        ("last error", last_error(info).map(print::foreign_whole)),
        ("tried", Some(info.attempts.to_string())),
        ("run", (info.run > 1).then(|| info.run.to_string())),
        ("done", info.done_at.map(print::time)),
        ("took", info.duration.map(print::duration)),
        ("size", Some(info.size.map_or_else(|| "pruned".to_owned(), print::bytes))),
    ];
    for (name, value) in fields {
        if let Some(value) = value {
            print::line(format_args!("{name:<12} {value}"))?;
        }
    }
    if !attempts.is_empty() {
        print::line("")?;
        print::table(
            &["attempt", "began", "took", "outcome", "worker", "error"],
            attempts.iter().map(attempt_row),
        )?;
    }
    if event.data.is_some() {
        print::line(format_args!("\n{}", print::pretty(&payload)))?;
    }
    Ok(())
}

/// Returns the event that a waiting event waits for.
async fn head_of_lane(inbox: &impl Inbox, info: &EventInfo) -> Result<Option<EventKey>, Failure> {
    let Some(lane) = info.lane.filter(|_| info.state == EventState::Waiting) else { return Ok(None) };
    for state in [EventState::Ready, EventState::Delayed, EventState::Leased] {
        let query = Query::new(Filter::new().lane(lane).state(state)).limit(1);
        let page = within(inbox.list(query)).await?.map_err(Failure::of)?;
        if let Some(head) = page.items.first() {
            return Ok(Some(head.key));
        }
    }
    // The head has changed its state meanwhile.
    Ok(None)
}

pub(super) fn unknown(key: EventKey) -> Failure {
    Failure::no(format_args!("there is no event {key} in the inbox"))
}

pub(super) fn row(info: &EventInfo) -> Vec<String> {
    vec![
        info.key.to_string(),
        state(info.state) + if info.is_head() { ", head" } else { "" },
        print::foreign(info.event_type()),
        print::time(info.received_at),
        info.attempts.to_string(),
        info.size.map_or_else(|| "pruned".to_owned(), print::bytes),
        info.reason.as_deref().or(info.last_error.as_deref()).map(print::foreign).unwrap_or_default(),
    ]
}

/// Returns the last error, unless the reason contains it.
fn last_error(info: &EventInfo) -> Option<&str> {
    let reason = info.reason.as_deref().unwrap_or_default();
    info.last_error.as_deref().filter(|error| !reason.contains(error))
}

fn attempt_row(attempt: &AttemptInfo) -> Vec<String> {
    let number = attempt.number.to_string();
    vec![
        if attempt.run > 1 { format!("{number} of run {}", attempt.run) } else { number },
        attempt.started_at.map(print::time).unwrap_or_default(),
        attempt.duration.map(print::duration).unwrap_or_default(),
        attempt.outcome.to_string(),
        attempt.worker.as_deref().map(print::foreign).unwrap_or_default(),
        attempt.error.as_deref().map(print::foreign_whole).unwrap_or_default(),
    ]
}

fn attempt_to_json(attempt: &AttemptInfo) -> Value {
    json!({
        "run": attempt.run,
        "number": attempt.number,
        "started_at": time(attempt.started_at),
        "duration_seconds": attempt.duration.map(|duration| duration.as_secs_f64()),
        "outcome": attempt.outcome.as_str(),
        "worker": attempt.worker,
        "error": attempt.error,
    })
}

fn time(time: Option<SystemTime>) -> Option<String> {
    time.map(print::time)
}

fn state(state: EventState) -> String {
    match state {
        EventState::Done => print::styled(print::GOOD, state),
        EventState::Dead => print::styled(print::BAD, state),
        EventState::Parked | EventState::Delayed => print::styled(print::DOUBTFUL, state),
        _ => state.to_string(),
    }
}

/// Returns the number of an event as JSON, as a string if it does not fit a JSON integer.
pub(super) fn number(key: EventKey) -> Value {
    u64::try_from(key.number()).map_or_else(|_| json!(key.to_string()), |number| json!(number))
}

pub(super) fn to_json(info: &EventInfo) -> Value {
    json!({
        "id": number(info.key),
        "id_event": info.id,
        "event_type": info.event_type(),
        "wire_type": info.wire_type,
        "received_at": print::time(info.received_at),
        "lane": info.lane.map(|lane| lane.to_string()),
        "state": info.state.as_str(),
        "is_head": info.is_head(),
        "until": time(info.until),
        "reason": info.reason,
        "last_error": info.last_error,
        "attempts": info.attempts,
        "run": info.run,
        "done_at": time(info.done_at),
        "duration_seconds": info.duration.map(|duration| duration.as_secs_f64()),
        "size": info.size,
    })
}
