//! The file: lines of JSON, flushed to disk before a call returns.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
};

use panora_hooks::inbox::InboxError;
use serde::{Deserialize, Serialize};

/// A line of the file.
#[derive(Clone, Serialize, Deserialize)]
pub enum Line {
    Event {
        key: String,
        content: [u8; 32],
        name: [u8; 16],
        id: String,
        wire_type: String,
        data: String,
        received: u64,
    },
    Changed {
        key: String,
        state: State,
    },
}

/// The mutable part of an event. Times are in microseconds since 1970.
#[derive(Clone, Serialize, Deserialize)]
pub struct State {
    pub attempts: u32,
    /// The number of leases, which is the fence of the last lease.
    pub leases: u64,
    pub has_data: bool,
    pub place: Place,
}

#[derive(Clone, Serialize, Deserialize)]
pub enum Place {
    Waiting { due: u64 },
    Leased { until: u64 },
    Parked { reason: String },
    Dead { reason: String },
    Done { at: u64 },
}

pub struct LogFile {
    file: File,
    /// The length of the part of the file that is known to be complete.
    length: u64,
}

impl LogFile {
    pub fn open(path: &Path) -> io::Result<(Self, Vec<Line>)> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let mut log = Self { file, length: 0 };
        let lines = log.read()?;
        Ok((log, lines))
    }

    /// Reads every complete line. A crash may have cut off the last one, which was not
    /// acknowledged.
    pub fn read(&mut self) -> io::Result<Vec<Line>> {
        let mut text = Vec::new();
        self.file.seek(SeekFrom::Start(0))?;
        self.file.read_to_end(&mut text)?;
        let (mut lines, mut length) = (Vec::new(), 0);
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            match line {
                b"\n" => {}
                [json @ .., b'\n'] => lines.push(serde_json::from_slice(json)?),
                _ => break,
            }
            length += line.len() as u64;
        }
        self.length = length;
        Ok(lines)
    }

    /// Appends lines, or a blank line if there are none, and flushes them to disk.
    pub fn append(&mut self, lines: &[Line]) -> io::Result<()> {
        let mut text = Vec::new();
        for line in lines {
            serde_json::to_writer(&mut text, line)?;
            text.push(b'\n');
        }
        if text.is_empty() {
            text.push(b'\n');
        }
        // Overwrites the remains of an append that failed.
        self.file.set_len(self.length)?;
        self.file.seek(SeekFrom::Start(self.length))?;
        self.file.write_all(&text)?;
        self.file.sync_data()?;
        self.length += text.len() as u64;
        Ok(())
    }
}

/// Maps an error of the disk to one of the inbox.
pub fn error(error: io::Error) -> InboxError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => InboxError::Full(error.into()),
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            InboxError::ReadOnly(error.into())
        }
        io::ErrorKind::InvalidData => InboxError::Corrupt(error.into()),
        _ => InboxError::Other(error.into()),
    }
}
