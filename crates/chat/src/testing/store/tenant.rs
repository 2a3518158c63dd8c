//! The store of a case: one application, beside another with the same users, groups and topics.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::Arc;

use parking_lot::Mutex;
use wire::{ApplicationId, Conversation, Epoch, GroupId, Pair, Seq, Topic, UserId};

use crate::auth::session::{Session, TokenHash};
use crate::ports::store::{
    AccountKey, Commit, Committed, Draft, FileWrite, GroupChange, GroupWithMessage, LogWrite, NewSession,
    Outcome, Range, Store, StoreReader, StoredFile, UserWrite, WithFiles, Write,
};
use crate::service::error::Fault;

/// The application that the cases are about, as its own reader sees it.
///
/// A second application has equal users, groups, topics and ids: whatever creates them in the first is written to both,
/// in one batch. Other writes go to the first alone, and must leave everything in the second as it was.
pub struct Tenant {
    store: Arc<dyn Store>,
    reader: Arc<dyn StoreReader>,
    decoy: Arc<dyn StoreReader>,
    known: Mutex<Known>,
}

/// The contents of the second application that are compared.
#[derive(Clone, Default)]
struct Known {
    users: BTreeSet<UserId>,
    groups: BTreeSet<GroupId>,
    topics: BTreeSet<Topic>,
    /// The number of comparisons left; a long history is compared at its beginning.
    comparisons: u32,
}

const APPLICATION: ApplicationId = ApplicationId::BUILT_IN;
const DECOY: ApplicationId = ApplicationId(7);
/// The most users, groups and topics that are compared.
const COMPARED: usize = 6;

impl Tenant {
    /// Wraps a fresh store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Arc<Self> {
        let (reader, decoy) = (store.reader(APPLICATION), store.reader(DECOY));
        let known = Mutex::new(Known { comparisons: 24, ..Known::default() });
        Arc::new(Self { store, reader, decoy, known })
    }

    /// Commits a batch in the first application; returns its outcomes.
    ///
    /// # Errors
    /// Those of [`Store::commit`].
    ///
    /// # Panics
    /// If a write changes something in the second application.
    pub async fn commit(&self, writes: Arc<[Write]>) -> Result<Vec<Outcome>, Fault> {
        Ok(self.committed(writes).await?.outcomes)
    }

    /// As [`Tenant::commit`]; returns everything that follows from the batch in the first application.
    ///
    /// # Errors
    /// Those of [`Store::commit`].
    ///
    /// # Panics
    /// If a write changes something in the second application.
    pub async fn committed(&self, writes: Arc<[Write]>) -> Result<Committed, Fault> {
        let mut commits = Vec::with_capacity(2 * writes.len());
        let mut is_own = Vec::with_capacity(2 * writes.len());
        for write in writes.iter() {
            if let Some(copy) = copy(write) {
                self.known.lock().learn(&copy);
                commits.push(Commit { application: DECOY, write: copy });
                is_own.push(false);
            }
            commits.push(Commit { application: APPLICATION, write: write.clone() });
            is_own.push(true);
        }
        let known = {
            let mut known = self.known.lock();
            let compares = known.comparisons > 0 && is_own.iter().all(|own| *own) && !known.users.is_empty();
            known.comparisons -= u32::from(compares);
            compares.then(|| known.clone())
        };
        let before = match &known {
            Some(known) => known.read(&*self.decoy).await?,
            None => Vec::new(),
        };
        let mut committed = self.store.commit(commits, Seq(u64::MAX)).await?;
        if let Some(known) = known {
            assert_eq!(known.read(&*self.decoy).await?, before, "{writes:?} changed another application");
        }
        let mut is_own = is_own.into_iter();
        committed.outcomes.retain(|_| is_own.next().unwrap_or_default());
        committed.appended.retain(|appended| appended.log.application == APPLICATION);
        committed.rewritten.retain(|rewritten| rewritten.log.application == APPLICATION);
        committed.shortened.retain(|shortened| shortened.log.application == APPLICATION);
        committed.closed.retain(|log| log.application == APPLICATION);
        Ok(committed)
    }

    /// Returns the store, for a node over it.
    #[must_use]
    pub fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }

    /// As [`Store::epoch`].
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.store.epoch()
    }

    /// As [`Store::session`], for a session of the first application.
    ///
    /// # Errors
    /// Those of [`Store::session`].
    ///
    /// # Panics
    /// If the session belongs to the second application.
    pub async fn session(&self, token: TokenHash) -> Result<Option<Session>, Fault> {
        let session = self.store.session(token).await?;
        assert!(session.as_ref().is_none_or(|session| session.application == APPLICATION), "{session:?}");
        Ok(session)
    }
}

impl Deref for Tenant {
    type Target = dyn StoreReader;

    fn deref(&self) -> &Self::Target {
        &*self.reader
    }
}

