//! The macro that declares the refusals: type, code, status and parameters of each stand in one place.

/// Declares [`Refusal`](super::Refusal). Each variant has its fields, its code and its HTTP status, and in brackets the
/// parameters that are the same for every refusal of that kind, such as a limit.
macro_rules! refusals {
    ($(
        $(#[$doc:meta])*
        $name:ident $({ $( $(#[$field_doc:meta])* $field:ident: $type:ty ),* $(,)? })?
            = $code:literal, $status:literal $([ $( $constant:ident: $value:expr ),* ])? ;
    )*) => {
        /// An expected no: data, exhaustive, shown to the caller. Its code never changes its meaning. It has no
        /// sentence: each language has one for the code, with the parameters in it.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Refusal {
            $( $(#[$doc])* $name $({ $( $(#[$field_doc])* $field: $type ),* })? ),*
        }

        impl Refusal {
            /// All codes, in the order in which they are declared.
            pub const CODES: &'static [&'static str] = &[$($code),*];

            /// The stable code.
            #[must_use]
            pub const fn code(&self) -> &'static str {
                match self {
                    $( Self::$name { .. } => $code ),*
                }
            }

            /// The HTTP status that goes with it.
            #[must_use]
            pub const fn status(&self) -> u16 {
                match self {
                    $( Self::$name { .. } => $status ),*
                }
            }

            /// The parameters of its sentence: its fields, and limits that are always the same.
            #[must_use]
            pub fn params(&self) -> $crate::refusal::Params {
                let mut params = $crate::refusal::Params::default();
                match self {
                    $( Self::$name $({ $($field),* })? => {
                        $($( params.put(stringify!($field), $field); )*)?
                        $($( params.put(stringify!($constant), &$value); )*)?
                    } )*
                }
                params
            }

            /// Returns the refusal with this code and these parameters; none if there is no such code here, or if a
            /// parameter is missing.
            #[must_use]
            pub fn of(code: &str, params: &$crate::refusal::Params) -> Option<Self> {
                match code {
                    $( $code => Some(Self::$name $({ $( $field: params.take(stringify!($field))? ),* })?), )*
                    _ => None,
                }
            }
        }
    };
}

pub(super) use refusals;
