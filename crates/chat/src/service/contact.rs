//! Contact: the relation that lets a user add another to a group.

use wire::{AppRole, Event, Pair, Refusal, Topic, UserId};

use super::groups::events;
use crate::auth::caller::Caller;
use crate::auth::login_throttle;
use crate::chat::Chat;
use crate::ports::store::{AttemptOutcome, AttemptWrite, Range};
use crate::rules::{Contact, SEATS_FROM_ONE};
use crate::service::error::Error;

/// The number of newest entries of a direct that are searched for a message of a user.
const RECENT: usize = 100;

/// Rules and limits for adding people to a group.
impl Chat {
    /// Returns the relation between a user and another whom they add to a group.
    pub(super) async fn contact(&self, caller: &Caller, user: UserId) -> Result<Contact, Error> {
        let me = caller.user()?;
        let seats = self.reader(caller).seats(user, me.id).await?;
        Ok(Contact {
            known: self.reader(caller).share_group(me.id, user).await?
                || self.has_written(caller, user, me.id).await?,
            manages: self.own_app_role(caller, me.id).await? >= Some(AppRole::Admin),
            given: seats.given,
            given_by: seats.given_by,
            max: self.limits.user_groups,
        })
    }

    /// Applies the rate limit for adding, and the daily limit of additions per added user.
    pub(super) async fn take_adding(
        &self,
        caller: &Caller,
        people: &[(UserId, Contact)],
    ) -> Result<(), Error> {
        let me = caller.user()?;
        let attempts: Vec<_> = people
            .iter()
            .filter(|(_, contact)| !contact.manages)
            .map(|(user, _)| login_throttle::to_add(me.id, *user, SEATS_FROM_ONE))
            .collect();
        if attempts.is_empty() {
            return Ok(());
        }
        let (count, now) = (u32::try_from(attempts.len()).unwrap_or(u32::MAX), self.monotonic.now());
        self.adding.take_many(caller.key(me.id), count, now)?;
        match self.commit(caller, AttemptWrite::Take { attempts, at: now }).await? {
            AttemptOutcome::Exhausted { .. } => Err(Refusal::AddedTooOften.into()),
            AttemptOutcome::Done => Ok(()),
        }
    }

    /// Returns true if a user has written to another recently, in their direct.
    async fn has_written(&self, caller: &Caller, user: UserId, to: UserId) -> Result<bool, Error> {
        let Some(pair) = Pair::of(user, to) else { return Ok(false) };
        let range = Range { limit: RECENT, ..Range::default() };
        let page = events(self.reader(caller).page(&Topic::direct(pair), range).await?);
        let by_user = |event: &Event| matches!(event, Event::Message { author, .. } if author.id == user);
        Ok(page.entries.iter().any(|entry| by_user(&entry.data)))
    }
}
