//! The JSON forms of the fields of models.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{
        DeserializeOwned, DeserializeSeed, Error, MapAccess, Unexpected, Visitor,
        value::MapAccessDeserializer,
    },
};
use serde_json::Value;

/// The properties of a field's JSON that its value does not have. They are kept so that a model is
/// written as it was read.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Form {
    /// The field was present without a value. Otherwise, no value means no field.
    pub(crate) is_null: bool,
    /// The field was a string although its value is not a text: digits, or `"null"`.
    pub(crate) is_text: bool,
}

/// A value that a field can hold.
pub(crate) trait FieldValue: Serialize + DeserializeOwned + fmt::Debug {
    /// Whether `Debug` shows the value.
    const IS_SHOWN: bool = true;

    /// Reads a value other than `null`.
    fn read<'de, D: Deserializer<'de>>(json: D) -> Result<(Option<Self>, Form), D::Error> {
        Ok((Some(Self::deserialize(json)?), Form::default()))
    }

    fn write<S: Serializer>(&self, _form: Form, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }
}

impl FieldValue for String {}
impl FieldValue for bool {}

/// Data of the provider, or JSON that is not described anywhere. It may hold anything, including
/// credentials.
impl FieldValue for Value {
    const IS_SHOWN: bool = false;
}

impl<T: FieldValue> FieldValue for Vec<T> {
    const IS_SHOWN: bool = T::IS_SHOWN;
}

/// An element that can be missing.
impl<T: FieldValue> FieldValue for Option<T> {
    const IS_SHOWN: bool = T::IS_SHOWN;
}

/// Panora stores these as 64-bit integers. Rows hold them as digits in a string, objects as a
/// JavaScript number.
impl FieldValue for i64 {
    fn read<'de, D: Deserializer<'de>>(json: D) -> Result<(Option<Self>, Form), D::Error> {
        let of_text = |text: &str| text.parse().ok();
        json.deserialize_any(NumberVisitor { expected: "a 64-bit number", of_number: to_i64, of_text })
    }

    fn write<S: Serializer>(&self, form: Form, serializer: S) -> Result<S::Ok, S::Error> {
        if form.is_text { serializer.collect_str(self) } else { serializer.serialize_i64(*self) }
    }
}

impl FieldValue for f64 {
    fn read<'de, D: Deserializer<'de>>(json: D) -> Result<(Option<Self>, Form), D::Error> {
        let of_text = |text: &str| text.parse().ok().filter(|number: &f64| number.is_finite());
        json.deserialize_any(NumberVisitor { expected: "a number", of_number: to_f64, of_text })
    }

    /// Writes numbers like JavaScript, as far as 64-bit integers allow it: whole numbers without a
    /// fraction, and the fewest digits that identify the number.
    fn write<S: Serializer>(&self, form: Form, serializer: S) -> Result<S::Ok, S::Error> {
        if form.is_text {
            return serializer.collect_str(self);
        }
        match Number::parse(&self.to_string()) {
            Some(Number::Signed(number)) => serializer.serialize_i64(number),
            Some(Number::Unsigned(number)) => serializer.serialize_u64(number),
            _ => serializer.serialize_f64(*self),
        }
    }
}

/// A number, from JSON or from its text.
#[derive(Clone, Copy)]
enum Number {
    Signed(i64),
    Unsigned(u64),
    Float(f64),
}

impl Number {
    fn parse(text: &str) -> Option<Self> {
        let signed = || text.parse().map(Self::Signed);
        let unsigned = |_| text.parse().map(Self::Unsigned);
        let float = |_| text.parse().map(Self::Float);
        signed().or_else(unsigned).or_else(float).ok()
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "checked to be in range")]
fn to_i64(number: Number) -> Option<i64> {
    // 2^63. The largest 64-bit number becomes this value when it passes through JavaScript.
    const END: f64 = 9_223_372_036_854_775_808.0;
    let float = match number {
        Number::Signed(number) => return Some(number),
        Number::Unsigned(number) => number as f64,
        Number::Float(number) => number,
    };
    (float.fract() == 0.0 && (-END..=END).contains(&float)).then_some(float as i64)
}

#[expect(clippy::cast_precision_loss, reason = "JavaScript's numbers have the same precision")]
fn to_f64(number: Number) -> Option<f64> {
    let float = match number {
        Number::Signed(number) => number as f64,
        Number::Unsigned(number) => number as f64,
        Number::Float(number) => number,
    };
    float.is_finite().then_some(float)
}

