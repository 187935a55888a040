//! A process group: a command and the processes that it starts.

use std::{
    io,
    os::unix::process::CommandExt,
    process::{Child, Command, ExitStatus},
    sync::{Arc, Mutex, PoisonError},
};

use rustix::{
    io::Errno,
    process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid},
};

/// A running process group. It is killed when this is dropped.
#[derive(Debug)]
pub(super) struct ProcessGroup(Killer);

/// Kills a process group from another task.
#[derive(Debug, Clone)]
pub(super) struct Killer(Arc<Mutex<Leader>>);

/// The first process of a group, whose number is that of the group.
#[derive(Debug)]
struct Leader {
    child: Child,
    /// The status of the process after it was reaped. Its number may belong to another process
    /// then.
    reaped: Option<ExitStatus>,
}

impl ProcessGroup {
    /// Starts a command in a process group of its own.
    pub(super) fn start(command: &mut Command) -> io::Result<Self> {
        let child = command.process_group(0).spawn()?;
        Ok(Self(Killer(Arc::new(Mutex::new(Leader { child, reaped: None })))))
    }

    pub(super) fn killer(&self) -> Killer {
        self.0.clone()
    }

    /// Returns whether the command has ended, without reaping it.
    pub(super) fn has_ended(&self) -> bool {
        self.0.with(|leader| leader.has_ended())
    }

    /// Kills the group, and waits for the end of the command.
    pub(super) fn end(&self) -> io::Result<ExitStatus> {
        self.0.kill()?;
        self.0.with(|leader| {
            let status = leader.child.wait()?;
            leader.reaped = Some(status);
            Ok(status)
        })
    }
}

impl Leader {
    /// Returns whether the process has ended, without reaping it.
    fn has_ended(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        // An error means that the process does not exist.
        self.reaped.is_some()
            || !matches!(waitid(WaitId::Pid(Pid::from_child(&self.child)), options), Ok(None))
    }
}

impl Killer {
    /// Kills the group with SIGKILL. Does nothing after its end.
    pub(super) fn kill(&self) -> io::Result<()> {
        self.with(|leader| match leader.reaped {
            Some(_) => Ok(()),
            None => match kill_process_group(Pid::from_child(&leader.child), Signal::KILL) {
                Ok(()) | Err(Errno::SRCH) => Ok(()),
                // macOS reports a group of zombies in this way.
                Err(Errno::PERM) if leader.has_ended() => Ok(()),
                Err(error) => Err(error.into()),
            },
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut Leader) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        drop(self.end());
    }
}
