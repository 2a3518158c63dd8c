//! The scope of a user token: a part of what its user may do.

use serde::{Deserialize, Serialize};

/// The most patterns in one list, and the most bytes of one.
const PATTERNS: usize = 100;
const PATTERN_BYTES: usize = 256;

/// The part of a user's rights that a token has. What is left out is not limited.
///
/// A field that this version does not know makes it invalid: it could be a limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenScope {
    /// The topics outside of conversations that may be used, by their names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    topics: Option<Vec<Pattern>>,
    /// The conversations that may be used, by the application's keys, or as `id:…` and `direct:…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    conversations: Option<Vec<Pattern>>,
    /// False if nothing may be sent or changed but read states.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    write: bool,
}

/// A name, or the beginning of names if it ends in `*`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct Pattern(String);

impl TokenScope {
    /// Creates a scope of patterns; none means that there is no limit. Returns none if a list or a pattern is too long.
    #[must_use]
    pub fn new(topics: Option<Vec<String>>, conversations: Option<Vec<String>>, write: bool) -> Option<Self> {
        let patterns = |list: Option<Vec<String>>| list.map(|list| list.into_iter().map(Pattern).collect());
        let scope = Self { topics: patterns(topics), conversations: patterns(conversations), write };
        scope.is_within_limits().then_some(scope)
    }

    pub(super) fn is_within_limits(&self) -> bool {
        [&self.topics, &self.conversations]
            .into_iter()
            .flatten()
            .all(|list| list.len() <= PATTERNS && list.iter().all(|pattern| pattern.0.len() <= PATTERN_BYTES))
    }

    /// Returns true if it has a topic outside of conversations.
    pub(crate) fn has_topic(&self, name: &str) -> bool {
        self.topics.as_ref().is_none_or(|list| list.iter().any(|pattern| pattern.matches(name)))
    }

    /// Returns true if it has a user's own log, which tells of all their conversations: a token for some conversations
    /// has it only if it names such logs. `*` names open topics.
    pub(crate) fn has_own_log(&self, name: &str) -> bool {
        if self.has_all_conversations() {
            return self.has_topic(name);
        }
        let named = |pattern: &&Pattern| pattern.0.starts_with("user/");
        self.topics.iter().flatten().filter(named).any(|pattern| pattern.matches(name))
    }

    /// Returns true if it has a conversation of this name.
    pub(crate) fn has_conversation(&self, name: &str) -> bool {
        self.conversations.as_ref().is_none_or(|list| list.iter().any(|pattern| pattern.matches(name)))
    }

    /// Returns true if no conversation is outside of it.
    pub(crate) const fn has_all_conversations(&self) -> bool {
        self.conversations.is_none()
    }

    /// Returns true if something may be sent and changed.
    pub(crate) const fn may_write(&self) -> bool {
        self.write
    }
}

impl Default for TokenScope {
    fn default() -> Self {
        Self { topics: None, conversations: None, write: true }
    }
}

impl Pattern {
    fn matches(&self, name: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => self.0 == name,
        }
    }
}

const fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<TokenScope> {
        serde_json::from_str(text).ok()
    }

    #[test]
    fn what_a_scope_leaves_out_is_not_limited() {
        let all = read("{}").unwrap();
        assert_eq!(all, TokenScope::default());
        assert!(
            all.has_topic("news")
                && all.has_conversation("茶")
                && all.has_own_log("user/1")
                && all.may_write()
        );
        let none = read(r#"{"topics":[],"conversations":[],"write":false}"#).unwrap();
        assert!(!none.has_topic("news") && !none.has_conversation("茶") && !none.has_own_log("user/1"));
        assert!(!none.may_write());
    }

    #[test]
    fn a_pattern_is_a_name_or_a_beginning() {
        let scope = read(r#"{"topics":["news","room-*"],"conversations":["order/*"]}"#).unwrap();
        for (name, is_in) in
            [("news", true), ("news2", false), ("room-", true), ("room-茶", true), ("a*", false)]
        {
            assert_eq!(scope.has_topic(name), is_in, "{name}");
        }
        assert!(scope.has_conversation("order/7") && !scope.has_conversation("Order/7"));
        assert!(read(r#"{"topics":["*"]}"#).unwrap().has_topic(""));
    }

    #[test]
    fn a_token_for_some_conversations_has_the_own_log_only_if_it_names_it() {
        assert!(!read(r#"{"conversations":["tea"]}"#).unwrap().has_own_log("user/1"));
        assert!(read(r#"{"conversations":["tea"],"topics":["user/*"]}"#).unwrap().has_own_log("user/1"));
        assert!(!read(r#"{"topics":["news"]}"#).unwrap().has_own_log("user/1"));
        // Every open topic is not every log.
        for topics in ["*", "us*", "user*"] {
            let scope = read(&format!(r#"{{"topics":["{topics}"],"conversations":["tea"]}}"#)).unwrap();
            assert!(!scope.has_own_log("user/1"), "{topics}");
        }
    }

    #[test]
    fn a_limit_that_nobody_knows_here_makes_a_scope_invalid() {
        assert_eq!(read(r#"{"files":[]}"#), None);
        assert_eq!(TokenScope::new(Some(vec!["a".into(); 101]), None, true), None);
        assert_eq!(TokenScope::new(None, Some(vec!["a".repeat(257)]), true), None);
        let scope = TokenScope::new(Some(vec!["a".into(); 100]), Some(vec!["a".repeat(256)]), false).unwrap();
        assert_eq!(read(&serde_json::to_string(&scope).unwrap()), Some(scope));
    }
}
