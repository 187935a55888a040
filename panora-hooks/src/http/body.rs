//! Reads request bodies within limits of size, time and memory.

use std::{error::Error, sync::Arc, time::Duration};

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use bytestring::ByteString;
use http_body_util::{BodyExt, LengthLimitError};
use tokio::time::{Instant, sleep_until};

use super::{
    budget::{BodyBudget, BodyShare},
    refusal::Refusal,
};
use crate::verify::VerifyError;

/// The size of hyper's first read buffer of a connection. When a read fills the buffer, hyper reads
/// up to twice as much the next time and keeps the buffer, so it counts as memory of the body that
/// is being read.
const FIRST_BUFFER_BYTES: usize = 8 * 1024;

/// A sender that is idle this long is considered stalled if other bodies wait for memory.
const PAUSE: Duration = Duration::from_secs(5);

/// Effectively forever; larger values could overflow `Instant`.
const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// The default limit of a body. The lists of a first sync are megabytes long, and the sender has no
/// limit.
pub(crate) const DEFAULT_MAX_BODY_BYTES: usize = 32 * 1024 * 1024;

/// The limits of bodies.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    pub(crate) max_body_bytes: usize,
    pub(crate) read_timeout: Duration,
    pub(crate) max_buffered_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_body_bytes: DEFAULT_MAX_BODY_BYTES,
            read_timeout: Duration::from_secs(30),
            max_buffered_bytes: 256 * 1024 * 1024,
        }
    }
}

/// Reads the bodies of a router.
pub(crate) struct BodyReader {
    limits: Limits,
    budget: Arc<BodyBudget>,
}

impl BodyReader {
    pub(crate) fn new(mut limits: Limits) -> Self {
        limits.read_timeout = limits.read_timeout.min(FAR);
        Self { budget: BodyBudget::new(limits.max_buffered_bytes, limits.read_timeout), limits }
    }

    /// Returns the time limit of a body.
    pub(crate) fn timeout(&self) -> Duration {
        self.limits.read_timeout
    }

    /// Reads a body. Its memory counts until all of it is dropped.
    ///
    /// A large body that arrives in one piece is not copied. Otherwise each piece is copied when it
    /// arrives and then released, so that the connection reads the next one into the same memory.
    pub(crate) async fn read(&self, body: &mut Body) -> Result<ByteString, Refusal> {
        if body.size_hint().lower() > self.limits.max_body_bytes as u64 {
            return Err(self.too_large());
        }
        let declared = body.size_hint().exact().and_then(|bytes| usize::try_from(bytes).ok());
        let most = declared.unwrap_or(usize::MAX).min(self.limits.max_body_bytes);
        if most <= FIRST_BUFFER_BYTES {
            self.read_small(body).await
        } else {
            self.read_large(body, most).await
        }
    }

    /// Reads a body that fits into the first buffer of its connection, which exists in any case.
    /// Most events are this small, and none of them waits for memory.
    async fn read_small(&self, body: &mut Body) -> Result<ByteString, Refusal> {
        let deadline = Instant::now() + self.limits.read_timeout;
        let mut bytes = Vec::new();
        while let Some(piece) = self.next(body, deadline, || false).await? {
            self.length(&bytes, &piece)?;
            bytes.extend_from_slice(&piece);
        }
        text(bytes.into())
    }

    async fn read_large(&self, body: &mut Body, most: usize) -> Result<ByteString, Refusal> {
        let mut deadline = Instant::now() + self.limits.read_timeout;
        let mut share = self.budget.share();
        let mut bytes = Vec::new();
        let mut buffer = FIRST_BUFFER_BYTES;
        loop {
            deadline += share.grow_to(bytes.capacity() + buffer).await?;
            let piece = self.next(body, deadline, || self.budget.is_short()).await?;
            let Some(piece) = piece else { break };
            let length = self.length(&bytes, &piece)?;
            if bytes.is_empty() && body.is_end_stream() {
                return keep(share, piece);
            }
            if length > bytes.capacity() {
                // Grows step by step instead of reserving the declared length, because the
                // allocator may return memory that was used before, and such memory is resident
                // even if the sender never fills it.
                let capacity = most.min(2 * length).max(length);
                deadline += share.grow_to(capacity + piece.len()).await?;
                bytes.reserve_exact(capacity - bytes.len());
            }
            bytes.extend_from_slice(&piece);
            if body.is_end_stream() {
                break;
            }
            buffer = buffer.max(2 * piece.len()).min(most);
        }
        bytes.shrink_to_fit();
        keep(share, bytes.into())
    }

    /// Returns the next piece of a body. While other bodies wait for memory, the sender must not
    /// stall.
    async fn next(
        &self,
        body: &mut Body,
        deadline: Instant,
        is_waited_for: impl Fn() -> bool,
    ) -> Result<Option<Bytes>, Refusal> {
        let mut now = Instant::now();
        // An endless sequence of empty pieces must not escape the deadline.
        if now >= deadline {
            return Err(Refusal::TooSlow);
        }
        let pause = sleep_until(deadline.min(now + PAUSE));
        tokio::pin!(pause);
        let frame = loop {
            tokio::select! {
                biased;
                frame = body.frame() => break frame,
                () = &mut pause => {}
            }
            now = Instant::now();
            if now >= deadline || is_waited_for() {
                return Err(Refusal::TooSlow);
            }
            pause.as_mut().reset(deadline.min(now + PAUSE));
        };
        match frame.transpose() {
            Ok(frame) => Ok(frame.map(|frame| frame.into_data().unwrap_or_default())),
            Err(error) if is_limit_of_a_layer(&error) => Err(Refusal::TooLargeForLayer),
            Err(_) => Err(Refusal::Incomplete),
        }
    }

    /// Returns the length with one more piece, or an error if it exceeds the limit.
    fn length(&self, bytes: &[u8], piece: &[u8]) -> Result<usize, Refusal> {
        let length = bytes.len() + piece.len();
        if length > self.limits.max_body_bytes { Err(self.too_large()) } else { Ok(length) }
    }

    fn too_large(&self) -> Refusal {
        Refusal::TooLarge { limit: self.limits.max_body_bytes }
    }
}

/// Returns a body that releases its memory when the last reference to it is dropped.
fn keep(mut share: BodyShare, body: Bytes) -> Result<ByteString, Refusal> {
    share.keep(body.len());
    text(Bytes::from_owner(Kept { body, _share: share }))
}

struct Kept {
    body: Bytes,
    _share: BodyShare,
}

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

fn text(body: Bytes) -> Result<ByteString, Refusal> {
    ByteString::try_from(body).map_err(|_| Refusal::Unverified(VerifyError::Malformed))
}

/// Returns whether an error comes from a layer of the application that limits bodies, such as
/// `RequestBodyLimitLayer`. The router's own limit does not appear as an error of the body.
fn is_limit_of_a_layer(error: &(dyn Error + 'static)) -> bool {
    error.is::<LengthLimitError>() || error.source().is_some_and(is_limit_of_a_layer)
}
