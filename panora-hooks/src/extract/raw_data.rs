//! [`RawData`]: the signed text of `data`.

use std::fmt;

use super::FromDelivery;
use crate::{delivery::Delivery, hook::HookError};

/// The JSON text of `data`, exactly as it was signed: usually a JSON string that contains JSON.
///
/// For code that needs the exact bytes, such as an archive, or the unpaired surrogates that typed
/// text cannot hold; here they are escapes such as `\ud83d`. [`Event`](super::Event) decodes the
/// payload inside.
#[derive(Clone, PartialEq, Eq)]
pub struct RawData(pub String);

impl<S> FromDelivery<S> for RawData {
    fn from_delivery(delivery: &Delivery<'_>, _state: &S) -> Result<Self, HookError> {
        Ok(Self(delivery.data().to_owned()))
    }
}

/// Shows the length only, because the text may hold credentials.
impl fmt::Debug for RawData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawData").field("bytes", &self.0.len()).finish_non_exhaustive()
    }
}
