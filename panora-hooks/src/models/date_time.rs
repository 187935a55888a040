//! [`DateTime`]: a date and time as the sender's text.

use std::{fmt, ops::Deref};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::field::{FieldValue, Form, NULL_TEXT};

/// A date and time, kept as the text that arrived.
///
/// Usually ISO 8601 in UTC with milliseconds, `2024-10-01T12:00:00.000Z`. A date without a time,
/// such as a birthday, has midnight as its time. Some fields of applicant tracking hold
/// JavaScript's text of a date, `Tue Oct 01 2024 12:00:00 GMT+0000 (Coordinated Universal Time)`.
#[cfg_attr(feature = "jiff", doc = "[`timestamp`](Self::timestamp) reads both.")]
#[cfg_attr(not(feature = "jiff"), doc = "`timestamp()`, with the feature `jiff`, reads both.")]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DateTime(String);

impl DateTime {
    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the time that the text represents.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is neither ISO 8601 with an offset nor JavaScript's text of a
    /// date.
    #[cfg(feature = "jiff")]
    pub fn timestamp(&self) -> Result<jiff::Timestamp, DateTimeError> {
        let iso = |text: &str| text.parse().ok();
        iso(&self.0).or_else(|| of_javascript(&self.0)).ok_or(DateTimeError(()))
    }
}

/// The error of a [`DateTime`] that is not in a known format of the sender.
#[cfg(feature = "jiff")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a date and time such as `2024-10-01T12:00:00.000Z`")]
pub struct DateTimeError(());

/// Parses the output of `String(date)` in JavaScript. The name of the time zone in brackets depends
/// on the machine; the offset is sufficient.
#[cfg(feature = "jiff")]
fn of_javascript(text: &str) -> Option<jiff::Timestamp> {
    let (text, _zone_name) = text.split_once(" (").unwrap_or((text, ""));
    jiff::Timestamp::strptime("%a %b %d %Y %H:%M:%S GMT%z", text).ok()
}

impl Deref for DateTime {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<String> for DateTime {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for DateTime {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl<'de> Deserialize<'de> for DateTime {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        String::deserialize(json).map(Self)
    }
}

impl Serialize for DateTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// The sender writes a missing date as the text `null`.
impl FieldValue for DateTime {
    fn read<'de, D: Deserializer<'de>>(json: D) -> Result<(Option<Self>, Form), D::Error> {
        let text = String::deserialize(json)?;
        Ok(match &*text {
            NULL_TEXT => (None, Form { is_null: true, is_text: true }),
            _ => (Some(Self(text)), Form::default()),
        })
    }
}
