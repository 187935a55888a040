//! Models: objects that know some of their fields and keep the others.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserializer, Serializer,
    de::{DeserializeSeed, Error, MapAccess, Visitor},
    ser::SerializeMap,
};

use super::{extra::Extra, field::Form};

/// An object that knows some of its fields and keeps the others.
///
/// serde's derive cannot distinguish a field that is `null` from a missing one, nor digits in a
/// string from a number. The sender does, and a model is written as it was read.
pub(crate) trait Model: Default + 'static {
    /// The key of a field.
    type Key: Copy + 'static;

    const NAME: &'static str;

    /// The JSON names of the fields, in the order in which the sender writes them.
    const FIELDS: &'static [(&'static str, Self::Key)];

    /// The required fields, one bit for each.
    const REQUIRED: u64;

    fn read<'de, A: MapAccess<'de>>(&mut self, key: Self::Key, map: &mut A) -> Result<Form, A::Error>;

    fn write<M: SerializeMap>(
        &self,
        key: Self::Key,
        name: &'static str,
        form: Form,
        map: &mut M,
    ) -> Result<(), M::Error>;

    fn extra(&self) -> &Extra;

    fn extra_mut(&mut self) -> &mut Extra;
}

pub(crate) fn deserialize<'de, M: Model, D: Deserializer<'de>>(json: D) -> Result<M, D::Error> {
    json.deserialize_map(ModelVisitor(PhantomData))
}

pub(crate) fn serialize<M: Model, S: Serializer>(model: &M, serializer: S) -> Result<S::Ok, S::Error> {
    let extra = model.extra();
    let mut map = serializer.serialize_map(None)?;
    for (index, &(name, key)) in M::FIELDS.iter().enumerate() {
        model.write(key, name, extra.form::<M>(index), &mut map)?;
    }
    for (name, value) in extra.iter() {
        let is_field = M::FIELDS.iter().any(|(field, _)| field == name);
        if !is_field {
            map.serialize_entry(name, value)?;
        }
    }
    map.end()
}

struct ModelVisitor<M>(PhantomData<M>);

impl<'de, M: Model> Visitor<'de> for ModelVisitor<M> {
    type Value = M;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "struct {}", M::NAME)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<M, A::Error> {
        let mut model = M::default();
        let mut seen = 0_u64;
        let mut next = 0;
        while let Some(name) = map.next_key_seed(NameSeed::<M> { next, model: PhantomData })? {
            match name {
                Name::Field(index) => {
                    let (name, key) = M::FIELDS[index];
                    if seen & (1 << index) != 0 {
                        return Err(A::Error::duplicate_field(name));
                    }
                    seen |= 1 << index;
                    next = index + 1;
                    let form = model.read(key, &mut map)?;
                    model.extra_mut().set_form::<M>(index, form);
                }
                Name::Unknown(name) => drop(model.extra_mut().insert(name, map.next_value()?)),
            }
        }
        let missing = M::REQUIRED & !seen;
        if missing != 0 {
            return Err(A::Error::missing_field(M::FIELDS[missing.trailing_zeros() as usize].0));
        }
        Ok(model)
    }
}

enum Name {
    Field(usize),
    Unknown(String),
}

/// Finds a field by its name. The field after the last one is tried first, because the sender
/// writes fields in order.
struct NameSeed<M> {
    next: usize,
    model: PhantomData<M>,
}

impl<'de, M: Model> DeserializeSeed<'de> for NameSeed<M> {
    type Value = Name;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Name, D::Error> {
        json.deserialize_identifier(self)
    }
}

impl<M: Model> Visitor<'_> for NameSeed<M> {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Name, E> {
        let is_next = M::FIELDS.get(self.next).is_some_and(|(field, _)| *field == name);
        if is_next {
            return Ok(Name::Field(self.next));
        }
        let index = M::FIELDS.iter().position(|(field, _)| *field == name);
        Ok(index.map_or_else(|| Name::Unknown(name.to_owned()), Name::Field))
    }
}

