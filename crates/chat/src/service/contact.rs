//! Contact: the relation that lets a user add another to a group.

use std::collections::HashSet;

use wire::{AppRole, ApplicationId, Conversation, Event, Pair, Person, Refusal, Topic, UserId};

use super::groups::events;
use crate::auth::caller::Caller;
use crate::auth::login_throttle;
use crate::chat::Chat;
use crate::ports::store::{AttemptOutcome, AttemptWrite, MembershipState, Range};
use crate::rules::{self, Contact, SEATS_FROM_ONE};
use crate::service::error::Error;

/// The number of newest entries of a direct that are searched for a message of a user.
const RECENT: usize = 100;

/// Rules and limits for adding people to a group.
impl Chat {
    /// Checks that a caller may learn that a user exists: one with whom they share a group, or have a direct. All users
    /// of the built-in application know of each other, and so do those of an application with a directory. The
    /// application itself knows everybody.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    pub(super) async fn may_meet(&self, caller: &Caller, user: UserId) -> Result<(), Error> {
        let Some(me) = caller.signed_in() else { return Ok(()) };
        let Some(pair) = Pair::of(me.id, user) else { return Ok(()) };
        if caller.application == ApplicationId::BUILT_IN
            || self.reader(caller).share_group(me.id, user).await?
        {
            return Ok(());
        }
        let direct = self.reader(caller).standing(Conversation::Direct(pair), me.id).await?;
        if direct.is_some_and(|direct| direct.listed) {
            return Ok(());
        }
        let application = self.application_by_id(caller.application).await?;
        let has_directory = application.is_some_and(|application| application.config.directory);
        if has_directory { Ok(()) } else { Err(Refusal::NotFound.into()) }
    }

    /// As [`Chat::may_meet`], for a member of a conversation: a direct that has begun needs no other relation.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    pub(super) async fn may_meet_in(
        &self,
        caller: &Caller,
        conversation: Conversation,
        standing: &MembershipState,
    ) -> Result<(), Error> {
        match (conversation, caller.signed_in()) {
            (Conversation::Direct(pair), Some(me)) if !standing.listed => {
                self.may_meet(caller, pair.other(me.id)).await
            }
            _ => Ok(()),
        }
    }

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

    /// Returns the users whom a caller puts into a new group, each once and without the caller, if they may add all of
    /// them. The application may, for the users are its own; a user's additions count towards their limits.
    pub(super) async fn people_to_add(
        &self,
        caller: &Caller,
        users: &[UserId],
    ) -> Result<Vec<Person>, Error> {
        let mut seen = HashSet::from([caller.actor()?.id]);
        let (mut others, mut contacts) = (Vec::with_capacity(users.len()), Vec::new());
        for user in users {
            if !seen.insert(*user) {
                continue;
            }
            others.push(self.reader(caller).person(*user).await?.ok_or(Refusal::NotFound)?);
            if self.reader(caller).is_deleted(*user).await? {
                return Err(Refusal::NotFound.into());
            }
            if caller.owner().is_none() {
                self.no_block(caller, *user).await?;
                let contact = self.contact(caller, *user).await?;
                rules::may_give_seat(contact)?;
                contacts.push((*user, contact));
            }
        }
        if !contacts.is_empty() {
            self.take_adding(caller, &contacts).await?;
        }
        Ok(others)
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
