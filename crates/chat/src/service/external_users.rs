//! Users that an application manages by its own keys.

use wire::{ApplicationId, Person, PersonName, Refusal, UserId};

use super::application_room::Limited;
use super::permissions::needs_application;
use crate::auth::caller::{Caller, Principal};
use crate::auth::user_token::valid_from;
use crate::chat::Chat;
use crate::names::{self, ExternalKey};
use crate::ports::store::{
    Application, ApplicationKey, FoundUser, KeyedUser, PutUser, PutUserOutcome, UserWrite, Version,
};
use crate::rules;
use crate::service::error::Error;
use crate::service::part::ListPart;

/// The most users in one part of a list.
const PART: usize = 100;
/// The name of a user who was deleted.
const DELETED: &str = "Deleted user";

/// A name by which a program finds a user: the application's own, or ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserRef {
    /// The application's key.
    Key(ExternalKey),
    /// The id of the user.
    Id(UserId),
}

/// A user as a program sees them, with the application's key if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalUser {
    /// The user.
    pub person: Person,
    /// The application's key for them, with their description and version.
    pub keyed: Option<KeyedUser>,
}

impl UserRef {
    /// Parses a name: a key, or `id:` and the id of a user.
    ///
    /// # Errors
    /// [`Refusal::KeyBad`].
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        match text.strip_prefix("id:") {
            Some(id) => id.parse().map(Self::Id).map_err(|_| Refusal::KeyBad),
            None => ExternalKey::new(text).map(Self::Key),
        }
    }
}

/// Users of an application.
impl Chat {
    pub(super) async fn application_by_id(&self, id: ApplicationId) -> Result<Option<Application>, Error> {
        Ok(self.store.application(ApplicationKey::Id(id)).await?)
    }

