//! The parameters of a refusal: numbers and short strings by name.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::Expected;

/// The parameters of a refusal, by name: whole numbers, and short strings such as the name of a field. A sentence is
/// never one of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Params(Map<String, Value>);

/// A type of which a parameter can be made.
pub(super) trait Param: Sized {
    fn to_value(&self) -> Value;
    fn of(value: &Value) -> Option<Self>;
}

/// The longest string, in bytes. Longer ones are dropped.
const LONGEST: usize = 512;

impl Params {
    /// Returns true if there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns a number.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name)?.as_u64()
    }

    /// Returns a string.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// Returns the names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Adds a string.
    #[must_use]
    pub fn with_text(mut self, name: &str, text: &str) -> Self {
        self.0.insert(name.into(), text.into());
        self
    }

    pub(super) fn put(&mut self, name: &str, value: &impl Param) {
        self.0.insert(name.into(), value.to_value());
    }

    pub(super) fn take<T: Param>(&self, name: &str) -> Option<T> {
        T::of(self.0.get(name)?)
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }
}

/// Anything but numbers and short strings is dropped.
impl<'de> Deserialize<'de> for Params {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut params = Map::deserialize(deserializer)?;
        params.retain(|_, value| {
            value.is_u64() || value.as_str().is_some_and(|text: &str| text.len() <= LONGEST)
        });
        Ok(Self(params))
    }
}

macro_rules! numbers {
    ($($type:ty),*) => {
        $(impl Param for $type {
            fn to_value(&self) -> Value {
                (*self).into()
            }

            fn of(value: &Value) -> Option<Self> {
                value.as_u64()?.try_into().ok()
            }
        })*
    };
}

numbers!(u32, u64, usize);

impl Param for Cow<'static, str> {
    fn to_value(&self) -> Value {
        self.as_ref().into()
    }

    fn of(value: &Value) -> Option<Self> {
        value.as_str().map(|text| text.to_owned().into())
    }
}

impl Param for String {
    fn to_value(&self) -> Value {
        self.as_str().into()
    }

    fn of(value: &Value) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }
}

impl Param for Expected {
    fn to_value(&self) -> Value {
        self.code().into()
    }

    fn of(value: &Value) -> Option<Self> {
        Self::of(value.as_str()?)
    }
}
