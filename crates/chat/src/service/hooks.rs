//! Incoming webhooks: how admins of a group, and its application, manage them.

use wire::{Event, GroupId, HookChange, Person, Refusal, Seq, Topic, UserId};

use crate::auth::api_token::{ApiToken, TokenKind};
use crate::auth::caller::Caller;
use crate::chat::Chat;
use crate::names::{self, HookName};
use crate::ports::store::{Checked, Fact, Hook, HookFact, Range, Roster, event_of};
use crate::rules::{self, Decision};
use crate::service::error::Error;

/// The most entries of the audit log among which the creation of a webhook is looked for, and the longest that its commit
/// takes, in milliseconds.
const NEXT_ENTRIES: usize = 20;
const COMMIT_MS: i64 = 60_000;

/// An incoming webhook whose token is shown this once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookWithToken {
    /// The webhook.
    pub hook: Hook,
    /// The secret part of its URL.
    pub token: ApiToken,
}

/// Managing the incoming webhooks of a group.
impl Chat {
    /// Returns the incoming webhooks of a group, by name, for its admins.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::NotMember`], [`Refusal::NotAdmin`].
    pub async fn hooks(&self, caller: &Caller, group: GroupId) -> Result<Vec<Hook>, Error> {
        let me = caller.actor()?;
        rules::needs_admin(&self.roster_for(caller, group).await?, me.id)?;
        Ok(self.reader(caller).hooks(group).await?)
    }

    /// Returns an incoming webhook of a group, for its admins.
    ///
    /// # Errors
    /// Those of [`Chat::hooks`].
    pub async fn hook(&self, caller: &Caller, group: GroupId, name: &HookName) -> Result<Hook, Error> {
        let hooks = self.hooks(caller, group).await?;
        Ok(hooks.into_iter().find(|hook| hook.name == *name).ok_or(Refusal::NotFound)?)
    }

    /// Returns the creators of incoming webhooks of a group, in the same order, as its audit log names them. There is none
    /// if the log says nothing of it, or not clearly.
    ///
    /// # Errors
    /// Those of [`Chat::hooks`].
    pub async fn hook_creators(
        &self,
        caller: &Caller,
        group: GroupId,
        hooks: &[Hook],
    ) -> Result<Vec<Option<Person>>, Error> {
        rules::needs_admin(&self.roster_for(caller, group).await?, caller.actor()?.id)?;
        let mut creators = Vec::with_capacity(hooks.len());
        for hook in hooks {
            creators.push(self.creator_in(caller, group, hook).await?);
        }
        Ok(creators)
    }

    async fn creator_in(
        &self,
        caller: &Caller,
        group: GroupId,
        hook: &Hook,
    ) -> Result<Option<Person>, Error> {
        let (topic, reader) = (Topic::audit(group), self.reader(caller));
        let Some(first) = reader.place_at(&topic, hook.created).await? else { return Ok(None) };
        let after = Some(Seq(first.0.saturating_sub(1)));
        let page = reader.page(&topic, Range { after, limit: NEXT_ENTRIES, ..Range::default() }).await?;
        let near =
            page.entries.into_iter().take_while(|entry| entry.timestamp.0 - hook.created.0 <= COMMIT_MS);
        let created = near.filter_map(|entry| match event_of(&entry.data) {
            Event::Hook { change: HookChange::Created, hook, by } => Some((hook, by)),
            _ => None,
        });
        let created: Vec<_> = created.collect();
        // It may have been renamed since, so that another name counts if no other webhook was created then.
        let found = created.iter().find(|(name, _)| *name == hook.bot.name);
        let only = created.first().filter(|_| created.len() == 1);
        Ok(found.or(only).map(|(_, by)| by.clone()))
    }

    /// Creates an incoming webhook that posts under a display name. Its own name is like that.
    ///
    /// # Errors
    /// [`Refusal::TooManyHooks`], those of [`Chat::hooks`], and those of a name.
    pub async fn create_hook(
        &self,
        caller: &Caller,
        group: GroupId,
        display_name: &str,
    ) -> Result<HookWithToken, Error> {
        let (hook, token) = self.new_hook(group, display_name)?;
        let named = |hooks: &[Hook]| {
            let taken: Vec<&HookName> = hooks.iter().map(|hook| &hook.name).collect();
            Hook { name: HookName::like(hook.bot.name.as_str(), &taken), ..hook.clone() }
        };
        let decided = self.change_hooks(caller, group, |roster, hooks, by| {
            rules::put_hook(roster, hooks, by, named(hooks), token.hash())
        });
        let decision = decided.await?;
        let hook = added(&decision).cloned().ok_or(Refusal::NotFound)?;
        Ok(HookWithToken { hook, token })
    }

