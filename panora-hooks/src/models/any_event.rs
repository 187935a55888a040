//! The events of a vertical in one type.

/// Writes `AnyEvent`: a variant for each payload, by the event types that carry it.
#[allow(unused_macros, reason = "there may be no vertical")]
macro_rules! any_event {
    (
        $(#[$attribute:meta])*
        pub enum AnyEvent in $vertical:literal {
            $( $(#[$variant_attribute:meta])* $Variant:ident($Payload:ty): $($event_type:literal)|+, )*
        }
    ) => {
        $(#[$attribute])*
        #[allow(clippy::large_enum_variant, reason = "one at a time, and easier to match on")]
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum AnyEvent {
            $( $(#[$variant_attribute])* $Variant($Payload), )*
            /// An event of any other type, or one that carries `null`: the text of `data`, as it was signed.
            Other($crate::RawData),
        }

        const _: () = {
            use $crate::{
                __private::{Carried, FromPayload, Payload, Shape},
                Delivery, PayloadError, RawData,
            };

            impl FromPayload for AnyEvent {
                // Not compiled before somebody uses it: it takes every model of the vertical along.
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
                    Carried { vertical: $vertical, model: "AnyEvent", shape: Shape::Any };
            }
        };
    };
}

#[allow(unused_imports, reason = "there may be no vertical")]
pub(crate) use any_event;
