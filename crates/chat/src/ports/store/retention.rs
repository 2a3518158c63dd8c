//! Retention: the bounds within which a log keeps its entries, and the size of logs.

use serde_json::{Value, json};
use wire::{Json, Seq, Timestamp, Topic};

/// The bounds within which a log keeps its entries; beyond any of them the oldest entries are trimmed. By default there
/// are none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// The most entries.
    pub entries: Option<u64>,
    /// The most bytes of data in all entries together.
    pub bytes: Option<u64>,
    /// The most days since an entry was accepted.
    pub days: Option<u32>,
}

/// The retention of an application's logs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RetentionConfig {
    /// The bounds of conversations and open topics without a rule.
    pub default: Retention,
    /// The bounds of topics by the beginning of their names; the longest that fits applies.
    pub rules: Vec<RetentionRule>,
}

/// The bounds of the topics whose names begin in the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetentionRule {
    /// The beginning of their names.
    pub prefix: String,
    /// The bounds.
    pub retention: Retention,
}

/// The size of a log, and its own retention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogUsage {
    /// The topic of the log.
    pub topic: Topic,
    /// The oldest entry that the log has, or is going to have.
    pub begins: Seq,
    /// The newest entry that the log has had.
    pub head: Seq,
    /// The bytes of data of the entries that are kept.
    pub bytes: u64,
    /// The time of the oldest entry that is kept; none if there is none.
    pub oldest: Option<Timestamp>,
    /// The retention of this log, if it has one of its own.
    pub retention: Option<Retention>,
}

/// One of the oldest entries of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OldEntry {
    /// Its place in the log.
    pub seq: Seq,
    /// The time at which it was accepted.
    pub at: Timestamp,
    /// The bytes of its data.
    pub bytes: u64,
}

/// The volume of an application.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ApplicationUsage {
    /// The number of its users, without those that were deleted.
    pub users: u64,
    /// The number of its groups.
    pub groups: u64,
    /// The number of its logs, also of those whose entries are all trimmed.
    pub topics: u64,
    /// The number of entries that are kept.
    pub entries: u64,
    /// The bytes of data in these entries.
    pub bytes: u64,
}

/// Removes the oldest entries of a log, up to [`TRIM_ENTRIES`] at once, with their ids, mentions and pins. Replies to
/// them keep a quote without an excerpt, and edits of them lose their text. The head stays, so no Seq is used again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trim {
    /// The log.
    pub topic: Topic,
    /// This entry and later ones stay.
    pub before: Seq,
}

/// The outcome of a [`Trim`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trimmed {
    /// The oldest entry that the log has now, or is going to have; 1 if there is no such log.
    pub begins: Seq,
}

/// Sets the retention of a log. [`Checked::Stale`](super::Checked::Stale) if the log has had no entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetRetention {
    /// The log.
    pub topic: Topic,
    /// Its own retention; none if that of the application applies.
    pub retention: Option<Retention>,
}

/// The most entries that one [`Trim`] removes.
pub const TRIM_ENTRIES: u64 = 500;

impl Retention {
    /// Returns true if there are no bounds.
    #[must_use]
    pub fn is_unlimited(&self) -> bool {
        *self == Self::default()
    }

    /// Returns true if a log within the bounds may have an entry: no bound is 0, or past what a store can count.
    #[must_use]
    pub fn has_room(&self) -> bool {
        let bounds = [self.entries, self.bytes, self.days.map(u64::from)];
        bounds.into_iter().flatten().all(|most| (1..=i64::MAX as u64).contains(&most))
    }

    /// Returns the bounds as the store has them.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let Self { entries, bytes, days } = self;
        let bounds = [("entries", *entries), ("bytes", *bytes), ("days", days.map(u64::from))];
        let bounds = bounds.into_iter().filter_map(|(name, most)| Some((name.to_owned(), json!(most?))));
        Value::Object(bounds.collect())
    }

    /// As [`Retention::to_value`], as text.
    #[must_use]
    pub fn to_json(&self) -> Json {
        Json::of(&self.to_value())
    }

    /// Reads the bounds; a bound that is missing is none.
    #[must_use]
    pub fn of_value(fields: &Value) -> Option<Self> {
        let days = fields["days"].as_u64().map(u32::try_from).transpose().ok()?;
        let (entries, bytes) = (fields["entries"].as_u64(), fields["bytes"].as_u64());
        fields.is_object().then_some(Self { entries, bytes, days })
    }

    /// As [`Retention::of_value`], from text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::of_value(&serde_json::from_str(text).ok()?)
    }
}

impl RetentionConfig {
    /// Returns the settings as the store has them.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let rule = |rule: &RetentionRule| json!({ "prefix": rule.prefix, "keep": rule.retention.to_value() });
        let rules: Vec<Value> = self.rules.iter().map(rule).collect();
        json!({ "default": self.default.to_value(), "rules": rules })
    }

    /// Reads the settings; what is missing has its default.
    #[must_use]
    pub fn of_value(fields: &Value) -> Self {
        let rule = |rule: &Value| {
            let prefix = rule["prefix"].as_str()?.to_owned();
            Some(RetentionRule { prefix, retention: Retention::of_value(&rule["keep"])? })
        };
        let rules = fields["rules"].as_array().into_iter().flatten().filter_map(rule).collect();
        Self { default: Retention::of_value(&fields["default"]).unwrap_or_default(), rules }
    }
}

impl LogUsage {
    /// Returns the number of entries that are kept.
    #[must_use]
    pub const fn entries(&self) -> u64 {
        (self.head.0 + 1).saturating_sub(self.begins.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_read_back_and_a_missing_bound_is_none() {
        for retention in [
            Retention::default(),
            Retention { entries: Some(9), ..Retention::default() },
            Retention { entries: Some(0), bytes: Some(u64::MAX), days: Some(u32::MAX) },
        ] {
            assert_eq!(Retention::parse(retention.to_json().as_str()), Some(retention));
        }
        for bad in ["", "[]", "7", r#"{"days":4294967296}"#] {
            assert_eq!(Retention::parse(bad), None, "{bad}");
        }
    }
}
