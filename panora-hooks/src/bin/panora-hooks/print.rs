//! What is printed, and how.

use std::{
    fmt::Display,
    io::{self, Write},
    time::{Duration, Instant, SystemTime},
};

use anstyle::{AnsiColor, Style};
use comfy_table::{Table, presets};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use serde_json::Value;

use crate::failure::Failure;

pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default();
pub(crate) const DOUBTFUL: Style = AnsiColor::Yellow.on_default();

/// A line on the standard output. Colours are left out where that is no terminal.
pub(crate) fn line(text: impl Display) -> Result<(), Failure> {
    writeln!(anstream::stdout(), "{text}")?;
    Ok(())
}

/// A value for other programs, on one line.
pub(crate) fn json(value: &Value) -> Result<(), Failure> {
    writeln!(io::stdout(), "{value}")?;
    Ok(())
}

/// Something that does not keep the command from going on, on the standard error.
pub(crate) fn warning(text: impl Display) {
    anstream::eprintln!("{DOUBTFUL}warning:{DOUBTFUL:#} {text}");
}

pub(crate) fn styled(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// Columns, as wide as what is in them.
pub(crate) fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Result<(), Failure> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header).add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    for text in table.lines() {
        line(text.trim_end())?;
    }
    Ok(())
}

/// How far something is that takes more than a second, on a terminal.
pub(crate) struct Progress {
    bar: ProgressBar,
    start: Instant,
}

/// What is over by then shows no progress.
const PATIENCE: Duration = Duration::from_secs(1);

impl Progress {
    /// Towards a known number.
    pub(crate) fn towards(count: u64) -> Self {
        Self::new(
            ProgressBar::with_draw_target(Some(count), ProgressDrawTarget::hidden()),
            "{bar:40} {pos} of {len}, {eta} left",
        )
    }

    /// Nobody knows how far.
    pub(crate) fn counting(what: &str) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        Self::new(bar, &format!("{{spinner}} {{pos}} {what}"))
    }

    fn new(bar: ProgressBar, template: &str) -> Self {
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self { bar, start: Instant::now() }
    }

    pub(crate) fn set(&self, position: u64) {
        if self.bar.is_hidden() && self.start.elapsed() > PATIENCE {
            // Which draws nothing where the standard error is no terminal.
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

/// A time, to the second, in UTC.
pub(crate) fn time(time: SystemTime) -> String {
    let time = Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH);
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// How long something takes or has taken, in its largest unit.
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

/// A text from outside on a terminal: nothing of it moves the cursor, and it is no longer than a name.
pub(crate) fn foreign(text: &str) -> String {
    const MAX_CHARS: usize = 128;
    let mut shown: String = text.chars().take(MAX_CHARS).flat_map(char::escape_debug).collect();
    if text.chars().nth(MAX_CHARS).is_some() {
        shown.push('…');
    }
    shown
}
