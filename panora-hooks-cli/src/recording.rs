//! Recordings: files of deliveries, exactly as they arrived.
//!
//! A recording is a text file with one JSON object per line, and one line per request:
//!
//! ```json
//! {"recording":1,"received_at":"2026-11-24T10:00:00.25Z","method":"POST","target":"/webhook","headers":[["panora-signature","5d41…"]],"body":"{…}"}
//! ```
//!
//! The body is a text, or `{"base64":"…"}` if it is not UTF-8, and so are the values of headers.
//! Names of headers are in lower case. A recording contains everything that the deliveries contain,
//! including credentials, so only its owner can read the file.

use std::{
    fmt,
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    mem,
    path::Path,
    time::SystemTime,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use panora_hooks::Verifier;
use serde::{Deserialize, Serialize};

/// The version of the format.
const VERSION: u32 = 1;

/// The longest line that is read, in bytes. No body that a receiver accepts comes near it.
const MAX_LINE_BYTES: u64 = 512 * 1024 * 1024;

/// A request as it arrived.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recorded {
    /// The time of arrival.
    pub received_at: SystemTime,
    /// The method, normally `POST`.
    pub method: String,
    /// The path, with the query if there is one.
    pub target: String,
    /// Names, in lower case, and values.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, with any content.
    pub body: Vec<u8>,
}

impl Recorded {
    /// Creates a request that arrived now.
    #[must_use]
    pub fn new(method: &str, target: &str, headers: Vec<(String, Vec<u8>)>, body: Vec<u8>) -> Self {
        let (method, target) = (method.to_owned(), target.to_owned());
        Self { received_at: SystemTime::now(), method, target, headers, body }
    }

    /// Returns the value of a header, or `None` if the header is missing or repeated.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        let mut values = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let (_, value) = values.next()?;
        if values.next().is_some() { None } else { Some(value) }
    }

    /// Returns the value of `Panora-Signature`, or `None` if the header is missing or repeated.
    #[must_use]
    pub fn signature(&self) -> Option<&[u8]> {
        self.header(Verifier::SIGNATURE_HEADER)
    }

    /// Returns the values of `Panora-Signature`. A valid delivery has one.
    pub fn signatures(&self) -> impl Iterator<Item = &[u8]> {
        let values =
            self.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(Verifier::SIGNATURE_HEADER));
        values.map(|(_, value)| &**value)
    }

    fn to_line(&self) -> io::Result<String> {
        let received_at = Timestamp::try_from(self.received_at).unwrap_or(Timestamp::UNIX_EPOCH);
        let line = Line {
            recording: VERSION,
            received_at: received_at.to_string(),
            method: self.method.clone(),
            target: self.target.clone(),
            headers: self.headers.iter().map(|(name, value)| (name.clone(), Bytes::of(value))).collect(),
            body: Bytes::of(&self.body),
        };
        Ok(serde_json::to_string(&line)? + "\n")
    }

    fn of_line(line: &[u8]) -> Result<Self, LineError> {
        // The message of serde's error would quote the file.
        let Version { recording } = serde_json::from_slice(line).map_err(|_| LineError::Malformed)?;
        if recording > VERSION {
            return Err(LineError::Newer(recording));
        }
        let line: Line = serde_json::from_slice(line).map_err(|_| LineError::Malformed)?;
        let received_at: Timestamp = line.received_at.parse().map_err(|_| LineError::Malformed)?;
        let headers = line.headers.into_iter().map(|(name, value)| Ok((name, value.decode()?)));
        Ok(Self {
            received_at: received_at.try_into().map_err(|_| LineError::Malformed)?,
            method: line.method,
            target: line.target,
            headers: headers.collect::<Result<_, LineError>>()?,
            body: line.body.decode()?,
        })
    }
}

/// Shows names and sizes, and no values: signatures and payloads are secret.
impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Recorded")
            .field("received_at", &self.received_at)
            .field("method", &self.method)
            .field("headers", &headers)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Version {
    recording: u32,
}

#[derive(Serialize, Deserialize)]
struct Line {
    recording: u32,
    received_at: String,
    method: String,
    target: String,
    headers: Vec<(String, Bytes)>,
    body: Bytes,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Bytes {
    Text(String),
    Base64 { base64: String },
}

impl Bytes {
    fn of(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Base64 { base64: BASE64_STANDARD.encode(bytes) },
        }
    }

    fn decode(self) -> Result<Vec<u8>, LineError> {
        match self {
            Self::Text(text) => Ok(text.into_bytes()),
            Self::Base64 { base64 } => BASE64_STANDARD.decode(base64).map_err(|_| LineError::Malformed),
        }
    }
}

enum LineError {
    Malformed,
    Newer(u32),
}

