//! Mattermost's bulk export: JSON Lines, alone or in a ZIP file with the contents of files in `data/`.
//!
//! Its posts are in no order. A first pass over the lines collects users and conversations and where each post is; the
//! posts are then read one by one, in order of time.

mod index;
mod json;
mod posts;

use std::collections::{HashMap, HashSet, VecDeque};
use std::fs;

use self::index::{Conversations, Item};
use crate::own::unpacked;
use crate::source::{Source, Zip};
use crate::{ArchiveError, LeftOut, Record, User};

/// A bulk export of Mattermost that is read.
pub(crate) struct Mattermost {
    zip: Option<Zip>,
    /// The name of the file of JSON Lines, for errors.
    name: String,
    lines: fs::File,
    users: Users,
    conversations: Conversations,
    /// The posts of all conversations, the ones of the last conversation first, and the latest first.
    items: Vec<Item>,
    /// The conversations that were announced.
    begun: u32,
    /// The time of the last message, and the ids of all messages of this time.
    same_time: (i64, HashSet<String>),
    /// The ids of the files of the current conversation.
    files: HashSet<String>,
    ready: VecDeque<Record>,
}

/// The users of the export, by their user names.
#[derive(Default)]
pub(super) struct Users {
    all: Vec<User>,
    numbers: HashMap<String, u32>,
}

impl Mattermost {
    pub(crate) fn open(source: Source) -> Result<Self, ArchiveError> {
        let (zip, name, lines) = match source {
            Source::Plain(file) => (None, "the file".to_owned(), file),
            Source::Zip(mut zip) => {
                let is_data = |path: &&String| path.ends_with(".jsonl") && !path.contains('/');
                let mut found = zip.paths().iter().filter(is_data).cloned();
                let (Some(name), None) = (found.next(), found.next()) else {
                    let problem = "is no bulk export of Mattermost: it needs one file that ends in .jsonl";
                    return Err(ArchiveError::new(problem));
                };
                let lines = unpacked(&mut zip, &name)?;
                (Some(zip), name, lines)
            }
        };
        let mut mattermost = Self {
            zip,
            name,
            lines,
            users: Users::default(),
            conversations: Conversations::default(),
            items: Vec::new(),
            begun: 0,
            same_time: (i64::MIN, HashSet::new()),
            files: HashSet::new(),
            ready: VecDeque::new(),
        };
        mattermost.index()?;
        Ok(mattermost)
    }

    pub(crate) fn zip(&mut self) -> Option<&mut Zip> {
        self.zip.as_mut()
    }

    pub(crate) fn next(&mut self) -> Result<Option<Record>, ArchiveError> {
        loop {
            if let Some(record) = self.ready.pop_front() {
                return Ok(Some(record));
            }
            match self.items.pop_if(|item| item.conversation < self.begun) {
                Some(item) => self.post(item)?,
                None if self.begin() => {}
                None => return Ok(None),
            }
        }
    }

    /// Announces the next conversation with its members; false if there is none.
    fn begin(&mut self) -> bool {
        let Some(of) = self.conversations.get(self.begun) else { return false };
        let first = self.items.last().filter(|item| item.conversation == self.begun).map(|item| item.at);
        let conversation = crate::Conversation { created_at: first, ..of.conversation.clone() };
        let members = of.members.iter().map(|(user, admin)| crate::Member {
            admin: *admin,
            conversation: of.conversation.id.clone(),
            joined_at: None,
            user: self.users.id(*user).to_owned(),
        });
        self.ready.push_back(Record::Conversation(conversation));
        self.ready.extend(members.map(Record::Member));
        self.files.clear();
        self.same_time = (i64::MIN, HashSet::new());
        self.begun += 1;
        true
    }

    fn leave_out(&mut self, place: String, reason: impl Into<String>) {
        self.ready.push_back(Record::LeftOut(LeftOut { place, reason: reason.into() }));
    }
}

impl Users {
    /// Returns the number of a user, who is added if no line has described them.
    pub(super) fn number(&mut self, name: &str) -> u32 {
        self.add(User { id: name.to_owned(), name: name.to_owned(), ..User::default() })
    }

    /// Adds a user, and returns their number; one who is there already gets nothing.
    pub(super) fn add(&mut self, user: User) -> u32 {
        let next = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        *self.numbers.entry(user.id.clone()).or_insert_with(|| {
            self.all.push(user);
            next
        })
    }

    pub(super) fn id(&self, number: u32) -> &str {
        self.all.get(number as usize).map_or("", |user| &user.id)
    }

    pub(super) fn all(&self) -> &[User] {
        &self.all
    }
}