    /// Returns a user of the caller's application: to the application, and to users who [may meet](Chat::may_meet) them.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    pub async fn external_user(&self, caller: &Caller, user: &UserRef) -> Result<ExternalUser, Error> {
        caller.actor()?;
        let found = self.shown_user(caller, user).await?;
        self.may_meet(caller, found.person.id).await?;
        Ok(found)
    }

    /// Returns a user of the caller's application whose id the caller has been shown, as that of a member.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    pub async fn shown_user(&self, caller: &Caller, user: &UserRef) -> Result<ExternalUser, Error> {
        caller.scoped_actor()?;
        let reader = self.reader(caller);
        match user {
            UserRef::Key(key) => {
                let keyed = reader.user_by_key(key).await?.ok_or(Refusal::NotFound)?;
                Ok(ExternalUser { person: keyed.person.clone(), keyed: Some(keyed) })
            }
            UserRef::Id(id) => {
                let person = reader.person(*id).await?.ok_or(Refusal::NotFound)?;
                Ok(ExternalUser { person, keyed: reader.key_of_user(*id).await? })
            }
        }
    }

    /// Returns the user of the caller.
    ///
    /// # Errors
    /// Those of [`Caller::scoped_user`].
    pub async fn me(&self, caller: &Caller) -> Result<ExternalUser, Error> {
        let person = caller.scoped_user()?.clone();
        let keyed = self.reader(caller).key_of_user(person.id).await?;
        Ok(ExternalUser { person, keyed })
    }

    /// Returns the ids of users, each of whom exists and whom the caller may meet.
    ///
    /// # Errors
    /// [`Refusal::RecipientsNotMembers`] with the names that nobody has.
    pub async fn users_named(&self, caller: &Caller, names: &[UserRef]) -> Result<Vec<UserId>, Error> {
        caller.scoped_actor()?;
        let (mut users, mut missing) = (Vec::with_capacity(names.len()), Vec::new());
        for name in names {
            let (found, name) = match name {
                UserRef::Key(key) => {
                    let keyed = self.reader(caller).user_by_key(key).await?;
                    (keyed.map(|keyed| keyed.person.id), key.to_string())
                }
                UserRef::Id(id) => {
                    (self.reader(caller).person(*id).await?.map(|person| person.id), id.to_string())
                }
            };
            let Some(user) = found else {
                missing.push(name);
                continue;
            };
            match self.may_meet(caller, user).await {
                Ok(()) => users.push(user),
                Err(Error::Refusal(_)) => missing.push(name),
                Err(fault) => return Err(fault),
            }
        }
        if missing.is_empty() { Ok(users) } else { Err(rules::not_members(missing).into()) }
    }

    /// Returns the caller with which an application acts as one of its users, under their rules.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::NotApplication`].
    pub async fn act_as(&self, caller: Caller, user: &UserRef) -> Result<Caller, Error> {
        needs_application(&caller)?;
        let ExternalUser { person, keyed } = self.external_user(&caller, user).await?;
        // A deleted user stays as the author of messages, and does nothing more.
        if keyed.is_none() && self.reader(&caller).is_deleted(person.id).await? {
            return Err(Refusal::NotFound.into());
        }
        Ok(Caller { principal: Principal::User(person), ..caller })
    }

    /// Creates a user under the application's key, or changes their name and description; true if they are new.
    ///
    /// # Errors
    /// [`Refusal::NotApplication`], [`Refusal::VersionStale`], [`Refusal::TooManyUsers`], and those of a name and a
    /// description.
    pub async fn put_user(
        &self,
        caller: &Caller,
        key: &ExternalKey,
        name: &str,
        bio: Option<&str>,
        version: Option<Version>,
    ) -> Result<(KeyedUser, bool), Error> {
        needs_application(caller)?;
        let person = Person { id: UserId::from_bytes(self.random()), name: names::person_name(name)? };
        let bio = bio.map(names::description).transpose()?;
        let (sign_up, at) = (None, self.monotonic.now());
        let put = PutUser { key: key.clone(), person, bio, version, sign_up, at };
        let room = match self.reader(caller).user_by_key(key).await? {
            Some(_) => None,
            None => Some(self.take_room(caller.application, Limited::Users).await?),
        };
        match self.commit(caller, put).await? {
            PutUserOutcome::Put { user, created } => {
                if let Some(room) = room.filter(|_| created) {
                    room.used();
                }
                Ok((user, created))
            }
            PutUserOutcome::Stale => Err(Refusal::VersionStale.into()),
        }
    }

    /// Deletes a user whom the application names by a key: they leave every group, their sessions end, and their key,
    /// name, description and picture are gone. Their messages stay, under the name that they had.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::NotApplication`].
    pub async fn delete_user(&self, caller: &Caller, user: &UserRef) -> Result<(), Error> {
        let owner = needs_application(caller)?;
        let user = self.external_user(caller, user).await?.keyed.ok_or(Refusal::NotFound)?.person.id;
        // A deletion that ends between the steps is repeated: the key is the last thing to go.
        self.leave_all(caller, owner.id, user).await?;
        let name = PersonName::new(DELETED)?;
        let at = self.clock.now();
        let tokens_valid_from = valid_from(at);
        self.commit(caller, UserWrite::Remove { user, name, tokens_valid_from, at }).await?;
        self.application_room.deleted(caller.application, Limited::Users);
        // Groups to which they were added meanwhile; without a key they are added to no others.
        self.leave_all(caller, owner.id, user).await
    }

    /// Removes a user from every group.
    async fn leave_all(&self, caller: &Caller, owner: UserId, user: UserId) -> Result<(), Error> {
        for group in self.reader(caller).groups_of(user).await? {
            let removed =
                self.change(caller, group, owner, |roster, _| rules::remove(roster, owner, user, false));
            match removed.await {
                Ok(_) | Err(Error::Refusal(Refusal::NotFound)) => {}
                Err(no) => return Err(no),
            }
        }
        Ok(())
    }

    /// Returns users by these words, up to a limit. The application finds all of its users whose key begins with them, or
    /// whose name contains them; a user finds those whom [`Chat::people`] returns.
    ///
    /// # Errors
    /// Those of [`Caller::actor`].
    pub async fn find_users(
        &self,
        caller: &Caller,
        words: &str,
        limit: usize,
    ) -> Result<Vec<ExternalUser>, Error> {
        caller.actor()?;
        let limit = limit.min(PART);
        if caller.owner().is_some() {
            let found = self.reader(caller).users_with(words.trim(), limit).await?.into_iter();
            return Ok(found.map(|FoundUser { person, keyed }| ExternalUser { person, keyed }).collect());
        }
        let near = self.people(caller, words).await?;
        self.with_keys(caller, near.into_iter().take(limit)).await
    }

    /// Returns the people whom a user knows, by name, after one of them: see [`Chat::people_after`].
    ///
    /// # Errors
    /// Those of [`Caller::user`].
    pub async fn known_users(
        &self,
        caller: &Caller,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<ListPart<ExternalUser>, Error> {
        let limit = limit.min(PART);
        let ListPart { items, more } = self.people_after(caller, "", after).await?;
        let more = more || items.len() > limit;
        Ok(ListPart { items: self.with_keys(caller, items.into_iter().take(limit)).await?, more })
    }

    /// Returns people with the application's keys for them.
    async fn with_keys(
        &self,
        caller: &Caller,
        people: impl Iterator<Item = Person>,
    ) -> Result<Vec<ExternalUser>, Error> {
        let mut users = Vec::new();
        for person in people {
            let keyed = self.reader(caller).key_of_user(person.id).await?;
            users.push(ExternalUser { person, keyed });
        }
        Ok(users)
    }

    /// Returns the users with keys, by key, after one of them.
    ///
    /// # Errors
    /// [`Refusal::NotApplication`].
    pub async fn external_users(
        &self,
        caller: &Caller,
        after: Option<&ExternalKey>,
        limit: usize,
    ) -> Result<ListPart<KeyedUser>, Error> {
        needs_application(caller)?;
        let limit = limit.min(PART);
        let found = self.reader(caller).users_by_key(after, limit + 1).await?;
        Ok(ListPart::of(found, limit))
    }
}
