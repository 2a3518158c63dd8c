//! The messages of an archive, with their original authors and times.

use archive::{Entry, File, Reaction};
use wire::limits::{REACTIONS, RECIPIENTS};
use wire::{
    Amendment, Conversation, Emoji, Event, Json, Person, Quote, RichText, SendId, Seq, Timestamp, Topic,
    UserId,
};

use super::files::MessageFiles;
use super::ids::send_id;
use super::importer::{Importer, Pending};
use super::place::Place;
use super::reader::ArchiveReader;
use super::state::ImportState;
use super::texts::is_long;
use crate::ports::store::{
    Amend, DirectCreation, Draft, Ends, LogWrite, Mentions, Permission, PermissionTo, Recipients,
    RestrictedDraft, Sender, SentBefore, WithFiles, event_of,
};
use crate::service::compose::hash;
use crate::service::error::Error;
use crate::text::{emoji, shortcodes};

/// A message that has everything but its text.
struct Message {
    author: Person,
    id: SendId,
    at: Timestamp,
    is_bot: bool,
    edited: Option<Timestamp>,
    quote: Option<Quote>,
    reactions: Vec<wire::Reaction>,
    /// The user who has deleted it, if it is deleted.
    deleted_by: Option<Person>,
    /// Its only readers besides the author, as far as they are here; none if every member reads it.
    recipients: Option<Vec<Person>>,
}