/// The reason why a recording cannot be read. Contains nothing of the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordingError {
    /// The file cannot be opened, read or written.
    #[error("the file cannot be opened, read or written")]
    Io(#[from] io::Error),
    /// The file is not a recording.
    #[error("the file is not a recording: `panora-hooks listen --record FILE` makes one")]
    NotARecording,
    /// The file is empty.
    #[error("the recording is empty: nothing was delivered while it was made")]
    Empty,
    /// A line does not have the format of a recording.
    #[error("line {line} of the recording is damaged: remove it, and the others can be read")]
    Damaged {
        /// The number of the line, counted from 1.
        line: u64,
    },
    /// The last line is incomplete, because the program that wrote it was interrupted.
    #[error("line {line}, the last of the recording, is cut off: remove it, and the others can be read")]
    CutOff {
        /// The number of the line, counted from 1.
        line: u64,
    },
    /// A newer version of this program wrote the recording.
    #[error("the recording has format {found}, but this program knows only {VERSION}: update it")]
    Newer {
        /// The version of its format.
        found: u32,
    },
}

/// Reads a recording, one delivery after the other.
#[derive(Debug)]
pub struct Recording<R> {
    lines: R,
    line: u64,
    /// Whether a line that is not blank was read.
    is_begun: bool,
    is_over: bool,
}

impl Recording<BufReader<File>> {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be opened.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        Ok(Self::new(BufReader::new(File::open(path)?)))
    }
}

impl<R: BufRead> Recording<R> {
    /// Reads a recording from another source, such as the standard input.
    pub fn new(lines: R) -> Self {
        Self { lines, line: 0, is_begun: false, is_over: false }
    }

    fn read(&mut self) -> Result<Option<Recorded>, RecordingError> {
        let Some(text) = self.line()? else {
            return if self.is_begun { Ok(None) } else { Err(RecordingError::Empty) };
        };
        let (line, is_first) = (self.line, !mem::replace(&mut self.is_begun, true));
        Recorded::of_line(content(&text)).map(Some).map_err(|error| match error {
            LineError::Newer(found) => RecordingError::Newer { found },
            LineError::Malformed if is_first && !self.goes_on(&text) => RecordingError::NotARecording,
            LineError::Malformed if !text.ends_with(b"\n") => RecordingError::CutOff { line },
            LineError::Malformed => RecordingError::Damaged { line },
        })
    }

    /// Reads the next line that is not blank.
    fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            let mut text = Vec::new();
            self.lines.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut text)?;
            if text.is_empty() {
                return Ok(None);
            }
            self.line += 1;
            if !content(&text).is_empty() {
                return Ok(Some(text));
            }
        }
    }

    /// Returns whether a damaged first line belongs to a recording: by its beginning, or by a later
    /// line.
    fn goes_on(&mut self, first: &[u8]) -> bool {
        if content(first).starts_with(br#"{"recording":"#) {
            return true;
        }
        while let Ok(Some(text)) = self.line() {
            if serde_json::from_slice::<Version>(content(&text)).is_ok() {
                return true;
            }
        }
        false
    }
}

/// Returns whether a text is a recording, judging by its first line.
#[must_use]
pub fn is_recording(text: &[u8]) -> bool {
    let line = text.split(|byte| *byte == b'\n').map(content).find(|line| !line.is_empty());
    line.is_some_and(|line| serde_json::from_slice::<Version>(line).is_ok())
}

/// Returns a line without white space and the byte order mark that some editors write.
fn content(line: &[u8]) -> &[u8] {
    line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line).trim_ascii()
}

/// Ends after the first error.
impl<R: BufRead> Iterator for Recording<R> {
    type Item = Result<Recorded, RecordingError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let read = self.read().transpose();
        self.is_over = !matches!(read, Some(Ok(_)));
        read
    }
}

/// Writes a recording.
#[derive(Debug)]
pub struct Recorder {
    file: File,
    /// Whether the last line may be incomplete.
    is_cut_off: bool,
}

impl Recorder {
    /// Creates a recording, or appends to an existing one.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be created or written, or is not a recording.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, RecordingError> {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        if file.metadata()?.len() > 0 {
            match Recording::new(BufReader::new(&file)).next() {
                // Damaged lines are reported when the recording is read.
                Some(Err(
                    RecordingError::Empty | RecordingError::Damaged { .. } | RecordingError::CutOff { .. },
                )) => {}
                Some(Err(error)) => return Err(error),
                _ => {}
            }
            file.seek(SeekFrom::End(-1))?;
            let mut last = [0];
            file.read_exact(&mut last)?;
            return Ok(Self { file, is_cut_off: last != *b"\n" });
        }
        Ok(Self { file, is_cut_off: false })
    }

    /// Appends a delivery, in one write.
    ///
    /// # Errors
    ///
    /// Returns an error if the delivery cannot be written, for example because the disk is full.
    pub fn record(&mut self, recorded: &Recorded) -> io::Result<()> {
        let line = recorded.to_line()?;
        // An incomplete last line must not make this line unreadable.
        let line = if self.is_cut_off { format!("\n{line}") } else { line };
        let written = self.file.write_all(line.as_bytes());
        self.is_cut_off = written.is_err();
        written
    }
}
