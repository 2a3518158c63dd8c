//! Reading Hubbub's own format.

use std::collections::HashSet;
use std::fs;
use std::io::{Seek, SeekFrom, copy};

use super::{APPLICATION, DATA, FILES, VERSION};
use crate::limits::{CONVERSATIONS, USERS};
use crate::lines::Lines;
use crate::source::{Source, Zip};
use crate::{ArchiveError, Conversation, Entry, FileContent, Kind, Member, Record, Text};

/// An archive in Hubbub's own format that is read.
pub(crate) struct Own {
    zip: Zip,
    lines: Lines<fs::File>,
    state: State,
}

/// The state by which the order of records is checked.
#[derive(Default)]
struct State {
    has_header: bool,
    users: HashSet<String>,
    conversations: HashSet<String>,
    conversation: Option<Conversation>,
    members: HashSet<String>,
    has_entries: bool,
    /// The time of the last message of the conversation.
    at: Option<i64>,
    /// The files that were announced and no message has yet.
    files: HashSet<String>,
}

impl Own {
    pub(crate) fn open(source: Source) -> Result<Self, ArchiveError> {
        let Source::Zip(mut zip) = source else {
            return Err(ArchiveError::new("is no export of Hubbub, which is a ZIP file"));
        };
        if !zip.has(DATA) {
            return Err(ArchiveError::new(format!("is no export of Hubbub: it has no {DATA}")));
        }
        // A stream of its own, beside those of the files.
        let file = unpacked(&mut zip, DATA)?;
        Ok(Self { zip, lines: Lines::new(DATA, file), state: State::default() })
    }

    pub(crate) fn zip(&mut self) -> &mut Zip {
        &mut self.zip
    }

    pub(crate) fn next(&mut self) -> Result<Option<Record>, ArchiveError> {
        let Some((place, line)) = self.lines.next()? else {
            if self.state.has_header {
                return Ok(None);
            }
            return Err(ArchiveError::of(DATA, "is empty; its first line is the header"));
        };
        let record = serde_json::from_slice(line)
            .map_err(|error| ArchiveError::json_line(DATA, place.number, &error))?;
        self.state
            .check(&record, &self.zip)
            .map_err(|problem| ArchiveError::at(DATA, place.number, problem))?;
        Ok(Some(record))
    }
}

/// Unpacks a file of an archive into a temporary file without a name.
pub(crate) fn unpacked(zip: &mut Zip, path: &str) -> Result<fs::File, ArchiveError> {
    let reading = |error| ArchiveError::reading(path, &error);
    let mut file = tempfile::tempfile().map_err(reading)?;
    copy(&mut zip.reader(path)?, &mut file).map_err(reading)?;
    file.seek(SeekFrom::Start(0)).map_err(reading)?;
    Ok(file)
}

impl State {
    /// Checks that a record may follow the others.
    fn check(&mut self, record: &Record, zip: &Zip) -> Result<(), String> {
        match record {
            Record::Header(header) if self.has_header || header.version != VERSION => {
                Err(format!("there is one header, of version {VERSION}"))
            }
            Record::Header(_) => {
                self.has_header = true;
                Ok(())
            }
            _ if !self.has_header => Err("the first line is the header".into()),
            Record::User(user) => {
                if self.conversation.is_some() {
                    return Err("users stand before conversations".into());
                }
                if let Some(picture) = &user.picture {
                    has_content(zip, picture)?;
                }
                if user.id == APPLICATION {
                    return Err(format!(
                        "no user has the id {APPLICATION:?}, which is that of the application"
                    ));
                }
                add(&mut self.users, &user.id, USERS, "user")
            }
            Record::Conversation(conversation) => self.conversation(conversation),
            Record::Member(member) => self.member(member),
            Record::File(file) => {
                has_content(zip, &file.content)?;
                add(&mut self.files, &file.id, usize::MAX, "file")
            }
            Record::Entry(entry) => self.entry(entry),
            Record::LeftOut(_) => Err("the format does not have this".into()),
        }
    }

    fn conversation(&mut self, conversation: &Conversation) -> Result<(), String> {
        self.end_conversation()?;
        add(&mut self.conversations, &conversation.id, CONVERSATIONS, "conversation")?;
        self.members.clear();
        (self.has_entries, self.at) = (false, conversation.created_at);
        self.conversation = Some(conversation.clone());
        Ok(())
    }

    fn end_conversation(&self) -> Result<(), String> {
        match self.files.iter().next() {
            Some(file) => Err(format!("no message of the conversation has the file {file}")),
            None => Ok(()),
        }
    }

    fn member(&mut self, member: &Member) -> Result<(), String> {
        let conversation = self.conversation.as_ref().filter(|of| of.id == member.conversation);
        if conversation.is_none() || self.has_entries {
            return Err("members stand between their conversation and its messages".into());
        }
        self.knows(&member.user)?;
        if member.user == APPLICATION {
            return Err("the application is no member".into());
        }
        add(&mut self.members, &member.user, USERS, "member")?;
        if conversation.is_some_and(|of| of.kind == Kind::Direct) && self.members.len() > 2 {
            return Err("a direct has two members".into());
        }
        Ok(())
    }

    fn entry(&mut self, entry: &Entry) -> Result<(), String> {
        if self.conversation.as_ref().is_none_or(|of| of.id != entry.conversation) {
            return Err("messages stand below their conversation".into());
        }
        if self.at.is_some_and(|at| entry.at < at) {
            return Err("the messages of a conversation are in order of time, and after its creation".into());
        }
        if entry.bot.is_none() {
            self.knows(&entry.author)?;
        }
        let reacted = entry.reactions.iter().flat_map(|reaction| &reaction.users);
        for user in reacted.chain(entry.recipients.iter().flatten()).chain(&entry.deleted_by) {
            self.knows(user)?;
        }
        let is_empty = entry.files.is_empty() && entry.text == Text::Markdown(String::new());
        if entry.deleted_by.is_some() && !is_empty {
            return Err("a deleted message has no text and no files".into());
        }
        for file in &entry.files {
            if !self.files.remove(file) {
                return Err(format!("the file {file} is not announced, or another message has it"));
            }
        }
        let Text::Markdown(_) = entry.text else { return Err("the text is Markdown".into()) };
        (self.at, self.has_entries) = (Some(entry.at), true);
        Ok(())
    }

    fn knows(&self, user: &str) -> Result<(), String> {
        if user == APPLICATION || self.users.contains(user) {
            Ok(())
        } else {
            Err(format!("there is no user {user:?} above"))
        }
    }
}

/// Checks that the archive has the content of a file, if it says so.
fn has_content(zip: &Zip, content: &FileContent) -> Result<(), String> {
    match content {
        FileContent::Here { bytes, path } if !path.starts_with(FILES) || zip.size(path) != Some(*bytes) => {
            Err(format!("there is no file {path} of {bytes} bytes"))
        }
        _ => Ok(()),
    }
}

fn add(known: &mut HashSet<String>, id: &str, most: usize, kind: &str) -> Result<(), String> {
    if id.is_empty() || !known.insert(id.to_owned()) {
        return Err(format!("the id of the {kind} is empty, or was there before"));
    }
    if known.len() > most { Err(format!("there are more than {most} of a {kind}")) } else { Ok(()) }
}
