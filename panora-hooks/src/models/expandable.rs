//! [`Expandable`]: a reference to an object, or the object itself.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::field::FieldValue;

/// Another object, as its id or as the object itself. The sender's types allow either, so handle
/// both:
///
/// ```
/// use panora_hooks::models::Expandable;
///
/// let users: Vec<Expandable<serde_json::Value>> = serde_json::from_str(r#"["7", {"id": "8"}]"#)?;
/// let ids = users.iter().map(|user| match user {
///     Expandable::Id(id) => Some(id.as_str()),
///     Expandable::Object(user) => user["id"].as_str(),
/// });
/// assert_eq!(ids.collect::<Vec<_>>(), [Some("7"), Some("8")]);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Expandable<T> {
    /// The id.
    Id(String),
    /// The object.
    Object(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Expandable<T> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(ExpandableVisitor(PhantomData))
    }
}

struct ExpandableVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ExpandableVisitor<T> {
    type Value = Expandable<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id or an object")
    }

    fn visit_str<E: Error>(self, id: &str) -> Result<Self::Value, E> {
        Ok(Expandable::Id(id.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Expandable::Object)
    }
}

impl<T: Serialize> Serialize for Expandable<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Id(id) => id.serialize(serializer),
            Self::Object(object) => object.serialize(serializer),
        }
    }
}

impl<T: FieldValue> FieldValue for Expandable<T> {}
