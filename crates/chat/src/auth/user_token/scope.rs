//! The scope of a user token: a part of what its user may do.

use serde::{Deserialize, Serialize};

/// The most patterns in one list, and the most bytes of one.
const PATTERNS: usize = 100;
const PATTERN_BYTES: usize = 256;

/// The part of a user's rights that a token has. Topics outside of conversations have to be named; otherwise it is not
/// limited by what is left out.
///
/// A field that this version does not know makes it invalid: it could be a limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenScope {
    /// The topics outside of conversations that may be used, by their names; none if it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    topics: Option<Vec<Pattern>>,
    /// The conversations that may be used, by the application's keys, or as `id:…` and `direct:…`; all of the user's if
    /// it is left out.
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
    /// Creates a scope of patterns: of topics, without which it has no open topic, and of conversations, without which it
    /// has all. Returns none if a list or a pattern is too long.
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
        self.topics.iter().flatten().any(|pattern| pattern.matches(name))
    }

    /// Returns true if it has a user's own log, which tells of all their conversations: a token for all of them has it,
    /// and one for some only if it names such logs. `*` names open topics.
    pub(crate) fn has_own_log(&self, name: &str) -> bool {
        let named = |pattern: &&Pattern| pattern.0.starts_with("user/");
        self.has_all_conversations()
            || self.topics.iter().flatten().filter(named).any(|pattern| pattern.matches(name))
    }

    /// Returns true if it has a conversation of this name.
    pub(crate) fn has_conversation(&self, name: &str) -> bool {
        self.conversations.as_ref().is_none_or(|list| list.iter().any(|pattern| pattern.matches(name)))
    }

    /// Returns true if no conversation is outside of it.
    pub(crate) const fn has_all_conversations(&self) -> bool {
        self.conversations.is_none()
    }

    /// Returns true if it has less than its user may in conversations. A token of such a scope manages nothing.
    pub(crate) const fn is_limited(&self) -> bool {
        self.conversations.is_some() || !self.write
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
    fn what_a_scope_leaves_out_is_not_limited_but_open_topics() {
        let all = read("{}").unwrap();
        assert_eq!(all, TokenScope::default());
        assert!(all.has_conversation("茶") && all.has_own_log("user/1") && all.may_write());
        assert!(!all.has_topic("news") && !all.is_limited());
        let none = read(r#"{"topics":[],"conversations":[],"write":false}"#).unwrap();
        assert!(!none.has_topic("news") && !none.has_conversation("茶") && !none.has_own_log("user/1"));
        assert!(!none.may_write() && none.is_limited());
        let one = read(r#"{"conversations":["support-4711"]}"#).unwrap();
        assert!(one.has_conversation("support-4711") && one.is_limited());
        assert!(
            !one.has_conversation("support-4712") && !one.has_topic("news") && !one.has_own_log("user/1")
        );
        let topics = read(r#"{"topics":["*"]}"#).unwrap();
        assert!(topics.has_topic("news") && topics.has_conversation("茶") && !topics.is_limited());
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
        assert!(read(r#"{"topics":["news"]}"#).unwrap().has_own_log("user/1"));
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