impl Known {
    fn learn(&mut self, write: &Write) {
        match write {
            Write::Users(UserWrite::CreateGuest { person, .. }) if self.users.len() < COMPARED => {
                self.users.insert(person.id);
            }
            Write::Groups(change) if self.groups.len() < COMPARED => {
                self.groups.insert(change.group);
                self.topics.insert(Topic::group(change.group));
            }
            Write::GroupWithMessage(GroupWithMessage { change, .. }) if self.groups.len() < COMPARED => {
                self.groups.insert(change.group);
                self.topics.insert(Topic::group(change.group));
            }
            Write::Log(
                LogWrite::Post(draft) | LogWrite::Publish { draft, .. } | LogWrite::PostFirst { draft, .. },
            ) if self.topics.len() < COMPARED => {
                self.topics.insert(draft.topic.clone());
            }
            _ => {}
        }
    }

    /// Reads everything that is known of an application, as text.
    async fn read(&self, of: &dyn StoreReader) -> Result<Vec<String>, Fault> {
        let range = Range { limit: 100, ..Range::default() };
        let mut all = vec![
            format!("{:?}", of.accounts("", None, 100).await?),
            format!("{:?}", of.groups("", true, None, 100).await?),
            format!("{:?}", (of.files(None, 100).await?, of.file_usage(None).await?)),
            format!("{:?}", (of.has_accounts().await?, of.has_owner().await?)),
            format!("{:?}", (of.users_by_key(None, 100).await?, of.groups_by_key(None, 100).await?)),
        ];
        for group in &self.groups {
            all.push(format!("{:?}", (of.roster(*group).await?, of.hooks(*group).await?)));
            all.push(format!("{:?}", of.members(*group, "", None, 100).await?));
        }
        for topic in &self.topics {
            all.push(format!("{:?}", of.page(topic, range).await?));
            all.push(format!("{:?}", of.pinned(topic).await?));
        }
        for user in &self.users {
            all.push(format!("{:?}", of.conversations(*user, 100).await?));
            all.push(format!("{:?}", of.people(*user, "", true, None, 100).await?));
            all.push(format!("{:?}", of.profile(*user).await?));
            all.push(format!("{:?}", of.account(AccountKey::User(*user)).await?));
            all.push(format!("{:?}", of.sessions(*user).await?));
            all.push(format!("{:?}", of.blocked(*user).await?));
            all.push(format!("{:?}", of.seats(*user, *user).await?));
            let groups = self.groups.iter().copied().map(Conversation::Group);
            let directs = self.users.iter().filter_map(|other| Pair::of(*user, *other));
            for conversation in groups.chain(directs.map(Conversation::Direct)) {
                all.push(format!("{:?}", of.standing(conversation, *user).await?));
                all.push(format!("{:?}", of.unread(conversation, *user, Seq::ZERO).await?));
            }
        }
        Ok(all)
    }
}

/// Returns the write for the second application, if it creates something. Tokens are unique everywhere, so the copy has
/// others.
fn copy(write: &Write) -> Option<Write> {
    match write {
        Write::Users(UserWrite::CreateGuest { person, session }) => {
            let mut token = session.token;
            token.0[31] ^= 0xff;
            let session = NewSession { token, ..session.clone() };
            Some(UserWrite::CreateGuest { person: person.clone(), session }.into())
        }
        Write::PutUser(put) if put.version.is_none() => Some(write.clone()),
        Write::CreateAccount(_) | Write::Log(LogWrite::Publish { .. } | LogWrite::PostFirst { .. }) => {
            Some(write.clone())
        }
        Write::Log(LogWrite::Post(draft)) => Some(elsewhere(draft).into()),
        Write::Log(LogWrite::WithFiles(with)) => match &with.message {
            LogWrite::Post(draft) => {
                let message = LogWrite::Post(elsewhere(draft));
                Some(LogWrite::WithFiles(Box::new(WithFiles { message, files: with.files.clone() })).into())
            }
            _ => None,
        },
        Write::Files(FileWrite::Add { file, quota, .. }) => {
            let file = StoredFile { name: format!("other {}", file.name), ..(**file).clone() };
            Some(FileWrite::Add { file: Box::new(file), quota: *quota, job: None }.into())
        }
        Write::Groups(change) if change.version.is_none() => {
            let news = change.news.iter().map(elsewhere).collect();
            Some(GroupChange { news, ..change.clone() }.into())
        }
        Write::GroupWithMessage(new) => {
            let news = new.change.news.iter().map(elsewhere).collect();
            let change = GroupChange { news, ..new.change.clone() };
            Some(
                GroupWithMessage {
                    change,
                    draft: elsewhere(&new.draft),
                    recipients: new.recipients.clone(),
                    files: new.files.clone(),
                }
                .into(),
            )
        }
        _ => None,
    }
}

/// Returns a draft with the same id and another time, so that a mistaken one is seen.
fn elsewhere(draft: &Draft) -> Draft {
    let mut copy = draft.clone();
    copy.at.0 -= 1;
    copy
}
