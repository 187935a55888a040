//! One run, from the start of the receiver to the verdict.

use std::{
    fs::{self, OpenOptions},
    io,
    path::Path,
    time::{Duration, Instant},
};

use panora_hooks::catalogue::EventType;
use tokio::{
    signal::unix::{SignalKind, signal},
    time,
};

use super::{
    Args,
    contents::{left_to_run, require_no_events, stored_of},
    report::Report,
};
use crate::{
    commands::inbox::{Location, Store},
    failure::Failure,
    find, print, secrets,
    torture::{
        AttackError, Handled, HandledLog, Plan, Receiver, ReceiverError, Target, attack, until_quiet, verdict,
    },
};

/// The time limit for the first start of the receiver. A build may be part of it.
const START_TIMEOUT: Duration = Duration::from_mins(10);

/// The time limit for the receiver to run the events after the last kill. By default, the leases of
/// a killed receiver end after a minute.
const IDLE_TIMEOUT: Duration = Duration::from_secs(80);

/// The time limit for the receiver to open its inbox.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);

const POLL: Duration = Duration::from_millis(20);

/// The number of lines of the receiver's output that are shown if it does not run.
const SHOWN_LINES: usize = 20;

/// Runs the command. Every failure but a loss has exit status 2.
pub(crate) async fn run(args: Args, json: bool) -> Result<(), Failure> {
    let stopped = stopped().map_err(|error| Failure::outside("cannot wait for signals", &error))?;
    let done = tokio::select! {
        done = run_to_the_end(args, json) => done,
        () = stopped => Err(Failure::usage("stopped without a verdict")),
    };
    done.map_err(|failure| match failure {
        Failure::Outside(text) => Failure::Usage(text),
        failure => failure,
    })
}

/// Resolves on Ctrl-C, or if the terminal or a supervisor ends this process.
fn stopped() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let mut quit = signal(SignalKind::quit())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
            _ = quit.recv() => {}
        }
    })
}

async fn run_to_the_end(args: Args, json: bool) -> Result<(), Failure> {
    let verifier = secrets::verifier()?;
    let plan = plan(&args)?;
    let Args {
        to, location, into_existing, handled_log, rate, senders, events, report: file, command, ..
    } = args;
    if let Some(path) = &file {
        // A path that cannot be written is reported before the run.
        let open = OpenOptions::new().create(true).append(true).open(path);
        open.map_err(|error| unwritable(path, &error))?;
    }
    let start = Instant::now();
    let (program, arguments) =
        command.split_first().ok_or_else(|| Failure::usage("no command after `--`"))?;
    let mut receiver = Receiver::new(&to, program, arguments).map_err(Failure::of)?;
    receiver.check_port().await.map_err(Failure::of)?;
    // With a log, a file with the default name may belong to another receiver.
    let has_inbox = location.is_given() || handled_log.is_none();
    let existing = if has_inbox { location.open_if_created().await? } else { None };
    let is_new = existing.is_none();
    if let Some(store) = existing {
        require_no_events(&store, &plan, into_existing).await?;
    }
    let mut log = handled_log.as_deref().map(HandledLog::begin);
    let starting = print::Progress::waiting("waiting until the receiver answers");
    receiver.start(START_TIMEOUT).await.map_err(|error| not_running(&receiver, &error))?;
    drop(starting);
    // The inbox is not kept open during the kills, because the receiver has to recover it alone.
    if has_inbox {
        let store = open(&location).await?;
        if is_new {
            // An inbox of an older format can be read only now.
            require_no_events(&store, &plan, into_existing).await?;
        }
    }
    print::note(format_args!(
        "seed {}, output of the receiver: {}",
        plan.seed(),
        receiver.output().display()
    ));

    let progress = print::Progress::towards(plan.steps().len() as u64);
    let tell = |begun: usize| progress.set(begun as u64);
    let target = Target { url: to, verifier };
    let attacked = attack(&plan, target, senders.into(), &mut receiver, log.as_mut(), tell).await;
    drop(progress);
    let record = attacked.map_err(|error| match error {
        AttackError::Receiver(error) => not_running(&receiver, &error),
        error => Failure::of(error),
    })?;
    let store = if has_inbox { Some(open(&location).await?) } else { None };
    let settling = async {
        let _progress = print::Progress::waiting("waiting until all events have run");
        match (&store, &log) {
            (Some(store), _) => left_to_run(store, IDLE_TIMEOUT).await.map(Some),
            (None, Some(log)) => {
                let quiet = until_quiet(log, &plan, &record, IDLE_TIMEOUT).await;
                quiet.map(|()| None).map_err(|error| unreadable(&error))
            }
            (None, None) => Ok(None),
        }
    };
    let left = tokio::select! {
        left = settling => left?,
        error = receiver.ended() => return Err(not_running(&receiver, &error)),
    };
    let stored = match &store {
        Some(store) => Some(stored_of(store, &plan, record.acknowledged_events().collect()).await?),
        None => None,
    };
    let handled = match &log {
        Some(log) => log.read(&plan).map_err(|error| unreadable(&error))?,
        None => Handled::default(),
    };
    let report = Report {
        verdict: verdict(&plan, &record, stored.as_ref(), &handled),
        repeated: log.is_some().then(|| handled.repeated(&record, has_inbox)),
        left,
        plan: &plan,
        record: &record,
        events: &events,
        rate,
        senders,
        output: receiver.output(),
        took: start.elapsed(),
    };
    report.print(json)?;
    if let Some(path) = &file {
        fs::write(path, format!("{:#}\n", report.to_json())).map_err(|error| unwritable(path, &error))?;
    }
    if report.verdict.lost.is_empty() { Ok(()) } else { Err(Failure::No(None)) }
}

fn plan(Args { events, seed, kills, rate, .. }: &Args) -> Result<Plan, Failure> {
    let types: Vec<_> = find::events(events).map(EventType::name).collect();
    if types.is_empty() {
        return Err(Failure::usage(format_args!("no event type matches `{}`", print::foreign(events))));
    }
    // Short enough to be typed, and exact in every JSON reader.
    let seed = seed.unwrap_or_else(|| fastrand::u32(..).into());
    Plan::new(seed, *kills, Duration::from_secs(1) / *rate, types).map_err(Failure::usage)
}

/// Opens the inbox of the started receiver, which may listen before it opens the inbox itself.
async fn open(location: &Location) -> Result<Store, Failure> {
    let start = Instant::now();
    loop {
        match location.open_if_created().await {
            Ok(Some(store)) => return Ok(store),
            Ok(None) if start.elapsed() > OPEN_TIMEOUT => {
                return Err(Failure::usage(
                    "the receiver has not created the inbox: name it with --inbox, or use --handled-log \
                     for a receiver without an inbox",
                ));
            }
            Err(failure) if start.elapsed() > OPEN_TIMEOUT => return Err(failure),
            _ => time::sleep(POLL).await,
        }
    }
}

/// Shows the end of the receiver's output before the error.
fn not_running(receiver: &Receiver, error: &ReceiverError) -> Failure {
    let tail = receiver.output_tail();
    let lines: Vec<_> = tail.lines().collect();
    if !lines.is_empty() {
        print::note(format_args!("the end of {}:", receiver.output().display()));
        for line in lines.iter().skip(lines.len().saturating_sub(SHOWN_LINES)) {
            print::note(format_args!("  {}", print::foreign_whole(line)));
        }
    }
    Failure::of(error)
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format_args!("cannot write `{}`: {error}", path.display()))
}

fn unreadable(error: &io::Error) -> Failure {
    Failure::usage(format_args!("the handled log cannot be used: {error}"))
}
