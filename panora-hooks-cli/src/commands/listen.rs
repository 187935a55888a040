//! `listen`: shows deliveries as they arrive.

use std::{io, path::PathBuf, time::Duration};

use panora_hooks::catalogue;
use serde_json::{Value, json};

use crate::{
    body,
    failure::Failure,
    input,
    listen::{Heard, Listener, Verdict},
    print,
    recording::{Recorded, Recorder},
    redact, secrets,
    send::{Client, SendError},
};

/// The time limit for stopping, longer than that of the deliveries in flight.
const GRACE: Duration = Duration::from_secs(3);

/// Shows deliveries as they arrive, until Ctrl-C
#[derive(clap::Args)]
#[command(after_help = "\
Accepts any path. Verifies with PANORA_WEBHOOK_SECRET, if set, and answers as a
receiver does, or as the receiver of --forward did. `old` is the time since the
newest change in the payload. A recording contains everything delivered.

Example: panora-hooks listen --port 8001 --record deliveries.jsonl \\
  --forward http://127.0.0.1:8000/webhook")]
pub(crate) struct Args {
    /// The port on this machine; 0 takes any
    #[arg(long, value_name = "N", default_value_t = 8000)]
    port: u16,
    /// Forwards deliveries with their own bytes and signatures
    #[arg(long, value_name = "URL")]
    forward: Option<String>,
    /// Appends deliveries to a recording
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Also shows payloads, including credentials
    #[arg(long)]
    show_data: bool,
}

pub(crate) async fn run(Args { port, forward, record, show_data }: Args, json: bool) -> Result<(), Failure> {
    let verifier = secrets::verifier_if_any()?;
    let mut listener = Listener::bind(port).await.map_err(|error| not_bound(port, &error))?;
    if let Some(path) = &record {
        let recorder = Recorder::open(path);
        let recorder = recorder.map_err(|error| input::wrong_recording("record to", path, &error))?;
        listener = listener.record(recorder);
    }
    if let Some(url) = &forward {
        let client = Client::new().map_err(Failure::of)?;
        listener = listener.forward(client, url).map_err(Failure::usage)?;
    }
    let is_checked = verifier.is_some();
    if let Some(verifier) = verifier {
        listener = listener.verify(verifier);
    }
    let address = listener.local_addr().map_err(Failure::of)?;
    let interrupted = interrupted();
    print::note(format_args!("listening on http://{address}"));
    if !is_checked {
        print::warning(format_args!("{} is not set: nothing is verified", secrets::SECRET));
    }

    let (stop, mut stopped) = tokio::sync::watch::channel(());
    // Resolves when the output is closed, because nothing reads it any more.
    let (unseen, is_unseen) = tokio::sync::oneshot::channel::<()>();
    let shutdown = async move {
        tokio::select! {
            () = interrupted => {}
            _ = is_unseen => {}
        }
        drop(stop);
    };
    let mut over = stopped.clone();
    tokio::spawn(async move {
        let _ = over.changed().await;
        tokio::time::sleep(2 * GRACE).await;
        // If nothing reads the output, the thread that prints blocks forever, and the code below
        // does not run.
        std::process::exit(0);
    });
    let (mut failed, mut unseen) = (None, Some(unseen));
    let tell = |heard: Heard| {
        if heard.missed > 0 {
            print::warning(format_args!("{} deliveries came too fast to be shown", heard.missed));
        }
        if let Some(error) = &heard.not_recorded {
            print::warning(format_args!("the delivery is not recorded: {error}"));
        }
        let printed = if json { print::json(&to_json(&heard, show_data)) } else { show(&heard, show_data) };
        failed = failed.take().or(printed.err());
        if failed.is_some() || print::is_closed() {
            drop(unseen.take());
        }
    };
    let running = listener.run(shutdown, tell);
    let over = async {
        // The sender is dropped at shutdown, so this resolves with an error.
        let _ = stopped.changed().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        ended = running => ended.map_err(Failure::of)?,
        () = over => {}
    }
    failed.map_or(Ok(()), Err)
}