/// Returns the JSON name of a field, such as `type` for `r#type`.
pub(crate) const fn json_name(name: &'static str) -> &'static str {
    match name.as_bytes() {
        [b'r', b'#', ..] => name.split_at(2).1,
        _ => name,
    }
}

/// Defines a model: a struct with the given fields and [`Extra`].
macro_rules! model {
    (
        $(#[$attribute:meta])*
        pub struct $Model:ident in $vertical:literal {
            $( $(#[$field_attribute:meta])* pub $field:ident $(= $name:literal)?: $Type:ty, )*
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Default, PartialEq)]
        pub struct $Model {
            $( $(#[$field_attribute])* pub $field: $Type, )*
            /// The fields that this release does not know.
            pub extra: $crate::models::Extra,
        }

        const _: () = {
            use std::fmt;

            use serde::{Deserialize, Deserializer, Serialize, Serializer, de::MapAccess, ser::SerializeMap};
            #[allow(unused_imports, reason = "a model may have no fields")]
            use $crate::{
                __private::{Carried, Payload, Shape},
                models::{
                    Extra,
                    field::{Field, FieldSeed, FieldValue, Form, Written},
                    model::{self, Model},
                },
            };

            #[allow(non_camel_case_types)]
            #[derive(Clone, Copy)]
            pub(crate) enum Key { $( $field, )* }

            impl Model for $Model {
                type Key = Key;

                const NAME: &'static str = stringify!($Model);

                const FIELDS: &'static [(&'static str, Key)] =
                    &[ $( ($crate::models::model::field_name!($field $(= $name)?), Key::$field), )* ];

                const REQUIRED: u64 =
                    0 $( | (<$Type as Field>::IS_REQUIRED as u64) << Key::$field as u64 )*;

                fn read<'de, A: MapAccess<'de>>(&mut self, key: Key, map: &mut A) -> Result<Form, A::Error> {
                    let _ = &map;
                    match key {
                        $( Key::$field => {
                            let (value, form) = map.next_value_seed(FieldSeed::<$Type>::default())?;
                            self.$field = value;
                            Ok(form)
                        } )*
                    }
                }

                fn write<M: SerializeMap>(
                    &self,
                    key: Key,
                    name: &'static str,
                    form: Form,
                    map: &mut M,
                ) -> Result<(), M::Error> {
                    let _ = (name, form, &map);
                    match key {
                        $( Key::$field if self.$field.is_absent(form) => Ok(()),
                        Key::$field => map.serialize_entry(name, &Written(&self.$field, form)), )*
                    }
                }

                fn extra(&self) -> &Extra {
                    &self.extra
                }

                fn extra_mut(&mut self) -> &mut Extra {
                    &mut self.extra
                }
            }

            impl<'de> Deserialize<'de> for $Model {
                fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
                    model::deserialize(json)
                }
            }

            impl Serialize for $Model {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    model::serialize(self, serializer)
                }
            }

            impl fmt::Debug for $Model {
                // `#[inline]` delays compilation until the function is used.
                #[inline]
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.debug_struct(stringify!($Model))
                        $( .field(model::json_name(stringify!($field)), self.$field.shown()) )*
                        .field("extra", &self.extra)
                        .finish()
                }
            }

            impl FieldValue for $Model {}

            impl Payload for $Model {
                const CARRIED: Carried = Carried {
                    vertical: $vertical,
                    model: stringify!($Model),
                    shape: Shape::Object,
                    fields: &[ $( $crate::models::model::field_name!($field $(= $name)?), )* ],
                };
            }

            // Each field has a bit in masks of 64 bits.
            assert!(<$Model as Model>::FIELDS.len() <= 64);
        };
    };
}

/// The JSON name of a field of [`model!`].
macro_rules! field_name {
    ($field:ident) => {
        $crate::models::model::json_name(stringify!($field))
    };
    ($field:ident = $name:literal) => {
        $name
    };
}

pub(crate) use {field_name, model};