/// Reads a number, its text, or the text `null`, which JavaScript's `String(null)` returns.
struct NumberVisitor<T> {
    expected: &'static str,
    of_number: fn(Number) -> Option<T>,
    of_text: fn(&str) -> Option<T>,
}

impl<T> NumberVisitor<T> {
    fn number<E: Error>(self, number: Number, found: Unexpected<'_>) -> Result<(Option<T>, Form), E> {
        let value = (self.of_number)(number).ok_or_else(|| E::invalid_value(found, &self))?;
        Ok((Some(value), Form::default()))
    }
}

impl<'de, T> Visitor<'de> for NumberVisitor<T> {
    type Value = (Option<T>, Form);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        self.number(Number::Signed(number), Unexpected::Signed(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        let known = i64::try_from(number).map_or(Number::Unsigned(number), Number::Signed);
        self.number(known, Unexpected::Unsigned(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        self.number(Number::Float(number), Unexpected::Float(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        if text == NULL_TEXT {
            return Ok((None, Form { is_null: true, is_text: true }));
        }
        let value = (self.of_text)(text);
        let value = value.ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))?;
        Ok((Some(value), Form { is_null: false, is_text: true }))
    }

    /// The form of a number in `serde_json` if a crate of the program enables
    /// `arbitrary_precision`.
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let number = serde_json::Number::deserialize(MapAccessDeserializer::new(map))?;
        let parsed = Number::parse(&number.to_string()).and_then(self.of_number);
        let value = parsed.ok_or_else(|| A::Error::invalid_value(Unexpected::Other("number"), &self))?;
        Ok((Some(value), Form::default()))
    }
}

/// The text that the sender writes for SQL `NULL` if it turns a number or a date into text.
pub(crate) const NULL_TEXT: &str = "null";

/// A field of a model.
pub(crate) trait Field: Sized {
    /// Whether an object without the field is an error.
    const IS_REQUIRED: bool;

    fn read<'de, D: Deserializer<'de>>(json: D) -> Result<(Self, Form), D::Error>;

    fn is_absent(&self, form: Form) -> bool;

    fn write<S: Serializer>(&self, form: Form, serializer: S) -> Result<S::Ok, S::Error>;

    fn shown(&self) -> &dyn fmt::Debug;
}

/// An id.
impl Field for String {
    const IS_REQUIRED: bool = true;

    fn read<'de, D: Deserializer<'de>>(json: D) -> Result<(Self, Form), D::Error> {
        Ok((Self::deserialize(json)?, Form::default()))
    }

    fn is_absent(&self, _form: Form) -> bool {
        false
    }

    fn write<S: Serializer>(&self, _form: Form, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }

    fn shown(&self) -> &dyn fmt::Debug {
        self
    }
}

impl<T: FieldValue> Field for Option<T> {
    const IS_REQUIRED: bool = false;

    fn read<'de, D: Deserializer<'de>>(json: D) -> Result<(Self, Form), D::Error> {
        json.deserialize_option(OptionVisitor(PhantomData))
    }

    fn is_absent(&self, form: Form) -> bool {
        self.is_none() && !form.is_null
    }

    fn write<S: Serializer>(&self, form: Form, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(value) => value.write(form, serializer),
            None if form.is_text => serializer.serialize_str(NULL_TEXT),
            None => serializer.serialize_none(),
        }
    }

    fn shown(&self) -> &dyn fmt::Debug {
        match self {
            Some(_) if !T::IS_SHOWN => &Hidden,
            shown => shown,
        }
    }
}

/// A value that `Debug` does not show.
struct Hidden;

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Some(..)")
    }
}

struct OptionVisitor<T>(PhantomData<T>);

impl<'de, T: FieldValue> Visitor<'de> for OptionVisitor<T> {
    type Value = (Option<T>, Form);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or null")
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok((None, Form { is_null: true, is_text: false }))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        self.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        T::read(json)
    }
}

/// Reads a field where a value is expected.
pub(crate) struct FieldSeed<F>(PhantomData<F>);

impl<F> Default for FieldSeed<F> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<'de, F: Field> DeserializeSeed<'de> for FieldSeed<F> {
    type Value = (F, Form);

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        F::read(json)
    }
}

/// Writes a field where a value is expected.
pub(crate) struct Written<'f, F>(pub(crate) &'f F, pub(crate) Form);

impl<F: Field> Serialize for Written<'_, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(self.1, serializer)
    }
}
