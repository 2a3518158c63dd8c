//! Incoming webhooks in memory.

use std::collections::HashMap;

use wire::GroupId;

use crate::auth::session::TokenHash;
use crate::ports::store::{Hook, HookFact, HookName};

/// The incoming webhooks of one application.
#[derive(Clone, Default)]
pub(super) struct MemoryHooks {
    by_token: HashMap<TokenHash, Hook>,
}

impl MemoryHooks {
    pub(super) fn with_token(&self, token: TokenHash) -> Option<&Hook> {
        self.by_token.get(&token)
    }

    /// Returns those of a group, by name.
    pub(super) fn of_group(&self, group: GroupId) -> Vec<Hook> {
        let mut hooks: Vec<Hook> =
            self.by_token.values().filter(|hook| hook.group == group).cloned().collect();
        hooks.sort_by(|one, other| one.name.cmp(&other.name));
        hooks
    }

    pub(super) fn establish(&mut self, group: GroupId, fact: &HookFact) {
        let is_of = |hook: &Hook, name: &HookName| hook.group == group && hook.name == *name;
        match fact {
            HookFact::Added { hook, token } => {
                self.by_token.insert(*token, hook.clone());
            }
            HookFact::Renamed(name, display_name) => {
                for hook in self.by_token.values_mut().filter(|hook| is_of(hook, name)) {
                    hook.bot.name = display_name.clone();
                }
            }
            HookFact::TokenReplaced(name, token) => {
                let old = self.by_token.iter().find(|(_, hook)| is_of(hook, name)).map(|(old, _)| *old);
                if let Some(hook) = old.and_then(|old| self.by_token.remove(&old)) {
                    self.by_token.insert(*token, hook);
                }
            }
            HookFact::Removed(name) => self.by_token.retain(|_, hook| !is_of(hook, name)),
        }
    }

    /// Removes those of a deleted group.
    pub(super) fn remove_group(&mut self, group: GroupId) {
        self.by_token.retain(|_, hook| hook.group != group);
    }
}
