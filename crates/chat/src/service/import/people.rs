//! The users of an archive, as far as they are known here.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use archive::own::APPLICATION;
use archive::{Format, User};
use wire::{ApplicationId, Person, UserId};

use super::ids::{bot_id, key};
use super::names::person_name;
use crate::chat::Chat;
use crate::service::error::Error;

/// The most users that are kept in memory.
const KEPT: usize = 200_000;

/// The users of an archive, as far as they are known here.
pub(super) struct People {
    application: ApplicationId,
    format: Format,
    /// The application as an author.
    owner: Person,
    /// None for those who do not exist.
    known: HashMap<Arc<str>, Option<Person>>,
    bots: HashSet<Arc<str>>,
    names: HashSet<Arc<str>>,
}

impl People {
    pub(super) fn new(application: ApplicationId, owner: Person, format: Format) -> Self {
        let (known, bots, names) = (HashMap::new(), HashSet::new(), HashSet::new());
        Self { application, format, owner, known, bots, names }
    }

    /// Returns an id of a user that is in memory once.
    pub(super) fn interned(&mut self, id: &str) -> Arc<str> {
        if let Some(known) = self.names.get(id) {
            return Arc::clone(known);
        }
        let new: Arc<str> = id.into();
        self.names.insert(Arc::clone(&new));
        new
    }

    /// Returns a user of the archive; none if there is none here.
    pub(super) async fn person(&mut self, chat: &Chat, id: &str) -> Result<Option<Person>, Error> {
        if self.format == Format::Hubbub && id == APPLICATION {
            return Ok(Some(self.owner.clone()));
        }
        if let Some(known) = self.known.get(id) {
            return Ok(known.clone());
        }
        let found = match key(self.format.as_str(), id) {
            Some(key) => chat.store.reader(self.application).user_by_key(&key).await?,
            None => None,
        };
        let found = found.map(|keyed| keyed.person);
        self.keep(id, found.clone());
        Ok(found)
    }

    /// Returns the author of a message: a user of the archive, or under a name the bot of a webhook, which is no user. A bot
    /// keeps its id; none if that is a user's here.
    pub(super) async fn author(
        &mut self,
        chat: &Chat,
        id: &str,
        bot: Option<&str>,
    ) -> Result<Option<Person>, Error> {
        let Some(name) = bot else { return self.person(chat, id).await };
        let (id, name) = (bot_id(id), person_name(name)?);
        let is_user = id == self.owner.id || chat.store.reader(self.application).person(id).await?.is_some();
        Ok((!is_user).then_some(Person { id, name }))
    }

    /// Returns the id of the author of an earlier message.
    pub(super) async fn author_id(&mut self, chat: &Chat, id: &str) -> Result<Option<UserId>, Error> {
        let person = self.person(chat, id).await?;
        Ok(person.map(|person| person.id).or_else(|| (self.format == Format::Hubbub).then(|| bot_id(id))))
    }

    /// Keeps what a user of the archive is here.
    pub(super) fn keep(&mut self, id: &str, person: Option<Person>) {
        if self.known.len() >= KEPT {
            self.known.clear();
        }
        let id = self.interned(id);
        self.known.insert(id, person);
    }

    pub(super) fn is_bot(&self, id: &str) -> bool {
        self.bots.contains(id)
    }

    /// Notes whether a user is a program.
    pub(super) fn note(&mut self, user: &User) {
        if user.bot {
            let id = self.interned(&user.id);
            self.bots.insert(id);
        }
    }
}
