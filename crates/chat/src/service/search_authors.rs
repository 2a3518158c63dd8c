//! The authors of a search: users, and the bots of incoming webhooks.

use wire::{Refusal, Topic, TopicKind, UserId};

use super::external_users::UserRef;
use crate::auth::caller::Caller;
use crate::chat::Chat;
use crate::ports::store::Hook;
use crate::service::error::Error;

/// The most groups whose bots are looked at, if a search is not for one group.
const GROUPS: usize = 64;

/// Finding the authors of a search.
impl Chat {
    /// Returns the author whom a program names: a user, or the bot of an incoming webhook of the group that is searched, by
    /// the name of the webhook or the id of the bot.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], and those of [`Chat::history`].
    pub async fn search_author(
        &self,
        caller: &Caller,
        name: &UserRef,
        conversation: Option<&Topic>,
    ) -> Result<UserId, Error> {
        match (self.external_user(caller, name).await, conversation) {
            (Ok(found), _) => return Ok(found.person.id),
            (Err(Error::Refusal(Refusal::NotFound)), Some(_)) => {}
            (Err(no), _) => return Err(no),
        }
        let is_named = |hook: &Hook| match name {
            UserRef::Key(key) => hook.name.as_str() == key.as_str(),
            UserRef::Id(id) => hook.bot.id == *id,
        };
        let hooks = self.hooks_in_search(caller, conversation).await?;
        Ok(hooks.into_iter().find(is_named).map(|hook| hook.bot.id).ok_or(Refusal::NotFound)?)
    }

    /// Returns the bots whose names contain these words: those of the group that is searched, or else of the caller's
    /// groups, as far as these are not many.
    ///
    /// # Errors
    /// Those of [`Chat::history`], and of [`Caller::user`].
    pub async fn bots_called(
        &self,
        caller: &Caller,
        words: &str,
        conversation: Option<&Topic>,
    ) -> Result<Vec<UserId>, Error> {
        let words = words.trim().to_lowercase();
        let hooks = self.hooks_in_search(caller, conversation).await?.into_iter();
        let called = hooks.filter(|hook| hook.bot.name.as_str().to_lowercase().contains(&words));
        Ok(called.map(|hook| hook.bot.id).collect())
    }

    /// Returns the webhooks whose messages the caller may read: each shows the name of its bot.
    async fn hooks_in_search(
        &self,
        caller: &Caller,
        conversation: Option<&Topic>,
    ) -> Result<Vec<Hook>, Error> {
        let reader = self.reader(caller);
        let groups = match conversation {
            Some(topic) => {
                self.may_read(caller, topic).await?;
                match topic.kind() {
                    TopicKind::Group(group) => vec![group],
                    _ => Vec::new(),
                }
            }
            None => reader.groups_of(caller.user()?.id).await?,
        };
        let mut hooks = Vec::new();
        for group in groups.into_iter().take(GROUPS) {
            hooks.extend(reader.hooks(group).await?);
        }
        Ok(hooks)
    }
}
