//! The log of handled events, to which the hooks of a receiver append ids.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use super::{plan::Plan, record::Record};

/// The log of a run. Its content from before the run does not count.
#[derive(Debug, Clone)]
pub struct HandledLog {
    path: PathBuf,
    begin: u64,
    /// The length at each kill, by which an entry belongs to a start of the receiver.
    kills: Vec<u64>,
}

/// The handled events, and for each entry of the log the number of kills before it.
#[derive(Debug, Clone, Default)]
pub struct Handled(HashMap<u64, Vec<usize>>);

/// The number of times that an event was handled again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Repeated {
    /// A kill lies between the two, so it may have interrupted the first.
    pub by_kill: u64,
    /// The event was delivered again, and the receiver has no inbox that would recognise it.
    pub by_delivery: u64,
    /// Neither is the case.
    pub unexplained: u64,
}

impl HandledLog {
    /// Begins at the current end of a file, which may be missing.
    #[must_use]
    pub fn begin(path: &Path) -> Self {
        let path = path.to_owned();
        Self { begin: length(&path), path, kills: Vec::new() }
    }

    /// Returns the length of the log in bytes.
    #[must_use]
    pub fn length(&self) -> u64 {
        length(&self.path)
    }

    /// Notes that the receiver was killed.
    pub(super) fn mark(&mut self) {
        self.kills.push(self.length());
    }

    /// Reads which events of a plan were handled. An id may stand anywhere in the text, because a
    /// kill may fall between an id and the end of its line.
    ///
    /// # Errors
    ///
    /// Returns an error if the file exists but cannot be read, or has become shorter.
    pub fn read(&self, plan: &Plan) -> io::Result<Handled> {
        let lengths = [&[self.begin], &*self.kills, &[self.length()]].concat();
        if !lengths.is_sorted() {
            return Err(io::Error::other("it has become shorter: open it in append mode"));
        }
        let mut text = Vec::new();
        match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Handled::default()),
            file => {
                let mut file = file?;
                file.seek(SeekFrom::Start(self.begin))?;
                file.read_to_end(&mut text)?;
            }
        }
        let ids: HashMap<_, _> =
            (0..plan.events()).map(|event| (plan.id(event).into_bytes(), event)).collect();
        let length = ids.keys().next().map_or(1, Vec::len);
        let mut handled = HashMap::<_, Vec<_>>::new();
        for (at, part) in (self.begin..).zip(text.windows(length)) {
            if let Some(event) = ids.get(part) {
                let kills = self.kills.partition_point(|kill| *kill <= at);
                handled.entry(*event).or_default().push(kills);
            }
        }
        Ok(Handled(handled))
    }
}

impl Handled {
    /// Returns whether an event was handled.
    #[must_use]
    pub fn contains(&self, event: u64) -> bool {
        self.0.contains_key(&event)
    }

    /// Counts the events that were handled again.
    #[must_use]
    pub fn repeated(&self, record: &Record, has_inbox: bool) -> Repeated {
        let mut repeated = Repeated::default();
        for (event, starts) in &self.0 {
            let mut deliveries = if has_inbox { 0 } else { record.deliveries(*event).saturating_sub(1) };
            for pair in starts.windows(2) {
                if pair[0] != pair[1] {
                    repeated.by_kill += 1;
                } else if deliveries > 0 {
                    deliveries -= 1;
                    repeated.by_delivery += 1;
                } else {
                    repeated.unexplained += 1;
                }
            }
        }
        repeated
    }
}

fn length(path: &Path) -> u64 {
    path.metadata().map_or(0, |metadata| metadata.len())
}
