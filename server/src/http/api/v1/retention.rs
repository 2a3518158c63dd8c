//! Retention as programs send it: the bounds within which logs keep their entries.

use chat::store::{Retention, RetentionConfig, RetentionRule};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The bounds within which a log keeps its entries: beyond any of them the oldest are deleted. A bound that is left out is
/// none.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct Bounds {
    /// The most entries, 1 or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    entries: Option<u64>,
    /// The most bytes of data in all entries of the log, 1 or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    /// The most days since an entry was accepted, 1 or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<u32>,
}

/// The retention of the logs of an application.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct LogRetention {
    /// The bounds of conversations and topics without a rule.
    default: Bounds,
    /// The bounds of topics by the beginning of their names, at most 50; the longest that fits applies.
    #[serde(default)]
    rules: Vec<PrefixRule>,
}

/// The bounds of the topics whose names begin in the same way.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct PrefixRule {
    /// The beginning of their names, such as `orders/`; `group/`, `direct/`, `user/` and `audit/` are those of
    /// conversations, users and audit logs.
    prefix: String,
    /// The bounds.
    keep: Bounds,
}

impl From<Retention> for Bounds {
    fn from(Retention { entries, bytes, days }: Retention) -> Self {
        Self { entries, bytes, days }
    }
}

impl From<Bounds> for Retention {
    fn from(Bounds { entries, bytes, days }: Bounds) -> Self {
        Self { entries, bytes, days }
    }
}

impl From<&RetentionConfig> for LogRetention {
    fn from(RetentionConfig { default, rules }: &RetentionConfig) -> Self {
        let rule =
            |rule: &RetentionRule| PrefixRule { prefix: rule.prefix.clone(), keep: rule.retention.into() };
        Self { default: (*default).into(), rules: rules.iter().map(rule).collect() }
    }
}

impl From<LogRetention> for RetentionConfig {
    fn from(LogRetention { default, rules }: LogRetention) -> Self {
        let rule = |PrefixRule { prefix, keep }| RetentionRule { prefix, retention: keep.into() };
        Self { default: default.into(), rules: rules.into_iter().map(rule).collect() }
    }
}
