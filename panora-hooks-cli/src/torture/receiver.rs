//! A receiver that is started, killed and started again.

use std::{
    ffi::OsStr,
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use panora_hooks::__cli::printable;
use tokio::{net::TcpStream, time};

use super::group::{Killer, ProcessGroup};
use crate::send::{self, SendError};

/// The interval at which the process and its port are polled.
const POLL: Duration = Duration::from_millis(5);

/// The time limit for one attempt to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// The time limit for the port to become free after a kill.
const FREE_TIMEOUT: Duration = Duration::from_secs(10);

/// The most bytes of output that are shown of a receiver that does not run.
const MAX_TAIL: u64 = 4096;

/// The reason why a receiver does not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiverError {
    /// The text is not the URL of a receiver.
    #[error(transparent)]
    Url(#[from] SendError),
    /// The host of the URL has no address.
    #[error("the host of {origin} has no address: check the URL")]
    Host {
        /// Scheme, host and port.
        origin: String,
        /// The cause.
        source: io::Error,
    },
    /// Another process has the port.
    #[error("{origin} answers before the command runs: stop what listens there, or take another port")]
    PortInUse {
        /// Scheme, host and port.
        origin: String,
    },
    /// The output of the command cannot be written to a temporary file.
    #[error("the output of the command cannot be written: free space for temporary files, or set TMPDIR")]
    Output(#[source] io::Error),
    /// The command cannot be started.
    #[error("`{program}` cannot be started: check the command after `--`, and set variables with `env`")]
    NotStarted {
        /// The first word of the command, up to a `=`, after which a secret may stand.
        program: String,
        /// The cause.
        source: io::Error,
    },
    /// The command cannot be killed.
    #[error("the command cannot be killed")]
    NotKilled(#[source] io::Error),
    /// The command ended before its port answered.
    #[error("the command ended before {origin} answered ({status})")]
    EndedAtStart {
        /// Scheme, host and port.
        origin: String,
        /// The status of the command.
        status: ExitStatus,
    },
    /// The command ended without a kill.
    #[error("the command ended by itself ({0}): a receiver runs until it is stopped")]
    Ended(ExitStatus),
    /// The port does not answer.
    #[error("{origin} did not answer within {} seconds: check that the command listens there", .limit.as_secs())]
    Silent {
        /// Scheme, host and port.
        origin: String,
        /// The time limit.
        limit: Duration,
    },
    /// The port still answers after the kill.
    #[error(
        "{origin} still answers after the command was killed: start the receiver without a supervisor, in the \
         process group of the command"
    )]
    StillListening {
        /// Scheme, host and port.
        origin: String,
    },
}

/// A command that listens on a port. Its process group is killed when this is dropped.
#[derive(Debug)]
pub struct Receiver {
    command: Command,
    program: String,
    origin: String,
    addresses: Vec<SocketAddr>,
    output: File,
    output_path: PathBuf,
    group: Option<ProcessGroup>,
}

impl Receiver {
    /// Creates a receiver that is not started. The command inherits the environment of this
    /// process, and writes its output to a temporary file.
    ///
    /// # Errors
    ///
    /// Returns an error if the URL leads to no address, or the file cannot be created.
    pub fn new(url: &str, program: &OsStr, arguments: &[impl AsRef<OsStr>]) -> Result<Self, ReceiverError> {
        let url = send::parse(url)?;
        let origin = url.origin().ascii_serialization();
        let addresses = url
            .socket_addrs(|| None)
            .map_err(|source| ReceiverError::Host { origin: origin.clone(), source })?;
        let (output, output_path) = tempfile::Builder::new()
            .prefix("panora-hooks-torture-")
            .suffix(".log")
            .append(true)
            .tempfile()
            .and_then(|file| Ok(file.keep()?))
            .map_err(ReceiverError::Output)?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null());
        let program = program.to_string_lossy();
        let program = printable(program.split('=').next().unwrap_or_default());
        Ok(Self { command, program, origin, addresses, output, output_path, group: None })
    }

    /// Checks that nothing listens on the port yet.
    ///
    /// # Errors
    ///
    /// Returns an error if the port answers.
    pub async fn check_port(&self) -> Result<(), ReceiverError> {
        if self.answers().await {
            return Err(ReceiverError::PortInUse { origin: self.origin.clone() });
        }
        Ok(())
    }

    /// Starts the command, and waits until its port answers.
    ///
    /// # Errors
    ///
    /// Returns an error if the command ends, or does not answer within the time limit.
    pub async fn start(&mut self, limit: Duration) -> Result<(), ReceiverError> {
        let output = || self.output.try_clone().map_err(ReceiverError::Output);
        self.command.stdout(output()?).stderr(output()?);
        let group = ProcessGroup::start(&mut self.command)
            .map_err(|source| ReceiverError::NotStarted { program: self.program.clone(), source })?;
        let group = self.group.insert(group);
        let start = Instant::now();
        loop {
            if group.has_ended() {
                let status = group.end().map_err(ReceiverError::NotKilled)?;
                return Err(ReceiverError::EndedAtStart { origin: self.origin.clone(), status });
            }
            if answers(&self.addresses).await {
                return Ok(());
            }
            if start.elapsed() > limit {
                return Err(ReceiverError::Silent { origin: self.origin.clone(), limit });
            }
            time::sleep(POLL).await;
        }
    }

    /// Kills the process group, and waits until the port is free.
    ///
    /// # Errors
    ///
    /// Returns an error if the group cannot be killed, or the port still answers.
    pub async fn kill(&mut self) -> Result<(), ReceiverError> {
        let Some(group) = self.group.take() else { return Ok(()) };
        group.end().map_err(ReceiverError::NotKilled)?;
        let start = Instant::now();
        while self.answers().await {
            if start.elapsed() > FREE_TIMEOUT {
                return Err(ReceiverError::StillListening { origin: self.origin.clone() });
            }
            time::sleep(POLL).await;
        }
        Ok(())
    }

    /// Waits until the command ends by itself, and returns that as an error.
    pub async fn ended(&self) -> ReceiverError {
        loop {
            if let Some(group) = &self.group
                && group.has_ended()
            {
                return group.end().map_or_else(ReceiverError::NotKilled, ReceiverError::Ended);
            }
            time::sleep(POLL).await;
        }
    }

    /// Returns the file with the output of the command.
    #[must_use]
    pub fn output(&self) -> &Path {
        &self.output_path
    }

    /// Returns the end of the output of the command.
    #[must_use]
    pub fn output_tail(&self) -> String {
        let mut tail = Vec::new();
        let read = File::open(&self.output_path).and_then(|mut file| {
            let skipped = file.metadata()?.len().saturating_sub(MAX_TAIL);
            file.seek(SeekFrom::Start(skipped))?;
            file.read_to_end(&mut tail)
        });
        // The file is named to the user in any case.
        drop(read);
        String::from_utf8_lossy(&tail).into_owned()
    }

    /// Returns a handle that kills the running process group.
    pub(super) fn killer(&self) -> Option<Killer> {
        self.group.as_ref().map(ProcessGroup::killer)
    }

    async fn answers(&self) -> bool {
        answers(&self.addresses).await
    }
}

/// Returns whether a port accepts connections.
async fn answers(addresses: &[SocketAddr]) -> bool {
    for address in addresses {
        if let Ok(Ok(_)) = time::timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
            return true;
        }
    }
    false
}
