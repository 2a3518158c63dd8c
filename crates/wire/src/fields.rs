//! Reading of JSON objects field by field, in any order.

use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde_json::{Map, Value};

/// The fields of a JSON object that is being read. One reader stands for all the types that take their fields
/// from here: with one derived for each the page's wasm was 7 KB larger as it is sent.
pub(crate) struct Fields(Map<String, Value>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(Self)
    }
}

impl Fields {
    /// Takes a field; none if it is missing or of another type. A field that may be missing is an `Option`, and
    /// then a missing one is `Some(None)`.
    pub(crate) fn take<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        serde_json::from_value(self.0.remove(name).unwrap_or_default()).ok()
    }

    /// Takes a field; what is missing is as if it were empty.
    pub(crate) fn take_or_default<T: DeserializeOwned + Default>(&mut self, name: &str) -> Option<T> {
        if self.0.contains_key(name) { self.take(name) } else { Some(T::default()) }
    }
}

/// Reads a type by its fields: those that it must have, and after the semicolon those that may be missing.
macro_rules! by_fields {
    ($name:ident { $($field:ident),* $(; $($default:ident),*)? }) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                fn read(mut fields: crate::fields::Fields) -> Result<$name, &'static str> {
                    Ok($name {
                        $($field: fields.take(stringify!($field)).ok_or(stringify!($field))?,)*
                        $($($default: fields.take_or_default(stringify!($default)).ok_or(stringify!($default))?,)*)?
                    })
                }
                let fields = crate::fields::Fields::deserialize(deserializer)?;
                read(fields).map_err(|field| {
                    serde::de::Error::custom(concat!("a field of ", stringify!($name), " is missing or wrong: ").to_owned() + field)
                })
            }
        }
    };
}
pub(crate) use by_fields;
