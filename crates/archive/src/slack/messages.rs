//! The messages of a Slack export: a day of a conversation at a time.

use serde_json::{Map, Value};

use super::{Slack, json};
use crate::{ArchiveError, Entry, File, FileContent, Reaction, Record, Text};

/// The subtypes of messages that somebody has written; all others are notices or changes.
const WRITTEN: [&str; 8] = [
    "bot_message",
    "file_comment",
    "file_share",
    "file_mention",
    "me_message",
    "reply_broadcast",
    "slackbot_response",
    "thread_broadcast",
];

impl Slack {
    /// Reads the messages of a day, and puts them in order of time.
    pub(super) fn read_day(&mut self, conversation: &str, path: &str) -> Result<(), ArchiveError> {
        let content = self.zip.read_json_file(path)?;
        let messages: Vec<json::Message> =
            serde_json::from_slice(&content).map_err(|error| ArchiveError::json(path, &error))?;
        drop(content);
        let mut timed = Vec::with_capacity(messages.len());
        for message in messages {
            let at = millis(&message.ts).ok_or_else(|| {
                ArchiveError::of(path, format!("has the ts {:?}, which is no time", message.ts))
            })?;
            timed.push((at, message));
        }
        timed.sort_by(|(at, a), (other, b)| at.cmp(other).then_with(|| a.ts.cmp(&b.ts)));
        let mut last = String::new();
        for (at, message) in timed {
            let place = format!("{path} {}", message.ts);
            // A message that is in the file twice is one.
            if message.ts == last {
                continue;
            }
            last.clone_from(&message.ts);
            match message.subtype.as_deref() {
                Some(subtype) if !WRITTEN.contains(&subtype) => {
                    self.leave_out(
                        place,
                        format!("a notice of the kind {}", crate::error::printable(subtype)),
                    );
                }
                _ if message.hidden => self.leave_out(place, "a hidden message"),
                _ => self.entry(conversation, at, message, place),
            }
        }
        Ok(())
    }

    fn entry(&mut self, conversation: &str, at: i64, message: json::Message, place: String) {
        let Some(author) = self.author(&message) else {
            return self.leave_out(place, "a message without an author");
        };
        let is_pinned = message.pinned_to.iter().any(|pinned| pinned == conversation);
        for user in message.reactions.iter().flat_map(|reaction| &reaction.users) {
            self.announce(user, None, false);
        }
        let files = message.files.iter().chain(&message.file).collect::<Vec<_>>();
        let files = files.into_iter().filter_map(|file| self.file(file, &place)).collect();
        let text = text(&message);
        let reactions = message.reactions.into_iter();
        // A message in the file of another day than its own does not turn back the time.
        let at = at.max(self.last_at);
        self.last_at = at;
        self.ready.push_back(Record::Entry(Entry {
            at,
            author,
            bot: None,
            conversation: conversation.to_owned(),
            deleted_by: None,
            edited_at: message.edited.and_then(|edited| millis(&edited.ts)),
            files,
            pinned: is_pinned,
            reactions: reactions
                .map(|reaction| Reaction { emoji: reaction.name, users: reaction.users })
                .collect(),
            recipients: None,
            reply_to: message.thread_ts.filter(|thread| *thread != message.ts),
            id: message.ts,
            text,
        }));
    }

    /// Returns the id of the author, who is announced if they are new: a bot has a name of its own in each message.
    fn author(&mut self, message: &json::Message) -> Option<String> {
        if let Some(user) = message.user.as_ref().filter(|user| !user.is_empty()) {
            let profile = message.user_profile.as_ref();
            let name = profile.and_then(|profile| {
                let names = [&profile.display_name, &profile.real_name, &profile.name];
                names.into_iter().flatten().find(|name| !name.is_empty())
            });
            self.announce(user, name.map(String::as_str), message.bot_id.is_some());
            return Some(user.clone());
        }
        let profile = message.bot_profile.as_ref().and_then(|profile| profile.name.as_ref());
        let name = message.username.as_ref().filter(|name| !name.is_empty()).or(profile);
        let id = message.bot_id.clone().or_else(|| name.map(|name| format!("name:{name}")))?;
        self.announce(&id, name.map(String::as_str), true);
        Some(id)
    }

    /// Announces a file, and returns its id.
    fn file(&mut self, file: &json::File, place: &str) -> Option<String> {
        let id = file.id.clone().filter(|id| !id.is_empty());
        let id = match (id, file.mode.as_deref()) {
            (_, Some("tombstone")) | (None, _) => {
                self.leave_out(place.to_owned(), "a deleted file");
                return None;
            }
            (Some(id), _) => id,
        };
        if !self.files.insert(id.clone()) {
            self.leave_out(place.to_owned(), format!("the file {id}, which an earlier message has"));
            return None;
        }
        let content = match self.uploads.get(&id) {
            Some(path) => {
                FileContent::Here { bytes: self.zip.size(path).unwrap_or_default(), path: path.clone() }
            }
            None => FileContent::Url(file.url_private.clone().or(file.permalink.clone()).unwrap_or_default()),
        };
        let names = [&file.name, &file.title];
        let name = names.into_iter().flatten().find(|name| !name.is_empty()).cloned();
        self.ready.push_back(Record::File(File {
            alt: file.alt_txt.clone().unwrap_or_default(),
            content,
            name: name.unwrap_or_else(|| id.clone()),
            id: id.clone(),
        }));
        Some(id)
    }
}

/// Returns the text as Slack has it. People's text says all; programs also send blocks and attachments.
fn text(message: &json::Message) -> Text {
    let mut text = message.text.clone().unwrap_or_default();
    if message.subtype.as_deref() == Some("me_message") && !text.is_empty() {
        text = format!("_{text}_");
    }
    let mut payload = Map::new();
    let is_program = message.bot_id.is_some() || message.subtype.as_deref() == Some("bot_message");
    let is_empty = text.trim().is_empty();
    payload.insert("text".into(), text.into());
    if let Some(blocks) = message.blocks.as_ref().filter(|_| is_empty) {
        payload.insert("blocks".into(), blocks.clone());
    }
    if let Some(attachments) = message.attachments.as_ref().filter(|_| is_program || is_empty) {
        payload.insert("attachments".into(), attachments.clone());
    }
    Text::Slack(Value::Object(payload))
}

/// Returns the milliseconds of a time such as `1355517523.000005`; none if it is none.
fn millis(ts: &str) -> Option<i64> {
    let (seconds, fraction) = ts.split_once('.').unwrap_or((ts, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    // The year 5138; later ones are no times of messages.
    if seconds.is_empty() || seconds.len() > 11 || !is_digits(seconds) || !is_digits(fraction) {
        return None;
    }
    let thousandths: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    Some(seconds.parse::<i64>().ok()? * 1_000 + thousandths)
}
