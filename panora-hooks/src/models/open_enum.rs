//! Open enums: lists of values that may grow.

/// Defines an enum with the given values and a variant for any other text.
macro_rules! open_enum {
    (
        $(#[$attribute:meta])*
        pub enum $Enum:ident { $( $Variant:ident = $text:literal, )* }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $Enum {
            $( #[doc = concat!("`", $text, "`.")] $Variant, )*
            /// Any other text. Panora stores these values as free text.
            Unknown(String),
        }

        impl $Enum {
            /// Returns the text in JSON.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$Variant => $text, )*
                    Self::Unknown(text) => text,
                }
            }
        }

        const _: () = {
            use std::fmt;

            use serde::{Deserialize, Deserializer, Serialize, Serializer};

            impl From<String> for $Enum {
                fn from(text: String) -> Self {
                    match &*text {
                        $( $text => Self::$Variant, )*
                        _ => Self::Unknown(text),
                    }
                }
            }

            impl From<&str> for $Enum {
                fn from(text: &str) -> Self {
                    Self::from(text.to_owned())
                }
            }

            impl fmt::Display for $Enum {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(self.as_str())
                }
            }

            impl<'de> Deserialize<'de> for $Enum {
                fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
                    String::deserialize(json).map(Self::from)
                }
            }

            impl Serialize for $Enum {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.serialize_str(self.as_str())
                }
            }

            impl $crate::models::field::FieldValue for $Enum {}
        };
    };
}

pub(crate) use open_enum;
