//! The messages of an export, as they are now. Notices are left out: the members say who is there.

use archive::{Entry, File, FileContent, Reaction, Record, Text};
use wire::{Attachment, Event, Json, Person, Quote, SendId, Seq, Timestamp};

use super::conversation::Current;
use super::exporter::Exporter;
use super::files::ExportedFile;
use crate::ports::blobs::BlobKey;
use crate::ports::store::event_of;
use crate::rules::Audience;
use crate::service::error::Error;
use crate::service::import::ids::own_message_id;

impl Exporter<'_> {
    /// Writes an entry of a log, if it is a message, or was one that is deleted.
    pub(super) async fn entry(&mut self, current: &Current, entry: wire::Entry<Json>) -> Result<(), Error> {
        let (entry, audience) = match event_of(&entry.data) {
            Event::Restricted => match self.reader.restricted(&current.topic, entry.seq).await? {
                Some(restricted) => (restricted.entry, Some(restricted.audience)),
                None => return Ok(()),
            },
            _ => (entry, None),
        };
        let event = event_of(&entry.data);
        let (Event::Message { author, .. } | Event::Tombstone { author, .. }) = &event else { return Ok(()) };
        let (author, bot) = self.author(author);
        let (author_id, at) = (author.clone(), entry.timestamp.0);
        let blank = Entry {
            at,
            author,
            bot,
            conversation: current.id.clone(),
            deleted_by: None,
            edited_at: None,
            files: Vec::new(),
            id: message_id(current, entry.seq, entry.timestamp, &entry.id),
            pinned: false,
            reactions: Vec::new(),
            recipients: audience.map(|audience| self.recipients(current, &audience, &author_id)),
            reply_to: None,
            text: Text::Markdown(String::new()),
        };
        let written = match event {
            Event::Message { text, reply_to, edited, reactions, pinned, attachments, .. } => Entry {
                edited_at: edited.map(|at| at.0),
                files: self.announce(&blank, attachments).await?,
                pinned,
                reactions: self.reactions(reactions),
                reply_to: self.parent(current, reply_to).await?,
                text: Text::Markdown(text),
                ..blank
            },
            Event::Tombstone { by, .. } => {
                Entry { deleted_by: Some(self.names.user(by.id).unwrap_or(author_id)), ..blank }
            }
            _ => return Ok(()),
        };
        self.record(Record::Entry(written)).await?;
        self.exported.counts.messages += 1;
        Ok(())
    }

    /// Returns the id of an author, and the name if that is no user but a bot.
    fn author(&self, author: &Person) -> (String, Option<String>) {
        match self.names.user(author.id) {
            Some(id) => (id, None),
            None => (author.id.to_string(), Some(author.name.to_string())),
        }
    }

    /// Returns the readers of a message to some besides its author, who are in the group.
    fn recipients(&self, current: &Current, audience: &Audience, author: &str) -> Vec<String> {
        let present = audience.users().iter().filter(|user| current.members.contains(user));
        let mut ids: Vec<String> = present.filter_map(|user| self.names.user(*user)).collect();
        ids.retain(|id| id != author);
        ids.sort_unstable();
        ids
    }

    fn reactions(&self, reactions: Vec<wire::Reaction>) -> Vec<Reaction> {
        let of = |reaction: wire::Reaction| Reaction {
            emoji: reaction.emoji.as_str().to_owned(),
            users: reaction.people.into_iter().filter_map(|user| self.names.user(user)).collect(),
        };
        reactions.into_iter().map(of).filter(|reaction| !reaction.users.is_empty()).collect()
    }

    /// Returns the id of the message that one answers; none if it is no longer kept.
    async fn parent(&mut self, current: &Current, quote: Option<Quote>) -> Result<Option<String>, Error> {
        let Some(quote) = quote else { return Ok(None) };
        let Some(kept) = self.reader.kept(&current.topic, quote.seq).await? else { return Ok(None) };
        let entry = match event_of(&kept.entry.data) {
            Event::Restricted => match self.reader.restricted(&current.topic, quote.seq).await? {
                Some(restricted) => restricted.entry,
                None => return Ok(None),
            },
            _ => kept.entry,
        };
        Ok(Some(message_id(current, quote.seq, entry.timestamp, &entry.id)))
    }

    /// Announces the files of a message; returns their ids.
    async fn announce(&mut self, of: &Entry, attachments: Vec<Attachment>) -> Result<Vec<String>, Error> {
        let mut ids = Vec::new();
        for Attachment { id, name, alt, .. } in attachments {
            let place = format!("{} {}: {name}", of.conversation, of.id);
            let Some(stored) = self.reader.file(id).await? else {
                self.leave_out(place, "the file is gone");
                continue;
            };
            let key = BlobKey { application: self.application, id: stored.blob };
            let blob = self.chat.blobs.get(key, Some(0..0)).await?;
            if blob.is_none_or(|blob| blob.bytes != stored.bytes) {
                self.leave_out(place, "its content is not among the uploaded files of the server");
                continue;
            }
            self.files.push(ExportedFile { blob: stored.blob, bytes: stored.bytes });
            let id = self.files.len().to_string();
            let content = FileContent::Here { bytes: stored.bytes, path: archive::own::path(&id) };
            self.record(Record::File(File { alt, content, id: id.clone(), name })).await?;
            self.exported.counts.files += 1;
            ids.push(id);
        }
        Ok(ids)
    }
}

/// Returns the id of a message: that of the export that it came from, or its time and its place. A conversation that came
/// from an export goes on with other places at later times, so no two are the same.
fn message_id(current: &Current, seq: Seq, at: Timestamp, id: &SendId) -> String {
    own_message_id(id, &current.id)
        .map_or_else(|| format!("{at}-{seq}", at = at.0, seq = seq.0), str::to_owned)
}
