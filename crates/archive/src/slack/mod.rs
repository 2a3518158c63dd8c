//! Slack's export of a workspace: a ZIP file with lists of users and conversations, and a folder for each conversation
//! with a file of messages for each day.

mod json;
mod lists;
mod messages;

use std::collections::{BTreeMap, HashSet, VecDeque};

use self::lists::Listed;
use crate::source::{Source, Zip};
use crate::{ArchiveError, LeftOut, Record};

/// A Slack export that is read.
pub(crate) struct Slack {
    zip: Zip,
    /// The folder in which the export is, with a `/`; empty if it is not in one.
    root: String,
    /// The users who were announced.
    users: HashSet<String>,
    /// The files of all files that are named by their id.
    uploads: BTreeMap<String, String>,
    conversations: VecDeque<Listed>,
    /// The conversation whose messages are read, and its days that follow.
    current: Option<(String, VecDeque<String>)>,
    /// The ids of files of the current conversation.
    files: HashSet<String>,
    /// The time of the last message of the current conversation.
    last_at: i64,
    ready: VecDeque<Record>,
}

impl Slack {
    pub(crate) fn open(source: Source) -> Result<Self, ArchiveError> {
        let Source::Zip(zip) = source else {
            return Err(ArchiveError::new("is no export of Slack, which is a ZIP file"));
        };
        let users = zip.paths().iter().filter(|path| is_named(path, "users.json"));
        let root = users.min_by_key(|path| path.len()).and_then(|path| path.strip_suffix("users.json"));
        let Some(root) = root.map(str::to_owned) else {
            return Err(ArchiveError::new("is no export of Slack: it has no users.json"));
        };
        let mut slack = Self {
            uploads: uploads(&zip, &root),
            zip,
            root,
            users: HashSet::new(),
            conversations: VecDeque::new(),
            current: None,
            files: HashSet::new(),
            last_at: i64::MIN,
            ready: VecDeque::new(),
        };
        slack.read_lists()?;
        Ok(slack)
    }

    pub(crate) fn zip(&mut self) -> &mut Zip {
        &mut self.zip
    }

    pub(crate) fn next(&mut self) -> Result<Option<Record>, ArchiveError> {
        loop {
            if let Some(record) = self.ready.pop_front() {
                return Ok(Some(record));
            }
            match &mut self.current {
                Some((conversation, days)) => match days.pop_front() {
                    Some(day) => {
                        let conversation = conversation.clone();
                        self.read_day(&conversation, &day)?;
                    }
                    None => self.current = None,
                },
                None => {
                    let Some(listed) = self.conversations.pop_front() else { return Ok(None) };
                    self.begin(listed)?;
                }
            }
        }
    }

    /// Announces a conversation, with its members, and finds the days of its messages. It begins with its first message,
    /// if that is earlier than the time at which it was created: a direct has no such time.
    fn begin(&mut self, listed: Listed) -> Result<(), ArchiveError> {
        let Listed { mut conversation, members, folders } = listed;
        let mut days =
            folders.iter().map(|folder| self.days(folder)).find(|days| !days.is_empty()).unwrap_or_default();
        self.files.clear();
        self.last_at = i64::MIN;
        for member in &members {
            self.announce(&member.user, None, false);
        }
        let users = std::mem::take(&mut self.ready);
        if let Some(day) = days.pop_front() {
            self.read_day(&conversation.id, &day)?;
        }
        let first = self.ready.iter().find_map(|record| match record {
            Record::Entry(entry) => Some(entry.at),
            _ => None,
        });
        let messages = std::mem::replace(&mut self.ready, users);
        conversation.created_at = conversation.created_at.into_iter().chain(first).min();
        self.current = Some((conversation.id.clone(), days));
        self.ready.push_back(Record::Conversation(conversation));
        self.ready.extend(members.into_iter().map(Record::Member));
        self.ready.extend(messages);
        Ok(())
    }

    /// Returns the files of days in a folder, in order.
    fn days(&self, folder: &str) -> VecDeque<String> {
        let folder = format!("{}{folder}/", self.root);
        let is_day = |path: &&String| path.strip_prefix(&folder).is_some_and(is_day);
        let mut days: Vec<String> = self.zip.paths().iter().filter(is_day).cloned().collect();
        days.sort_unstable();
        days.into()
    }

    /// Announces a user whom the list of users does not have; a user who is known already needs nothing.
    fn announce(&mut self, id: &str, name: Option<&str>, bot: bool) {
        if self.users.insert(id.to_owned()) {
            let name = name.filter(|name| !name.trim().is_empty()).unwrap_or(id).to_owned();
            let user = crate::User { id: id.to_owned(), name, bot, ..Default::default() };
            self.ready.push_back(Record::User(user));
        }
    }

    fn leave_out(&mut self, place: String, reason: impl Into<String>) {
        self.ready.push_back(Record::LeftOut(LeftOut { place, reason: reason.into() }));
    }
}

/// Returns true if the last part of a path is a name; what macOS adds to archives does not count.
fn is_named(path: &str, name: &str) -> bool {
    path.rsplit('/').next() == Some(name) && !path.starts_with("__MACOSX/")
}

/// Returns true for `2024-03-14.json`.
fn is_day(name: &str) -> bool {
    let date = name.strip_suffix(".json").unwrap_or_default().as_bytes();
    date.len() == 10
        && date.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

/// Returns the paths of files by their ids, as programs that add them to an export name them: `__uploads/<id>/<name>`, or
/// `<conversation>/attachments/<id>-<name>`.
fn uploads(zip: &Zip, root: &str) -> BTreeMap<String, String> {
    let mut uploads = BTreeMap::new();
    for path in zip.paths().iter().filter(|path| !path.ends_with('/')) {
        let Some(inner) = path.strip_prefix(root) else { continue };
        let id = match inner.split('/').collect::<Vec<_>>()[..] {
            ["__uploads", id, _] => id,
            [_, "attachments", name] => name.split_once('-').map_or("", |(id, _)| id),
            _ => "",
        };
        if !id.is_empty() {
            uploads.entry(id.to_owned()).or_insert_with(|| path.clone());
        }
    }
    uploads
}
