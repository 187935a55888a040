//! [`FieldMappings`]: the user's own fields of an object.

use std::{
    fmt,
    ops::{Deref, DerefMut},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::field::{FieldValue, NULL_TEXT};

/// Your own fields of an object, keyed by their slug in Panora.
///
/// Panora stores their values as text: a number as its digits, and a missing value as the text
/// `null`. `Debug` shows the slugs only, because the values may be sensitive.
///
/// ```
/// use panora_hooks::models::FieldMappings;
///
/// let fields: FieldMappings = serde_json::from_str(r#"{"seats":"12","plan":"null"}"#)?;
/// assert_eq!(fields.text("seats"), Some("12"));
/// assert_eq!(fields.text("plan"), None);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct FieldMappings(pub Map<String, Value>);

impl FieldMappings {
    /// Returns the text of a field. `None` if the field does not exist or has no value.
    #[must_use]
    pub fn text(&self, slug: &str) -> Option<&str> {
        self.0.get(slug)?.as_str().filter(|text| *text != NULL_TEXT)
    }
}

impl fmt::Debug for FieldMappings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Deref for FieldMappings {
    type Target = Map<String, Value>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for FieldMappings {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl<'de> Deserialize<'de> for FieldMappings {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        Map::deserialize(json).map(Self)
    }
}

impl Serialize for FieldMappings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl FieldValue for FieldMappings {}