impl Importer<'_> {
    /// Writes a message, unless it is there.
    pub(super) async fn entry(
        &mut self,
        entry: Entry,
        reader: ArchiveReader,
        state: &mut ImportState,
    ) -> Result<ArchiveReader, Error> {
        let name = format!("{} {}", entry.conversation, entry.id);
        let author = self.people.interned(&entry.author);
        let files = self.take_files(&entry, author);
        let Some(place) = self.place(state).await?.cloned() else {
            state.leave_out(&name, "its conversation is left out");
            return Ok(reader);
        };
        let Some(author) = self.people.author(self.chat, &entry.author, entry.bot.as_deref()).await? else {
            state.leave_out(&name, "its author is left out");
            return Ok(reader);
        };
        let Some(id) = send_id(self.format.as_str(), &entry.conversation, &entry.id, 1) else {
            state.leave_out(&name, "its id is empty");
            return Ok(reader);
        };
        let at = Timestamp(entry.at).min(self.chat.clock.now());
        if place.is_old
            && let Some(files) = self.files_there(&author, &id, &files).await?
            // The later parts of a long text may be missing; to send it again adds only these.
            && (at < place.last_at || !is_long(&entry.text))
        {
            state.done.messages += 1;
            state.done.files += files;
            return Ok(reader);
        }
        if at < place.last_at && place.is_old {
            state.leave_out(&name, "it is earlier than the newest message that is there");
            return Ok(reader);
        }
        let (reader, files) = self.files(files, &author, &id, reader, state).await?;
        let message = Message {
            quote: self.quote(&entry, &place, state).await?,
            reactions: self.reactions(&entry.reactions, &name, state).await?,
            author,
            id,
            at: at.max(place.last_at),
            is_bot: entry.bot.is_some() || self.people.is_bot(&entry.author),
            edited: entry.edited_at.map(Timestamp),
            deleted_by: self.deleted_by(&entry).await?,
            recipients: self.recipients(&entry, &place).await?,
        };
        self.send(entry, message, files, name, state).await?;
        Ok(reader)
    }

    /// Takes the files that were announced for a message, and keeps its author for replies.
    fn take_files(&mut self, entry: &Entry, author: std::sync::Arc<str>) -> Vec<File> {
        let Some(current) = &mut self.current else { return Vec::new() };
        current.note(&entry.id, author);
        entry.files.iter().filter_map(|id| current.files.remove(id)).collect()
    }

    /// Returns the number of files of a message that is there from an earlier import; none if it is not.
    async fn files_there(&self, author: &Person, id: &SendId, files: &[File]) -> Result<Option<u64>, Error> {
        let reader = self.chat.store.reader(self.application);
        let Some(sent) = reader.sent(Sender::User(author.id), id).await? else { return Ok(None) };
        if files.is_empty() {
            return Ok(Some(0));
        }
        Ok(Some(match self.message_at(&sent).await? {
            Some(Event::Message { attachments, .. }) => attachments.len() as u64,
            _ => 0,
        }))
    }

    /// Returns the quote of the message that this one answers; none if that is left out.
    async fn quote(
        &mut self,
        entry: &Entry,
        place: &Place,
        state: &mut ImportState,
    ) -> Result<Option<Quote>, Error> {
        let Some(parent) = &entry.reply_to else { return Ok(None) };
        let Some(author) = self.current.as_ref().and_then(|current| current.author(parent)) else {
            return Ok(None);
        };
        let Some(author) = self.people.author_id(self.chat, &author).await? else { return Ok(None) };
        let Some(id) = send_id(self.format.as_str(), &entry.conversation, parent, 1) else { return Ok(None) };
        // It may be among those that are on their way.
        self.settle(state).await?;
        let found = self.found(author, &id, &Topic::of(place.conversation)).await?;
        Ok(found.and_then(|(seq, event)| match event {
            Event::Message { author, body, attachments, .. } => {
                Some(Quote::of(seq, author, &body, &attachments))
            }
            Event::Tombstone { author, .. } => Some(Quote::of(seq, author, &RichText::default(), &[])),
            _ => None,
        }))
    }

    /// Returns a message in a log, by its author and its id.
    async fn found(&self, author: UserId, id: &SendId, topic: &Topic) -> Result<Option<(Seq, Event)>, Error> {
        let reader = self.chat.store.reader(self.application);
        let Some(sent) = reader.sent(Sender::User(author), id).await? else { return Ok(None) };
        let Some(event) = self.message_at(&sent).await? else { return Ok(None) };
        Ok((sent.topic == *topic).then_some((sent.seq, event)))
    }

    /// Returns a message that was sent, also one to some members.
    async fn message_at(&self, sent: &SentBefore) -> Result<Option<Event>, Error> {
        let reader = self.chat.store.reader(self.application);
        let Some(kept) = reader.kept(&sent.topic, sent.seq).await? else { return Ok(None) };
        Ok(match event_of(&kept.entry.data) {
            Event::Restricted => {
                let restricted = reader.restricted(&sent.topic, sent.seq).await?;
                restricted.map(|restricted| event_of(&restricted.entry.data))
            }
            event => Some(event),
        })
    }

    /// Returns the user who has deleted a message, if it is deleted: the author, if that user is not here.
    async fn deleted_by(&mut self, entry: &Entry) -> Result<Option<Person>, Error> {
        let Some(by) = &entry.deleted_by else { return Ok(None) };
        Ok(match self.people.person(self.chat, by).await? {
            Some(person) => Some(person),
            None => self.people.author(self.chat, &entry.author, entry.bot.as_deref()).await?,
        })
    }

    /// Returns the readers of a message to some besides its author. None of them may be here; it is for nobody else then.
    async fn recipients(&mut self, entry: &Entry, place: &Place) -> Result<Option<Vec<Person>>, Error> {
        let (Some(users), Conversation::Group(_)) = (&entry.recipients, place.conversation) else {
            return Ok(None);
        };
        let mut people = Vec::new();
        // No server has written more of them.
        for user in users.iter().take(RECIPIENTS) {
            people.extend(self.people.person(self.chat, user).await?);
        }
        Ok(Some(people))
    }

    async fn reactions(
        &mut self,
        reactions: &[Reaction],
        name: &str,
        state: &mut ImportState,
    ) -> Result<Vec<wire::Reaction>, Error> {
        let mut all: Vec<wire::Reaction> = Vec::new();
        for reaction in reactions {
            let Some(emoji) = known_emoji(&reaction.emoji) else {
                state.leave_out(name, &format!("the reaction {}, which is no emoji here", reaction.emoji));
                continue;
            };
            let mut people = Vec::new();
            for user in &reaction.users {
                let person = self.people.person(self.chat, user).await?;
                people.extend(person.map(|person| person.id).filter(|user| !people.contains(user)));
            }
            if let Some(same) = all.iter_mut().find(|other| other.emoji == emoji) {
                people.retain(|user| !same.people.contains(user));
                same.people.append(&mut people);
            } else if all.len() < REACTIONS {
                all.push(wire::Reaction { emoji, people });
            } else {
                state.leave_out(name, &format!("a message has at most {REACTIONS} different reactions"));
            }
        }
        all.retain(|reaction| !reaction.people.is_empty());
        Ok(all)
    }

    /// Enqueues the parts of a message, the first one with its files and reactions.
    async fn send(
        &mut self,
        entry: Entry,
        message: Message,
        files: MessageFiles,
        name: String,
        state: &mut ImportState,
    ) -> Result<(), Error> {
        let Some(place) = self.place(state).await? else { return Ok(()) };
        place.last_at = message.at;
        let (unlisted, members) = (place.unlisted.take(), place.members.clone());
        let topic = Topic::of(place.conversation);
        let mut parts = self.parts(entry.text, &files.links, &members).await?;
        if parts.is_empty() && (!files.attachments.is_empty() || message.deleted_by.is_some()) {
            parts.push((String::new(), RichText::default()));
        }
        if parts.is_empty() {
            if let (Some(place), Some(users)) = (self.place(state).await?, unlisted) {
                place.unlisted = Some(users);
            }
            state.leave_out(&name, "it has nothing to show");
            return Ok(());
        }
        let mut creation = unlisted.and_then(|users| self.direct_creation(&users));
        let (first, owner) = (message.id.clone(), message.author.id);
        for (number, (text, body)) in parts.into_iter().enumerate() {
            let id = match number {
                0 => Some(message.id.clone()),
                _ => send_id(self.format.as_str(), &entry.conversation, &entry.id, number + 1),
            };
            let Some(id) = id else { continue };
            let attachments = if number == 0 { &files.attachments[..] } else { &[] };
            let draft = message.draft(&topic, id, text, body, attachments);
            let write = match (creation.take(), &message.recipients) {
                (Some(creation), _) => LogWrite::PostFirst { draft, creation },
                (None, None) => LogWrite::Post(draft),
                (None, Some(people)) => {
                    // Those who have left the group since read it no more.
                    let users = people.iter().map(|person| person.id).collect();
                    let recipients = Recipients::Inherited(users);
                    LogWrite::PostRestricted(RestrictedDraft { draft, recipients })
                }
            };
            let ids: Vec<_> = attachments.iter().map(|file| file.id).collect();
            let write = match ids.is_empty() {
                true => write,
                false => LogWrite::WithFiles(Box::new(WithFiles { message: write, files: ids.clone() })),
            };
            let commit = self.chat.enqueue(&self.owner_caller(), write).await?;
            self.pending.push(Pending { place: name.clone(), files: ids, commit, counts: number == 0 });
        }
        if entry.pinned {
            self.settle(state).await?;
            self.pin(&topic, owner, &first, message.at).await?;
        }
        Ok(())
    }

    /// Returns the listing of a direct for both its users, with an entry for each now: their logs go on.
    fn direct_creation(&self, [one, other]: &[Person; 2]) -> Option<DirectCreation> {
        let now = self.chat.clock.now();
        let told = |to: &Person, of: &Person| {
            let added = Event::DirectAdded { person: of.clone() };
            self.chat.draft_news(Topic::user(to.id), of.id, &added, now)
        };
        let pair = wire::Pair::of(one.id, other.id)?;
        Some(DirectCreation { pair, news: vec![told(one, other), told(other, one)] })
    }

    /// Pins a message, by the application and at the time of the message.
    async fn pin(&self, topic: &Topic, author: UserId, id: &SendId, at: Timestamp) -> Result<(), Error> {
        let reader = self.chat.store.reader(self.application);
        let Some(sent) = reader.sent(Sender::User(author), id).await? else { return Ok(()) };
        let Some(conversation) = topic.conversation() else { return Ok(()) };
        let by = self.owner.clone();
        let event = Event::Pinned { target: sent.seq, on: true, by: by.clone() };
        let now = self.chat.monotonic.now();
        let right = Permission { conversation, user: by.id, to: PermissionTo::Manage, now };
        let news = self.chat.draft(topic.clone(), by.id, Json::of(&event), at);
        let news = Draft { right: Some(right), about: Some(sent.seq), is_row: false, ..news };
        let amend = Amend {
            target: sent.seq,
            by,
            amendment: Amendment::Pin(true),
            body: RichText::default(),
            mentions: None,
            version: None,
            news,
        };
        self.chat.commit_in(self.application, amend).await.map(|_| ())
    }
}

