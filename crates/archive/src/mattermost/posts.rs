//! The second pass over a bulk export: the posts, in order of time.

use std::io::{BufReader, Seek, SeekFrom};

use serde::Deserialize;
use serde_json::json;

use super::index::Item;
use super::{Mattermost, json as format};
use crate::{ArchiveError, Entry, File, FileContent, Reaction, Record, Text};

impl Mattermost {
    /// Reads a post, and announces it with its files.
    pub(super) fn post(&mut self, item: Item) -> Result<(), ArchiveError> {
        let reading = |error| ArchiveError::reading(&self.name, &error);
        self.lines.seek(SeekFrom::Start(item.offset)).map_err(reading)?;
        let mut json = serde_json::Deserializer::from_reader(BufReader::new(&self.lines));
        let post = format::Post::deserialize(&mut json)
            .map_err(|error| ArchiveError::of(&self.name, error.to_string()))?;
        let Some(of) = self.conversations.get(item.conversation) else { return Ok(()) };
        let conversation = of.conversation.id.clone();
        let id = self.unique(item.at, id(post.create_at, &post.user));
        let place = format!("{conversation} {id}");
        let kind = post.kind.as_deref().unwrap_or_default();
        if kind.starts_with("system_") && kind != "system_generic" {
            let reason = format!("a notice of the kind {}", crate::error::printable(kind));
            self.leave_out(place, reason);
            return Ok(());
        }
        let mut files = Vec::new();
        for (number, attachment) in post.attachments.into_iter().flatten().enumerate() {
            files.push(self.file(format!("{conversation} {id} {}", number + 1), &attachment.path));
        }
        let parent = item.parent.map(|(at, user)| self::id(at, self.users.id(user)));
        self.ready.push_back(Record::Entry(Entry {
            at: item.at,
            author: post.user,
            bot: None,
            conversation,
            deleted_by: None,
            edited_at: post.edit_at.filter(|at| *at > 0),
            files,
            id,
            pinned: post.is_pinned.unwrap_or_default(),
            reactions: by_emoji(post.reactions.unwrap_or_default()),
            recipients: None,
            reply_to: parent,
            text: text(post.message.unwrap_or_default(), kind, post.props.as_ref()),
        }));
        Ok(())
    }

    /// Returns the id of a message; a second one of an author in the same millisecond has a number behind it.
    fn unique(&mut self, at: i64, id: String) -> String {
        if self.same_time.0 != at {
            self.same_time = (at, std::collections::HashSet::new());
        }
        let known = &mut self.same_time.1;
        let mut unique = id.clone();
        while !known.insert(unique.clone()) {
            unique = format!("{id}-{}", known.len() + 1);
        }
        unique
    }

    fn file(&mut self, id: String, path: &str) -> String {
        let found = [format!("data/{path}"), path.to_owned()].into_iter().find_map(|path| {
            let bytes = self.zip.as_ref()?.size(&path)?;
            Some(FileContent::Here { bytes, path })
        });
        self.ready.push_back(Record::File(File {
            alt: String::new(),
            content: found.unwrap_or_else(|| FileContent::Url(String::new())),
            name: path.rsplit('/').next().unwrap_or_default().to_owned(),
            id: id.clone(),
        }));
        id
    }
}

/// Returns the id of a post, which has none in the export: Mattermost itself knows it by channel, time and author.
fn id(at: i64, user: &str) -> String {
    format!("{at}-{user}")
}

/// Returns the text, which is Markdown; that of a program may be in attachments of Slack's format.
fn text(message: String, kind: &str, props: Option<&serde_json::Value>) -> Text {
    match props.map(|props| &props["attachments"]) {
        Some(attachments) if message.trim().is_empty() && attachments.is_array() => {
            Text::Slack(json!({ "attachments": attachments }))
        }
        _ if kind == "me" => Text::Markdown(format!("_{message}_")),
        _ => Text::Markdown(message),
    }
}

/// Returns reactions by emoji, in the order of their times.
fn by_emoji(mut all: Vec<format::Reaction>) -> Vec<Reaction> {
    all.sort_by_key(|reaction| reaction.create_at);
    let mut reactions: Vec<Reaction> = Vec::new();
    for format::Reaction { user, emoji_name, .. } in all {
        match reactions.iter_mut().find(|reaction| reaction.emoji == emoji_name) {
            Some(reaction) if reaction.users.contains(&user) => {}
            Some(reaction) => reaction.users.push(user),
            None => reactions.push(Reaction { emoji: emoji_name, users: vec![user] }),
        }
    }
    reactions
}
