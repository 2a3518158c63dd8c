//! References: a client's mark on a frame, which the answer repeats.

use serde_json::Value;

use super::fields::{Fields, take_optional};
use crate::limits::REF_BYTES;
use crate::refusal::{Expected, Refusal};

/// The sender's mark on a frame: a string of at most 128 bytes, or a number.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Ref(Value);

impl Ref {
    /// A reference that is a number.
    #[must_use]
    pub fn number(number: u64) -> Self {
        Self(number.into())
    }

    /// The number it is, if it is one.
    #[must_use]
    pub fn as_number(&self) -> Option<u64> {
        self.0.as_u64()
    }

    pub(super) fn to_value(&self) -> Value {
        self.0.clone()
    }

    pub(super) fn take(fields: &mut Fields<'_>) -> Result<Option<Self>, Refusal> {
        let wants = Expected::Reference;
        match take_optional(fields, "ref", wants)? {
            None => Ok(None),
            Some(Value::String(text)) if text.len() <= REF_BYTES => Ok(Some(Self(Value::String(text)))),
            Some(Value::Number(number)) => Ok(Some(Self(Value::Number(number)))),
            Some(_) => Err(Refusal::FieldWrong { field: "ref".into(), wants }),
        }
    }
}