impl Message {
    fn draft(
        &self,
        topic: &Topic,
        id: SendId,
        text: String,
        body: RichText,
        files: &[wire::Attachment],
    ) -> Draft {
        let is_first = id == self.id;
        let quote = self.quote.clone().filter(|_| is_first);
        let about: Option<Seq> = quote.as_ref().map(|quote| quote.seq);
        let mut event = Event::message(self.author.clone(), text, body, quote);
        if let Event::Message { edited, reactions, attachments, bot, recipients, .. } = &mut event {
            (*edited, *bot, *recipients) =
                (self.edited, self.is_bot, self.recipients.clone().unwrap_or_default());
            if is_first {
                (*reactions, *attachments) = (self.reactions.clone(), files.to_vec());
            }
        }
        if let Some(by) = self.deleted_by.clone() {
            event = Event::Tombstone { author: self.author.clone(), by };
        }
        Draft {
            // The id alone says what it is, whatever becomes of its text.
            body: hash(topic, format!("import {id}").as_bytes()),
            topic: topic.clone(),
            sender: Sender::User(self.author.id),
            id,
            data: Json::of(&event),
            at: self.at,
            right: None,
            about,
            counts: false,
            is_row: true,
            mentions: Mentions::default(),
            ends: Ends::Nobody,
        }
    }
}

/// Returns the emoji of a reaction: one that is written, or the short name of one, with or without a tone of skin.
fn known_emoji(name: &str) -> Option<Emoji> {
    let (name, _tone) = name.split_once("::").unwrap_or((name, ""));
    let written = shortcodes::named_emoji(name).unwrap_or(name);
    Emoji::new(written).ok().and_then(|found| emoji::canonical(&found).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reaction_is_known_by_its_short_name_or_by_itself() {
        let known = |name| known_emoji(name).map(|emoji| emoji.as_str().to_owned());
        assert_eq!(known("tea").as_deref(), Some("🍵"));
        assert_eq!(known("+1::skin-tone-3"), known("👍"));
        assert!(known("👍").is_some());
        assert_eq!(known("our_own_logo"), None);
        assert_eq!(known(""), None);
    }
}
