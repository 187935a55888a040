//! All events of a vertical as one type.

/// Defines `AnyEvent`, with a variant for each payload and the event types that carry it.
#[allow(unused_macros, reason = "all features of verticals may be off")]
macro_rules! any_event {
    (
        $(#[$attribute:meta])*
        pub enum AnyEvent in $vertical:literal {
            $( $(#[$variant_attribute:meta])* $Variant:ident($Payload:ty): $($event_type:literal)|+, )*
        }
    ) => {
        $(#[$attribute])*
        #[allow(clippy::large_enum_variant, reason = "few values exist at once, and a match is easier")]
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum AnyEvent {
            $( $(#[$variant_attribute])* $Variant($Payload), )*
            /// An event of any other type, or an event with `null`: the text of `data`, as it was
            /// signed.
            Other($crate::RawData),
        }

        const _: () = {
            use $crate::{
                __private::{Carried, FromPayload, Payload, Shape},
                Delivery, PayloadError, RawData,
            };

            impl FromPayload for AnyEvent {
                // `#[inline]` delays compilation until the function is used, because it needs every
                // model of the vertical.
                #[inline]
                fn from_payload(delivery: &Delivery<'_>) -> Result<Self, PayloadError> {
                    match delivery.event_type() {
                        _ if delivery.is_null() => {}
                        $( $($event_type)|+ => return delivery.payload().map(Self::$Variant), )*
                        _ => {}
                    }
                    Ok(Self::Other(RawData(delivery.data().to_owned())))
                }
            }

            impl Payload for AnyEvent {
                const CARRIED: Carried =
                    Carried { vertical: $vertical, model: "AnyEvent", shape: Shape::Any, fields: &[] };
            }
        };
    };
}

#[allow(unused_imports, reason = "all features of verticals may be off")]
pub(crate) use any_event;
