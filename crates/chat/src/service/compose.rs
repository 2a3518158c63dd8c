//! Composing: the draft of a message, and the hash by which a repeat of it is known.

use sha2::{Digest, Sha256};
use wire::limits::TEXT_BYTES;
use wire::{
    Attachment, Event, Json, NewAttachment, Person, Quote, Refusal, RichText, SendId, Seq, Timestamp, Topic,
    UserId, has_visible_text,
};

use crate::ports::store::{BodyHash, Draft, Ends, Mentions, Permission, Recipients, Sender};

/// A message that is ready to be sent.
pub(super) struct Composition {
    /// The text, [tidy].
    pub(super) text: String,
    /// The same as a tree.
    pub(super) body: RichText,
    /// The users whom it mentions.
    pub(super) mentions: Mentions,
    /// The message that it answers.
    pub(super) reply_to: Option<Seq>,
    /// The quote of that message, if it can be read.
    pub(super) quote: Option<Quote>,
    /// The recipients, if not everyone reads it, and as they are shown.
    pub(super) restricted: Option<(Recipients, Vec<Person>)>,
    /// Its files.
    pub(super) attachments: Vec<Attachment>,
    /// True if its author is a bot.
    pub(super) is_bot: bool,
}

impl Composition {
    /// Returns the draft of the message, by an author with a permission, and its recipients.
    pub(super) fn draft(
        self,
        author: &Person,
        right: Permission,
        id: SendId,
        at: Timestamp,
    ) -> (Draft, Option<Recipients>) {
        let Self { text, body, mentions, reply_to, quote, restricted, attachments, is_bot } = self;
        let topic = Topic::of(right.conversation);
        let mut meant = reply_to.map_or_else(|| text.clone(), |seq| format!("reply {seq}\0{text}"));
        if let Some((Recipients::Chosen(users), _)) = &restricted {
            let users: Vec<String> = users.iter().map(UserId::to_string).collect();
            meant = format!("to {}\0{meant}", users.join(" "));
        }
        if !attachments.is_empty() {
            let files = attachments.iter().map(|attachment| (attachment.id, &attachment.alt));
            let files = Json::of(&files.collect::<Vec<_>>());
            meant = format!("files {}\0{meant}", files.as_str());
        }
        let mut event = Event::message(author.clone(), text, body, quote);
        if let Event::Message { attachments: files, bot, .. } = &mut event {
            (*files, *bot) = (attachments, is_bot);
        }
        let recipients = restricted.map(|(recipients, people)| {
            if let Event::Message { recipients, .. } = &mut event {
                *recipients = people;
            }
            recipients
        });
        let draft = Draft {
            body: hash(&topic, meant.as_bytes()),
            topic,
            sender: Sender::User(author.id),
            id,
            data: Json::of(&event),
            at,
            right: Some(right),
            about: reply_to,
            counts: true,
            is_row: true,
            mentions,
            ends: Ends::Nobody,
        };
        (draft, recipients)
    }
}

/// Returns the text with one kind of line break, no space around it, and no control characters but tabs. A text
/// without anything visible counts as empty.
pub(super) fn tidy(text: &str) -> Result<String, Refusal> {
    if text.len() > TEXT_BYTES {
        return Err(Refusal::TextTooLong);
    }
    let text = text.replace("\r\n", "\n");
    let text: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    let text = text.trim_end().trim_start_matches(['\n', '\r']);
    if !has_visible_text(text) { Err(Refusal::TextEmpty) } else { Ok(text.to_owned()) }
}

/// As [`tidy`], for a message with attachments: then the text may be empty.
pub(super) fn tidy_beside(text: &str, attachments: &[NewAttachment]) -> Result<String, Refusal> {
    match tidy(text) {
        Err(Refusal::TextEmpty) if !attachments.is_empty() => Ok(String::new()),
        tidied => tidied,
    }
}

pub(super) fn hash(topic: &Topic, body: &[u8]) -> BodyHash {
    let mut sha = Sha256::new();
    sha.update(topic.as_str());
    // A topic has no control characters, so no two pairs of topic and body run together.
    sha.update([0]);
    sha.update(body);
    let digest: [u8; 32] = sha.finalize().into();
    let mut first = [0; 16];
    first.copy_from_slice(&digest[..16]);
    BodyHash(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_loses_what_nobody_sees() {
        assert_eq!(tidy("\r\n  indented\r\nnext\u{0}\u{7}  \n"), Ok("  indented\nnext".into()));
        for empty in
            ["", "  ", "\n\t\n", "\u{0}", "\u{200b}", "\u{2800}\n\u{3164}", "\u{fe0f}\u{ad}", "\u{e0041}"]
        {
            assert_eq!(tidy(empty), Err(Refusal::TextEmpty));
        }
        assert!(tidy(&"x".repeat(TEXT_BYTES)).is_ok());
        assert_eq!(tidy(&"x".repeat(TEXT_BYTES + 1)), Err(Refusal::TextTooLong));
    }
}
