//! `gaps`: finds events that the sender has sent and the inbox has never received.

use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime},
};

use futures_util::TryStreamExt;
use jiff::Timestamp;
use panora_hooks::{
    endpoints::{Client, Gap, GapError, GapReport, GapSearch, find_gaps},
    inbox::Inbox,
};
use serde_json::{Value, json};

use super::{
    endpoints::{ApiArgs, failed},
    inbox::{Location, Store},
};
use crate::{
    failure::{Failure, with_cause},
    find, moment, print,
};

/// Finds events that were sent and never received
#[derive(clap::Args)]
#[command(after_help = "\
Compares Panora's list of events with the inbox. PANORA_API_KEY is a key of the
project; PANORA_API_URL, PANORA_INBOX and PANORA_INBOX_SCHEMA set --api, --inbox
and --schema. Status 0: nothing is missing; 1: something is.

Example: panora-hooks gaps --since 24h")]
pub(crate) struct Args {
    /// Start of the period: an age such as `24h`, or a time
    #[arg(long, value_name = "TIME", value_parser = moment::moment)]
    since: SystemTime,
    /// End of the period
    #[arg(long, value_name = "TIME", value_parser = moment::moment)]
    until: Option<SystemTime>,
    /// These types instead of those of active endpoints
    #[arg(long, value_name = "PATTERN")]
    scope: Vec<String>,
    /// How long a delivery may take
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = moment::age)]
    grace: Duration,
    #[command(flatten)]
    api: ApiArgs,
    #[command(flatten)]
    location: Location,
}

pub(crate) async fn run(args: Args, json: bool) -> Result<(), Failure> {
    let Args { since, until, scope, grace, api, location } = args;
    let recent = moment::ago(grace);
    let until = until.map_or(recent, |until| until.min(recent));
    if since >= until {
        return Err(Failure::usage(format_args!(
            "no event is compared, because the period from {} to {} is empty: check --since, --until and --grace",
            print::time(since),
            print::time(until)
        )));
    }
    let client = api.client()?;
    let search = with_scope(GapSearch::new(since..until), &scope, &client).await?;
    match location.open().await? {
        Store::Sqlite(inbox) => compare(&client, &inbox, &search, json).await,
        Store::Postgres(inbox) => compare(&client, &inbox, &search, json).await,
    }
}

/// Adds the event types of `scope` or, if that is empty, those of the active endpoints.
async fn with_scope(search: GapSearch, scope: &[String], client: &Client) -> Result<GapSearch, Failure> {
    if !scope.is_empty() {
        let names: Result<Vec<_>, _> = scope.iter().map(|pattern| find::scope(pattern)).collect();
        return Ok(search.names(names.map_err(Failure::usage)?.concat()));
    }
    let endpoints = client.list().await.map_err(failed)?;
    if !endpoints.iter().any(|endpoint| endpoint.is_active) {
        return Err(Failure::usage("no endpoint of the project is active: name event types with --scope"));
    }
    let names = |is_active: bool| {
        let endpoints = endpoints.iter().filter(move |endpoint| endpoint.is_active == is_active);
        endpoints
            .flat_map(|endpoint| &endpoint.scope)
            .map(|name| print::foreign(name))
            .collect::<BTreeSet<_>>()
    };
    let unused: Vec<_> = names(false).difference(&names(true)).cloned().collect();
    if !unused.is_empty() {
        print::note(format_args!(
            "event types not compared, because no active endpoint subscribes to them: {}",
            unused.join(", ")
        ));
    }
    Ok(search.endpoints(&endpoints))
}

async fn compare(client: &Client, inbox: &impl Inbox, search: &GapSearch, json: bool) -> Result<(), Failure> {
    let progress = print::Progress::counting("pages of the list of events");
    let mut read = 0;
    let pages = client.events(search.period()).inspect_ok(|_| {
        read += 1;
        progress.set(read);
    });
    let report = find_gaps(pages, inbox, search).await.map_err(|error| match error {
        GapError::Api(error) => failed(error),
        error => Failure::Outside(with_cause(&error)),
    })?;
    drop(progress);
    if json {
        print::json(&to_json(search, &report))?;
    } else {
        show(search, &report)?;
    }
    say_what_is_unknown(&report);
    if report.missing.is_empty() { Ok(()) } else { Err(Failure::No(None)) }
}

