//! A refusal as it crosses the network, and as it is kept: its code and parameters.

use serde::Serialize;

use super::{Params, Refusal};
use crate::fields::Fields;

/// The parameter that [`Refused`] has as a field of its own.
const RETRY_MS: &str = "retry_ms";

/// A refusal as it crosses the network: code and parameters, and no sentence in any language. A reader that does not
/// know the code shows a general sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// The stable code.
    pub code: String,
    /// The parameters of the sentence.
    #[serde(skip_serializing_if = "Params::is_empty")]
    pub params: Params,
    /// The delay before a retry, in milliseconds, if a retry helps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_ms: Option<u32>,
}

crate::fields::by_fields!(Refused { code, retry_ms; params });

impl Refused {
    /// Creates one without parameters, for a code that is not a [`Refusal`]'s.
    #[must_use]
    pub fn by_code(code: &str) -> Self {
        Self { code: code.into(), params: Params::default(), retry_ms: None }
    }

    /// Takes one from the fields of a frame.
    pub(crate) fn take(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            code: fields.take("code")?,
            params: fields.take_or_default("params")?,
            retry_ms: fields.take(RETRY_MS)?,
        })
    }

    /// Returns the refusal that it was; none if there is no such code here.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        let mut params = self.params.clone();
        if let Some(millis) = self.retry_ms {
            params.put(RETRY_MS, &millis);
        }
        Refusal::of(&self.code, &params)
    }
}

impl From<&Refusal> for Refused {
    fn from(refusal: &Refusal) -> Self {
        let mut params = refusal.params();
        params.remove(RETRY_MS);
        Self { code: refusal.code().into(), params, retry_ms: refusal.retry_ms() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::*;
    use crate::refusal::Expected;

    /// Parameters with a value for every field that a refusal may have.
    fn any_params() -> Params {
        let mut params = Map::new();
        for number in ["max", "limit", "minutes", "bytes", RETRY_MS] {
            params.insert(number.into(), Value::from(90_000));
        }
        params.insert("field".into(), "topic".into());
        params.insert("claim".into(), "aud".into());
        params.insert("file".into(), "0123456789abcdef".into());
        params.insert("valid_from".into(), "2026-11-30T10:00:00.000Z".into());
        params.insert("name".into(), "李雷".into());
        params.insert("provider".into(), "Königsberg GmbH".into());
        params.insert("names".into(), "Zoë, 李雷".into());
        params.insert("wants".into(), Expected::Boolean.code().into());
        serde_json::from_value(Value::Object(params)).unwrap()
    }

    #[test]
    fn every_refusal_is_the_same_after_crossing_the_network() {
        for code in Refusal::CODES {
            let refusal = Refusal::of(code, &any_params()).unwrap_or_else(|| panic!("{code}"));
            assert_eq!(refusal.code(), *code);
            assert!((400..600).contains(&refusal.status()), "{code}");
            let text = serde_json::to_string(&Refused::from(&refusal)).unwrap();
            let refused: Refused = serde_json::from_str(&text).unwrap();
            assert_eq!(refused.refusal(), Some(refusal), "{text}");
        }
    }

    #[test]
    fn a_refusal_of_another_version_keeps_its_code_and_has_no_meaning_here() {
        let refused: Refused = serde_json::from_str(r#"{"code":"moon_full","retry_ms":5}"#).unwrap();
        assert_eq!((refused.code.as_str(), refused.retry_ms), ("moon_full", Some(5)));
        assert_eq!(refused.refusal(), None);
        let refused: Refused = serde_json::from_str(r#"{"code":"muted"}"#).unwrap();
        assert_eq!(refused.refusal(), None, "its minutes are missing");
    }

    #[test]
    fn only_numbers_and_short_strings_are_parameters() {
        let long = "x".repeat(513);
        let params = json!({ "max": 7, "field": "topic", "list": [1], "on": true, "less": -1, "long": long });
        let params: Params = serde_json::from_value(params).unwrap();
        assert_eq!(serde_json::to_string(&params).unwrap(), r#"{"field":"topic","max":7}"#);
        assert_eq!((params.number("max"), params.text("field")), (Some(7), Some("topic")));
    }
}