pub(super) fn not_bound(port: u16, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::AddrInUse => Failure::outside(
            format_args!("port {port} is in use: stop what listens there, or take another with --port"),
            error,
        ),
        _ => Failure::outside(format_args!("cannot listen on port {port}: take another with --port"), error),
    }
}

/// Resolves on Ctrl-C, also if that comes before the first poll.
pub(super) fn interrupted() -> impl Future<Output = ()> {
    #[cfg(unix)]
    let signal = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt());
    #[cfg(not(unix))]
    let signal = tokio::signal::windows::ctrl_c();
    async move {
        match signal {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    }
}

/// Returns the `id_event` of a delivery if its body can be read.
pub(super) fn id(recorded: &Recorded) -> Option<String> {
    body::id(&recorded.body)
}

fn show(heard: &Heard, show_data: bool) -> Result<(), Failure> {
    let verdict = match &heard.verdict {
        Verdict::Verified => print::styled(print::GOOD, "verified"),
        Verdict::Refused(reason) => print::styled(print::BAD, format_args!("refused: {reason}")),
        _ => print::styled(print::DOUBTFUL, "unchecked"),
    };
    let mut parts = vec![print::time(heard.recorded.received_at), verdict];
    if let Some(wire_type) = &heard.wire_type {
        parts.push(print::foreign(wire_type));
        if let Some(known) = catalogue::find(wire_type).filter(|known| known.name() != wire_type) {
            parts.push(format!("({})", known.name()));
        }
    }
    parts.extend(heard.id.as_deref().map(print::foreign));
    parts.push(print::bytes(heard.recorded.body.len() as u64));
    parts.extend(heard.age.map(|age| format!("{} old", print::duration(age))));
    parts.push(match &heard.forwarded {
        Some(Ok(answer)) => format!("-> {} in {}", answer.status, print::duration(answer.latency)),
        Some(Err(SendError::TimedOut { .. })) => print::styled(print::BAD, "-> no answer in time"),
        Some(Err(error)) => print::styled(print::BAD, format_args!("-> {error}")),
        None => format!("-> {}", heard.status),
    });
    print::line(parts.join("  "))?;
    if show_data {
        print::line(print::pretty(&payload(&heard.recorded)))?;
    }
    Ok(())
}

/// Returns the payload, or the whole body if it contains no payload.
fn payload(recorded: &Recorded) -> Value {
    match body::data(&recorded.body) {
        Ok(data) => redact::payload(data),
        Err(_) => String::from_utf8_lossy(&recorded.body).into(),
    }
}

fn to_json(heard: &Heard, show_data: bool) -> Value {
    let Heard { recorded, verdict, id, wire_type, age, status, forwarded, not_recorded, missed, .. } = heard;
    let (verdict, reason) = match verdict {
        Verdict::Verified => ("verified", None),
        Verdict::Refused(reason) => ("refused", Some(reason)),
        _ => ("unchecked", None),
    };
    let mut value = json!({
        "received_at": print::time(recorded.received_at),
        "verdict": verdict,
        "reason": reason,
        "id_event": id,
        "event_type": wire_type.as_deref().map(|text| catalogue::find(text).map_or(text, |known| known.name())),
        "wire_type": wire_type,
        "size": recorded.body.len(),
        "age_seconds": age.map(|age| age.as_secs()),
        "status": status,
        "not_recorded": not_recorded.as_ref().map(ToString::to_string),
        "missed": missed,
    });
    if let Some(forwarded) = forwarded {
        value["forwarded"] = match forwarded {
            Ok(answer) => {
                json!({ "status": answer.status, "latency_ms": answer.latency.as_secs_f64() * 1000.0 })
            }
            Err(error) => json!({ "error": error.to_string() }),
        };
    }
    if show_data {
        value["data"] = payload(recorded);
    }
    value
}
