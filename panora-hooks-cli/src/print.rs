//! Output.

use std::{
    env,
    fmt::Display,
    io::{self, Write},
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

use anstyle::{AnsiColor, Style};
use comfy_table::{ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use panora_hooks::__cli::printable;
use serde_json::Value;

use crate::failure::Failure;

const ERROR: Style = AnsiColor::Red.on_default().bold();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default();
pub(crate) const DOUBTFUL: Style = AnsiColor::Yellow.on_default();

/// Whether the reader of the standard output has closed it.
static IS_CLOSED: AtomicBool = AtomicBool::new(false);

pub(crate) fn is_closed() -> bool {
    IS_CLOSED.load(Ordering::Relaxed)
}

/// Writes a line to the standard output.
pub(crate) fn line(content: impl Display) -> Result<(), Failure> {
    text(format_args!("{content}\n"))
}

/// Writes text to the standard output. Colours are omitted if it is not a terminal.
pub(crate) fn text(text: impl Display) -> Result<(), Failure> {
    let mut stdout = anstream::stdout();
    written(write!(stdout, "{text}").and_then(|()| stdout.flush()))
}

/// Writes a value for other programs, on one line.
pub(crate) fn json(value: &Value) -> Result<(), Failure> {
    written(writeln!(io::stdout(), "{value}"))
}

/// Writes bytes for other programs.
pub(crate) fn raw(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout();
    // At process exit, the rest of the buffer is written without a check.
    written(stdout.write_all(bytes).and_then(|()| stdout.flush()))
}

/// Treats a closed pipe as a success: after `| head` has read enough, the command still completes,
/// and its status does not change.
fn written(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            IS_CLOSED.store(true, Ordering::Relaxed);
            Ok(())
        }
        written => written.map_err(|error| Failure::outside("cannot write the output", &error)),
    }
}

/// Prints a warning to the standard error. The command continues.
pub(crate) fn warning(text: impl Display) {
    note(format_args!("{DOUBTFUL}warning:{DOUBTFUL:#} {text}"));
}

/// Prints the reason of a failure to the standard error.
pub(crate) fn failure(failure: &Failure) {
    if let Some(text) = failure.text() {
        note(format_args!("{ERROR}error:{ERROR:#} {text}"));
    }
}

/// Prints a line to the standard error, if that can be written.
pub(crate) fn note(text: impl Display) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

pub(crate) fn styled(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// Prints columns as wide as their content. Cells are wrapped to fit the terminal or the variable
/// `COLUMNS`.
pub(crate) fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Result<(), Failure> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header).add_rows(rows);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    let columns = env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    if let Some(columns) = columns.filter(|columns| *columns > 0) {
        table.set_width(columns);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    for text in table.lines() {
        line(text.trim_end())?;
    }
    Ok(())
}

/// A progress bar on a terminal, for operations of more than a second.
pub(crate) struct Progress {
    bar: ProgressBar,
    start: Instant,
    /// Ends the thread that waits for the operation to take too long.
    over: Option<mpsc::Sender<()>>,
}

/// Operations that take no longer show no progress.
const PATIENCE: Duration = Duration::from_secs(1);

/// The interval at which a spinner moves.
const TICK: Duration = Duration::from_millis(100);

impl Progress {
    /// Shows progress towards a known number.
    pub(crate) fn towards(count: u64) -> Self {
        Self::new(
            ProgressBar::with_draw_target(Some(count), ProgressDrawTarget::hidden()),
            "{bar:40} {pos} of {len}, {eta} left",
        )
    }

    /// Shows a count without a known end.
    pub(crate) fn counting(what: &str) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        Self::new(bar, &format!("{{spinner}} {{pos}} {what}"))
    }

    fn new(bar: ProgressBar, template: &str) -> Self {
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self { bar, start: Instant::now(), over: None }
    }

    /// Shows a spinner for an operation that reports nothing until it ends.
    pub(crate) fn waiting(what: &str) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        let mut waiting = Self::new(bar, &format!("{{spinner}} {what}, {{elapsed}}"));
        let (over, isover) = mpsc::channel();
        waiting.over = Some(over);
        let bar = waiting.bar.clone();
        thread::spawn(move || {
            if isover.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                bar.set_draw_target(ProgressDrawTarget::stderr());
                bar.enable_steady_tick(TICK);
            }
        });
        waiting
    }

    pub(crate) fn set(&self, position: u64) {
        if self.bar.is_hidden() && self.start.elapsed() > PATIENCE {
            // Draws nothing if the standard error is not a terminal.
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.set_position(position);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Formats a time, to the second, in UTC.
pub(crate) fn time(time: SystemTime) -> String {
    let time = Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH);
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Formats a duration in its largest unit.
pub(crate) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        86_400.. => format!("{} d", seconds / 86_400),
        3600.. => format!("{} h", seconds / 3600),
        60.. => format!("{} min", seconds / 60),
        1.. => format!("{:.1} s", duration.as_secs_f64()),
        0 => format!("{:.1} ms", duration.as_secs_f64() * 1000.0),
    }
}

pub(crate) fn bytes(count: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "one digit after the point is shown")]
    let in_units = |unit: u64| count as f64 / unit as f64;
    match count {
        0x10_0000.. => format!("{:.1} MiB", in_units(0x10_0000)),
        0x400.. => format!("{:.1} KiB", in_units(0x400)),
        _ => format!("{count} B"),
    }
}

/// Formats JSON on several lines. Control characters are escaped, so nothing in it moves the
/// cursor.
pub(crate) fn pretty(value: &Value) -> String {
    let escape =
        |c: char| if c.is_control() && c != '\n' { c.escape_debug().collect() } else { c.to_string() };
    format!("{value:#}").chars().map(escape).collect()
}

/// Formats a text from outside for a terminal: control characters are escaped.
pub(crate) fn foreign_whole(text: &str) -> String {
    text.chars().flat_map(char::escape_debug).collect()
}

/// Formats a text from outside as [`foreign_whole`] does, shortened to the length of a name.
pub(crate) fn foreign(text: &str) -> String {
    printable(text)
}
