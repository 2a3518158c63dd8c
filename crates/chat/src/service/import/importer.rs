//! The state of one attempt of an import.

use std::collections::HashMap;
use std::sync::Arc;

use archive::{Conversation, File, Format, Member};
use wire::{ApplicationId, FileId, Person, Refusal};

use super::people::People;
use super::place::Place;
use crate::auth::caller::{Caller, Principal};
use crate::chat::Chat;
use crate::commit::committer::PendingCommit;
use crate::ports::store::LogWrite;
use crate::service::error::Error;

/// One attempt of an import.
pub(super) struct Importer<'a> {
    pub(super) chat: &'a Chat,
    pub(super) application: ApplicationId,
    /// The application as the creator of its conversations.
    pub(super) owner: Person,
    pub(super) format: Format,
    pub(super) people: People,
    pub(super) current: Option<Current>,
    /// The messages that are not committed yet, with the files that each takes.
    pub(super) pending: Vec<Pending>,
}

/// The conversation whose messages come.
pub(super) struct Current {
    pub(super) conversation: Conversation,
    pub(super) members: Vec<Member>,
    /// The conversation here: none before the first message, and within if it cannot be made.
    pub(super) place: Option<Option<Place>>,
    /// True if an earlier attempt has counted it.
    pub(super) is_passed: bool,
    /// The files of the messages that come.
    pub(super) files: HashMap<String, File>,
    /// The authors of messages, by the hash of the message's id.
    pub(super) authors: HashMap<u64, Arc<str>>,
}

/// A message that is on its way to the store.
pub(super) struct Pending {
    pub(super) place: String,
    pub(super) files: Vec<FileId>,
    pub(super) commit: PendingCommit<LogWrite>,
    /// True for the part of a message that counts.
    pub(super) counts: bool,
}

impl<'a> Importer<'a> {
    pub(super) async fn new(
        chat: &'a Chat,
        application: ApplicationId,
        format: Format,
    ) -> Result<Self, Error> {
        let found = chat.application_by_id(application).await?.filter(|found| found.is_alive());
        let owner = found.ok_or(Refusal::NotFound)?.author();
        let people = People::new(application, owner.clone(), format);
        Ok(Self { chat, application, owner, format, people, current: None, pending: Vec::new() })
    }

    /// Returns an author as a caller.
    pub(super) fn caller(&self, author: &Person) -> Caller {
        Caller {
            application: self.application,
            principal: Principal::User(author.clone()),
            ..Caller::default()
        }
    }

    /// Returns the application as a caller.
    pub(super) fn owner_caller(&self) -> Caller {
        let principal = Principal::Application(self.owner.clone());
        Caller { application: self.application, principal, ..Caller::default() }
    }
}

impl Current {
    pub(super) fn new(conversation: Conversation, is_passed: bool) -> Self {
        Self {
            conversation,
            is_passed,
            members: Vec::new(),
            place: None,
            files: HashMap::new(),
            authors: HashMap::new(),
        }
    }

    /// Keeps the author of a message, whom a reply needs.
    pub(super) fn note(&mut self, id: &str, author: Arc<str>) {
        self.authors.insert(hash(id), author);
    }

    pub(super) fn author(&self, id: &str) -> Option<Arc<str>> {
        self.authors.get(&hash(id)).cloned()
    }
}

/// Returns a hash of a message's id; a collision would give a reply no quote, since its author has no such message.
fn hash(id: &str) -> u64 {
    use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

    BuildHasherDefault::<DefaultHasher>::default().hash_one(id)
}
