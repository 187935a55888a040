//! Reading a body, within limits of size, time and memory.

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

/// How much hyper reads from a connection at first. Each time that it gets as much, it reads up to twice as much
/// the next time, and keeps the buffer: that counts, too, while a body is read.
const FIRST_BUFFER_BYTES: usize = 8 * 1024;

/// A sender that sends nothing for this long has stopped, if others wait for the memory.
const PAUSE: Duration = Duration::from_secs(5);

/// As good as never. Later instants may be none.
const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// The default limit of a body. Lists of a first sync are megabytes long, and the sender knows no limit.
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

    /// How long a body may take.
    pub(crate) fn timeout(&self) -> Duration {
        self.limits.read_timeout
    }

    /// Reads a body. Its memory counts for as long as anything of it is kept.
    ///
    /// A large one that arrives in one piece is not copied. Pieces are copied as they arrive and given back, so that the
    /// connection reads the next one into the same memory.
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

    /// Reads a body that the connection has memory for in any case. Most events are as small, and wait for nothing.
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
                // Not at once what was declared: the allocator may give memory that was used before, and such memory
                // is taken whether or not the sender ever fills it.
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

    /// The next piece of a body. While others wait for its memory, it has to come soon.
    async fn next(
        &self,
        body: &mut Body,
        deadline: Instant,
        is_waited_for: impl Fn() -> bool,
    ) -> Result<Option<Bytes>, Refusal> {
        let mut now = Instant::now();
        // Also where pieces without anything in them come without end.
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

    /// Returns the length with one more piece, unless it is over the limit.
    fn length(&self, bytes: &[u8], piece: &[u8]) -> Result<usize, Refusal> {
        let length = bytes.len() + piece.len();
        if length > self.limits.max_body_bytes { Err(self.too_large()) } else { Ok(length) }
    }

    fn too_large(&self) -> Refusal {
        Refusal::TooLarge { limit: self.limits.max_body_bytes }
    }
}

/// A body that gives its memory back when the last of it is dropped.
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

/// Returns whether an error is that of a layer of the application that limits bodies, such as
/// `RequestBodyLimitLayer`. The router's own limit is not an error of the body.
fn is_limit_of_a_layer(error: &(dyn Error + 'static)) -> bool {
    error.is::<LengthLimitError>() || error.source().is_some_and(is_limit_of_a_layer)
}