fn show(search: &GapSearch, report: &GapReport) -> Result<(), Failure> {
    let period = search.period();
    let period = format!("from {} to {}", print::time(period.start), print::time(period.end));
    if report.missing.is_empty() && report.received == 0 {
        return print::line(format_args!("no event, sent {period}, was compared"));
    }
    if report.missing.is_empty() {
        return print::line(format_args!(
            "nothing is missing: {} compared events, sent {period}, were received",
            report.received
        ));
    }
    let row = |gap: &Gap| {
        let foreign = |text: &Option<String>| text.as_deref().map(print::foreign).unwrap_or_default();
        vec![
            time(gap.row.timestamp),
            print::foreign(&gap.event_type),
            print::foreign(&gap.row.id),
            foreign(&gap.row.provider),
            foreign(&gap.row.linked_user),
        ]
    };
    print::table(&["sent", "type", "id_event", "provider", "linked user"], report.missing.iter().map(row))?;
    print::line("")?;
    let hours = report.by_hour.iter().filter(|(_, count)| count.missing > 0);
    let hours = hours.map(|((hour, event_type), count)| {
        let missing = format!("{} of {}", count.missing, count.sent);
        vec![print::time(*hour), print::foreign(event_type), missing]
    });
    print::table(&["hour", "type", "missing"], hours)?;
    let sent = report.received + report.missing.len() as u64;
    print::line(format_args!(
        "\n{} of {sent} compared events, sent {period}, are missing",
        report.missing.len()
    ))
}

/// Prints to the standard error why events that are not in the inbox may not be missing.
fn say_what_is_unknown(report: &GapReport) {
    if !report.before_inbox.is_empty() {
        let since = report.inbox_since.map(print::time).unwrap_or_default();
        print::note(format_args!(
            "events not compared, because they were sent before the inbox shows any event ({since}): {}",
            report.before_inbox.len()
        ));
    }
    if !report.before_endpoint.is_empty() {
        print::note(format_args!(
            "events not compared, because they were sent before an endpoint subscribed to their type: {}",
            report.before_endpoint.len()
        ));
    }
    if report.received == 0 && report.missing.is_empty() {
        print::warning("no event was compared: check the project of PANORA_API_KEY, and the period");
    }
    if report.missing.is_empty() {
        return;
    }
    if report.inbox_since.is_none() {
        print::warning("the inbox is empty: check --inbox, and whether the receiver accepts deliveries");
    }
    print::note(
        "the list does not show deliveries: events that were sent while their endpoint was disabled, or that \
         still wait in the sender's queue, also count as missing",
    );
}

fn to_json(search: &GapSearch, report: &GapReport) -> Value {
    let gaps = |gaps: &[Gap]| gaps.iter().map(gap_to_json).collect::<Value>();
    let hours = report.by_hour.iter().map(|((hour, event_type), count)| {
        json!({
            "hour": print::time(*hour),
            "event_type": event_type,
            "sent": count.sent,
            "missing": count.missing,
        })
    });
    let period = search.period();
    json!({
        "since": print::time(period.start),
        "until": print::time(period.end),
        "received": report.received,
        "missing": gaps(&report.missing),
        "before_inbox": gaps(&report.before_inbox),
        "before_endpoint": gaps(&report.before_endpoint),
        "inbox_since": report.inbox_since.map(print::time),
        "by_hour": hours.collect::<Value>(),
    })
}

fn gap_to_json(Gap { row, event_type, .. }: &Gap) -> Value {
    json!({
        "id_event": row.id,
        "event_type": event_type,
        "wire_type": row.wire_type,
        "provider": row.provider,
        "connection": row.connection,
        "linked_user": row.linked_user,
        "status": row.status,
        "timestamp": time(row.timestamp),
    })
}

/// Formats a time of the sender's list, which has milliseconds.
fn time(time: SystemTime) -> String {
    Timestamp::try_from(time).map(|time| format!("{time:.3}")).unwrap_or_default()
}
