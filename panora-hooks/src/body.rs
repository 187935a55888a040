//! Reading a body, within limits of size, time and memory.

use std::{error::Error, pin::Pin, sync::Arc, time::Duration};

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use bytestring::ByteString;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, Sleep, sleep},
};

use crate::{refusal::Refusal, verify::VerifyError};

/// How much hyper reads from a connection at first. Each time that it gets as much, it reads up to twice as much
/// the next time, and keeps the buffer: that counts, too, while a body is read.
const FIRST_BUFFER_BYTES: usize = 8 * 1024;

/// What bodies may take.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    pub(crate) max_body_bytes: usize,
    pub(crate) read_timeout: Duration,
    pub(crate) max_buffered_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // Lists of a first sync are megabytes long, and the sender knows no limit.
            max_body_bytes: 32 * 1024 * 1024,
            read_timeout: Duration::from_secs(30),
            max_buffered_bytes: 256 * 1024 * 1024,
        }
    }
}

/// Reads the bodies of a router.
pub(crate) struct Reader {
    max_body_bytes: usize,
    read_timeout: Duration,
    memory: Memory,
}

impl Reader {
    pub(crate) fn new(limits: &Limits) -> Self {
        let Limits { max_body_bytes, read_timeout, max_buffered_bytes } = *limits;
        Self { max_body_bytes, read_timeout, memory: Memory::new(max_buffered_bytes) }
    }

    /// How long a body may take.
    pub(crate) fn timeout(&self) -> Duration {
        self.read_timeout
    }

    /// Reads a body. Its memory counts for as long as anything of it is kept.
    ///
    /// What arrives in one piece is not copied. Pieces are copied as they arrive and given back, so that the connection
    /// reads the next one into the same memory.
    pub(crate) async fn read(&self, body: &mut Body) -> Result<ByteString, Refusal> {
        let too_large = Refusal::TooLarge { limit: self.max_body_bytes };
        if body.size_hint().lower() > self.max_body_bytes as u64 {
            return Err(too_large);
        }
        let declared = body.size_hint().exact().and_then(|bytes| usize::try_from(bytes).ok());
        let declared = declared.unwrap_or(usize::MAX);
        let mut body = Limited::new(body, self.max_body_bytes);
        let mut bytes = Vec::new();
        let mut buffer = FIRST_BUFFER_BYTES.min(declared);
        let mut held = Held::default();
        let timeout = sleep(self.read_timeout);
        tokio::pin!(timeout);
        loop {
            self.memory.hold(bytes.capacity() + buffer, &mut held, timeout.as_mut()).await;
            let frame = tokio::select! {
                biased;
                frame = body.frame() => frame,
                () = &mut timeout => return Err(Refusal::TooSlow),
            };
            let piece = match frame {
                Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
                Some(Err(error)) if is_over_limit(&*error) => return Err(too_large),
                Some(Err(_)) => return Err(Refusal::Incomplete),
                None => return held.with(bytes.into()),
            };
            if bytes.is_empty() && body.is_end_stream() {
                self.memory.hold(piece.len(), &mut held, timeout.as_mut()).await;
                return held.with(piece);
            }
            let length = bytes.len() + piece.len();
            if length > bytes.capacity() {
                // Not at once what was declared: the allocator may give memory that was used before, and such memory
                // is taken whether or not the sender ever fills it.
                let capacity = declared.min(2 * length).max(length);
                self.memory.hold(capacity + piece.len(), &mut held, timeout.as_mut()).await;
                bytes.reserve_exact(capacity - bytes.len());
            }
            bytes.extend_from_slice(&piece);
            if body.is_end_stream() {
                return held.with(bytes.into());
            }
            buffer = buffer.max(2 * piece.len()).min(declared);
        }
    }
}

/// The memory of all bodies that a router reads and keeps.
struct Memory {
    free: Arc<Semaphore>,
    /// One body at a time goes on without asking. Otherwise bodies that have all begun could wait for each other.
    exemption: Arc<Semaphore>,
}

impl Memory {
    fn new(bytes: usize) -> Self {
        let free = Arc::new(Semaphore::new(bytes.min(Semaphore::MAX_PERMITS)));
        Self { free, exemption: Arc::new(Semaphore::new(1)) }
    }

    /// Has a body hold at least so many bytes, and waits for them if it must. A timeout waits with it: the sender is not
    /// to blame.
    async fn hold(&self, bytes: usize, held: &mut Held, timeout: Pin<&mut Sleep>) {
        let has = held.bytes.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let missing = u32::try_from(bytes.saturating_sub(has)).unwrap_or(u32::MAX);
        if missing == 0 || held.exemption.is_some() {
            return;
        }
        if let Ok(taken) = Arc::clone(&self.free).try_acquire_many_owned(missing) {
            return held.add(taken);
        }
        held.exemption = Arc::clone(&self.exemption).try_acquire_owned().ok();
        if held.exemption.is_some() {
            return;
        }
        let begun = Instant::now();
        tracing::warn!(
            "the bodies in memory are as many bytes as `Webhooks::max_buffered_bytes` allows: this one waits"
        );
        // Neither is ever closed.
        tokio::select! {
            biased;
            Ok(taken) = Arc::clone(&self.free).acquire_many_owned(missing) => held.add(taken),
            Ok(exemption) = Arc::clone(&self.exemption).acquire_owned() => held.exemption = Some(exemption),
            else => {}
        }
        let deadline = timeout.deadline() + begun.elapsed();
        timeout.reset(deadline);
    }
}

/// The part of it that one body has taken.
#[derive(Default)]
struct Held {
    bytes: Option<OwnedSemaphorePermit>,
    exemption: Option<OwnedSemaphorePermit>,
}

impl Held {
    fn add(&mut self, taken: OwnedSemaphorePermit) {
        match &mut self.bytes {
            Some(bytes) => bytes.merge(taken),
            None => self.bytes = Some(taken),
        }
    }

    /// A body that gives its memory back when the last of it is dropped.
    fn with(mut self, body: Bytes) -> Result<ByteString, Refusal> {
        // The buffer is the connection's again.
        if let Some(bytes) = &mut self.bytes {
            drop(bytes.split(bytes.num_permits().saturating_sub(body.len())));
        }
        let body = Bytes::from_owner(Owned { body, _held: self });
        ByteString::try_from(body).map_err(|_| VerifyError::Malformed.into())
    }
}

struct Owned {
    body: Bytes,
    _held: Held,
}

impl AsRef<[u8]> for Owned {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

/// Whether the limit was ours or a layer's: either way the body is too large.
fn is_over_limit(error: &(dyn Error + 'static)) -> bool {
    let mut error = Some(error);
    while let Some(current) = error {
        if current.is::<LengthLimitError>() {
            return true;
        }
        error = current.source();
    }
    false
}
