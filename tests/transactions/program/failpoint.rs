//! [`Failpoint`]: a point at which the process is killed.

use std::{
    env,
    process::{self, Command},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

#[derive(Clone, Default)]
pub(crate) struct Failpoint {
    name: Option<Arc<str>>,
    /// How many times the point is still to be passed.
    left: Arc<AtomicUsize>,
}

impl Failpoint {
    /// Reads `<name>:<times>`.
    pub(crate) fn from_env() -> Self {
        let Ok(text) = env::var("PANORA_FAILPOINT") else { return Self::default() };
        let Some((name, times)) = text.split_once(':') else { return Self::default() };
        let left = Arc::new(AtomicUsize::new(times.parse().unwrap_or(1)));
        Self { name: Some(name.into()), left }
    }

    /// Kills the process if this is the point, and the last time.
    pub(crate) fn pass(&self, name: &str) {
        if self.name.as_deref() == Some(name) && self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            kill();
        }
    }
}

/// Kills the process with SIGKILL. Nothing of the caller runs afterwards.
fn kill() {
    let kill = format!("kill -KILL {}", process::id());
    drop(Command::new("sh").args(["-c", &kill]).status());
    loop {
        thread::park();
    }
}
