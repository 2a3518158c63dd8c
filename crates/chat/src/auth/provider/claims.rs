//! The claims about a user: the rules of the operator, and a name for a new account.

use serde_json::{Map, Value};
use wire::PersonName;
use wire::limits::PERSON_NAME_CHARS;

use super::settings::Provider;
use crate::names;

/// The claims about a user, of the ID token and, where that lacks some, of the userinfo endpoint.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ProviderClaims(Map<String, Value>);

/// The claims that a name is taken from, the best one first.
const NAMES: [&str; 4] = ["preferred_username", "name", "nickname", "given_name"];
/// The room that is left at the end of a name for a number.
const NUMBER_CHARS: usize = 4;
/// The name of a user of whom the provider says none.
const NAMELESS: &str = "Newcomer";

impl ProviderClaims {
    pub(crate) const fn new(claims: Map<String, Value>) -> Self {
        Self(claims)
    }

    /// Adds claims that are not there yet.
    pub(crate) fn extend(&mut self, others: Map<String, Value>) {
        for (name, value) in others {
            self.0.entry(name).or_insert(value);
        }
    }

    /// Returns true if a claim that matters is missing: one that the operator requires, or any that has a name.
    pub(crate) fn lacks_some(&self, provider: &Provider) -> bool {
        let has = |name: &str| self.0.contains_key(name);
        let has_address = provider.email_domains.is_empty() || has("email");
        !has_address || !provider.require.keys().all(|name| has(name)) || !NAMES.iter().any(|name| has(name))
    }

    /// Returns true if the operator lets a user with these claims in.
    pub(crate) fn are_accepted_by(&self, provider: &Provider) -> bool {
        let has = |(name, values): (&String, &Vec<String>)| match self.0.get(name) {
            Some(Value::Array(list)) => list.iter().any(|value| is_one_of(value, values)),
            Some(value) => is_one_of(value, values),
            None => false,
        };
        provider.require.iter().all(has) && self.has_address_of(&provider.email_domains)
    }

    fn has_address_of(&self, domains: &[String]) -> bool {
        if domains.is_empty() {
            return true;
        }
        let address = self.0.get("email").and_then(Value::as_str).unwrap_or_default();
        let domain = address.rsplit_once('@').map(|(_, domain)| domain.to_ascii_lowercase());
        let is_verified = self.0.get("email_verified").is_some_and(|it| it == true || it == "true");
        is_verified && domain.is_some_and(|domain| domains.contains(&domain))
    }

    /// Returns a name that follows the rules for names, with room for a number behind it.
    pub(crate) fn name(&self) -> PersonName {
        let said = NAMES.iter().filter_map(|name| self.0.get(*name).and_then(Value::as_str));
        let mut names = said.chain([NAMELESS]).filter_map(|text| {
            let text = text.split_once('@').map_or(text, |(local, _)| local);
            let most = PERSON_NAME_CHARS.saturating_sub(NUMBER_CHARS);
            let short: String = text.trim().chars().take(most).collect();
            names::person_name(short.trim_end()).ok()
        });
        names.next().unwrap_or_else(|| unreachable!("the last one is valid"))
    }
}

/// Returns true if a value is one of these texts; numbers and booleans are compared as they are written.
fn is_one_of(value: &Value, texts: &[String]) -> bool {
    match value {
        Value::String(text) => texts.contains(text),
        Value::Number(_) | Value::Bool(_) => texts.contains(&value.to_string()),
        _ => false,
    }
}