    /// Creates an incoming webhook under a name, or changes the display name of the one that has it. A new one has a token.
    ///
    /// # Errors
    /// Those of [`Chat::create_hook`].
    pub async fn put_hook(
        &self,
        caller: &Caller,
        group: GroupId,
        name: HookName,
        display_name: &str,
    ) -> Result<(Hook, Option<ApiToken>), Error> {
        let (hook, token) = self.new_hook(group, display_name)?;
        let new = Hook { name, ..hook };
        let decided = self.change_hooks(caller, group, |roster, hooks, by| {
            rules::put_hook(roster, hooks, by, new.clone(), token.hash())
        });
        match added(&decided.await?) {
            Some(hook) => Ok((hook.clone(), Some(token))),
            None => Ok((self.hook(caller, group, &new.name).await?, None)),
        }
    }

    /// Gives an incoming webhook another token. The URL with the one before no longer works.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], and those of [`Chat::hooks`].
    pub async fn rotate_hook(
        &self,
        caller: &Caller,
        group: GroupId,
        name: &HookName,
    ) -> Result<HookWithToken, Error> {
        let token = self.new_hook_token();
        self.change_hooks(caller, group, |roster, hooks, by| {
            rules::rotate_hook(roster, hooks, by, name, token.hash())
        })
        .await?;
        Ok(HookWithToken { hook: self.hook(caller, group, name).await?, token })
    }

    /// Deletes an incoming webhook. What it has posted stays.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], and those of [`Chat::hooks`].
    pub async fn delete_hook(&self, caller: &Caller, group: GroupId, name: &HookName) -> Result<(), Error> {
        self.change_hooks(caller, group, |roster, hooks, by| rules::delete_hook(roster, hooks, by, name))
            .await
            .map(|_| ())
    }

    /// Decides on the present roster and webhooks, and commits; if another change of the group was committed first, decides
    /// again. Returns the decision.
    async fn change_hooks(
        &self,
        caller: &Caller,
        group: GroupId,
        decide: impl Fn(&Roster, &[Hook], UserId) -> Result<Decision, Refusal>,
    ) -> Result<Decision, Error> {
        let me = caller.actor()?.id;
        self.take_action(caller, me)?;
        loop {
            let roster = self.roster_for(caller, group).await?;
            // Read after the version of the group, which changes with them.
            let hooks = self.reader(caller).hooks(group).await?;
            let decision = decide(&roster, &hooks, me)?;
            if decision.facts.is_empty() {
                return Ok(decision);
            }
            let change = self.write_down(group, Some(&roster), me, decision.clone());
            if self.commit(caller, change).await? == Checked::Done {
                return Ok(decision);
            }
        }
    }

    /// Returns the roster of a group, in which the application is an admin if it is the caller.
    async fn roster_for(&self, caller: &Caller, group: GroupId) -> Result<Roster, Error> {
        let mut roster = self.reader(caller).roster(group).await?.ok_or(Refusal::NotFound)?;
        roster.owner = caller.owner().cloned();
        Ok(roster)
    }

    /// Returns a webhook that does not exist yet, and its token. It has yet to get its own name.
    fn new_hook(&self, group: GroupId, display_name: &str) -> Result<(Hook, ApiToken), Refusal> {
        let bot = Person { id: UserId::from_bytes(self.random()), name: names::person_name(display_name)? };
        let name = HookName::like(bot.name.as_str(), &[]);
        Ok((Hook { group, name, bot, created: self.clock.now() }, self.new_hook_token()))
    }

    fn new_hook_token(&self) -> ApiToken {
        ApiToken::from_bytes(TokenKind::Hook, self.random())
    }
}

/// Returns the webhook that a decision adds.
fn added(decision: &Decision) -> Option<&Hook> {
    decision.facts.iter().find_map(|fact| match fact {
        Fact::Hook(HookFact::Added { hook, .. }) => Some(hook),
        _ => None,
    })
}
