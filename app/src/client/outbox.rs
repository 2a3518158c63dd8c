//! The offline outbox: messages that are sent but not acknowledged. It sends them again after a reconnect, and
//! survives a reload.

use serde::{Deserialize, Deserializer, Serialize};
use wire::{Attachment, Quote, Refused, SendId, Timestamp, Topic};

use super::sorted::sorted;

/// The messages that were written and are not committed yet, in the order they were written. They survive a reload:
/// each message is stored by itself, so that those of another tab stay untouched.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Outbox {
    letters: Vec<PendingMessage>,
    /// The messages that changed since they were last stored.
    unkept: Vec<SendId>,
}

/// A message that is not acknowledged yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct PendingMessage {
    pub(super) topic: Topic,
    pub(super) id: SendId,
    pub(super) text: String,
    #[serde(default)]
    pub(super) reply_to: Option<Quote>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) attachments: Vec<Attachment>,
    pub(super) at: Timestamp,
    #[serde(default, deserialize_with = "refused")]
    pub(super) refused: Option<Refused>,
    /// The time at which it was sent over the socket that is open now, in milliseconds since 1970.
    #[serde(skip)]
    sent: Option<f64>,
    /// True if the author was notified that there is no acknowledgement yet.
    #[serde(skip)]
    late: bool,
}

/// The time without an acknowledgement after which the author is notified, in milliseconds.
const LATE: f64 = 4_000.0;

impl PendingMessage {
    pub(super) const fn new(
        topic: Topic,
        id: SendId,
        text: String,
        reply_to: Option<Quote>,
        attachments: Vec<Attachment>,
        at: Timestamp,
    ) -> Self {
        Self { topic, id, text, reply_to, attachments, at, refused: None, sent: None, late: false }
    }
}

/// Reads a refusal. One that another version has stored in its own way is none: the message is sent again.
fn refused<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Refused>, D::Error> {
    Ok(serde_json::from_value(serde_json::Value::deserialize(deserializer)?).ok())
}

impl Outbox {
    /// Restores stored messages; invalid ones are skipped.
    pub(super) fn read(kept: &[String]) -> Self {
        let letters = kept.iter().filter_map(|letter| serde_json::from_slice(letter.as_bytes()).ok());
        Self { letters: sorted(letters, |letter: &PendingMessage| letter.at), unkept: Vec::new() }
    }

    /// Returns the texts to store now, by id; an empty text deletes the stored message.
    pub(super) fn take_unkept(&mut self) -> Vec<(SendId, String)> {
        let unkept = std::mem::take(&mut self.unkept);
        let text = |id: &SendId| {
            self.get(id).and_then(|letter| serde_json::to_string(letter).ok()).unwrap_or_default()
        };
        unkept.into_iter().map(|id| (id.clone(), text(&id))).collect()
    }

    pub(super) fn add(&mut self, letter: PendingMessage) {
        if self.get(&letter.id).is_none() {
            self.unkept.push(letter.id.clone());
            self.letters.push(letter);
        }
    }

    pub(super) fn remove(&mut self, id: &SendId) {
        if self.get(id).is_some() {
            self.letters.retain(|letter| letter.id != *id);
            self.unkept.push(id.clone());
        }
    }

    pub(super) fn of<'a>(&'a self, topic: &'a Topic) -> impl Iterator<Item = &'a PendingMessage> {
        self.letters.iter().filter(move |letter| letter.topic == *topic)
    }

    pub(super) fn get(&self, id: &SendId) -> Option<&PendingMessage> {
        self.letters.iter().find(|letter| letter.id == *id)
    }

    /// Returns the messages that were not sent over this socket, and marks them as sent.
    pub(super) fn take_unsent(&mut self, now: f64) -> Vec<PendingMessage> {
        let unsent =
            self.letters.iter_mut().filter(|letter| letter.sent.is_none() && letter.refused.is_none());
        unsent
            .map(|letter| {
                letter.sent = Some(now);
                letter.clone()
            })
            .collect()
    }

    /// Marks all messages as unsent: the socket is gone and the results of its sends are unknown, so all of them are
    /// sent again.
    pub(super) fn all_unsent(&mut self) {
        for letter in &mut self.letters {
            letter.sent = None;
        }
    }

    /// Returns the messages that have waited too long for an acknowledgement, each once.
    pub(super) fn take_late(&mut self, now: f64) -> Vec<PendingMessage> {
        let is_late =
            |letter: &&mut PendingMessage| !letter.late && letter.sent.is_some_and(|sent| now - sent >= LATE);
        let late = self.letters.iter_mut().filter(is_late).map(|letter| {
            letter.late = true;
            letter.clone()
        });
        late.collect()
    }

    /// Returns the time at which the next message has waited too long.
    pub(super) fn late_at(&self) -> Option<f64> {
        let waiting = self.letters.iter().filter(|letter| !letter.late);
        waiting.filter_map(|letter| letter.sent.map(|sent| sent + LATE)).reduce(f64::min)
    }

    /// Marks a message as refused: until it is retried (none), or until its author decides.
    pub(super) fn refuse(&mut self, id: &SendId, refused: Option<Refused>) {
        for letter in self.letters.iter_mut().filter(|letter| letter.id == *id) {
            (letter.sent, letter.late) = (None, false);
            letter.refused = refused.clone();
            self.unkept.push(id.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(id: &str) -> PendingMessage {
        PendingMessage::new(
            Topic::new("a").unwrap(),
            SendId::new(id).unwrap(),
            id.into(),
            None,
            Vec::new(),
            Timestamp(0),
        )
    }

    fn ids(letters: &[PendingMessage]) -> Vec<&str> {
        letters.iter().map(|letter| letter.id.as_str()).collect()
    }

    fn kept(outbox: &mut Outbox) -> Vec<String> {
        outbox.take_unkept().into_iter().map(|(_, text)| text).filter(|text| !text.is_empty()).collect()
    }

    #[test]
    fn a_new_socket_is_given_everything_again_in_order() {
        let mut outbox = Outbox::default();
        for id in ["1", "2", "2", "3"] {
            outbox.add(letter(id));
        }
        assert_eq!(ids(&outbox.take_unsent(0.0)), ["1", "2", "3"]);
        assert!(outbox.take_unsent(0.0).is_empty());
        outbox.remove(&SendId::new("2").unwrap());
        outbox.all_unsent();
        assert_eq!(ids(&outbox.take_unsent(0.0)), ["1", "3"]);
    }

    #[test]
    fn what_was_refused_waits_for_its_writer_also_after_a_reload() {
        let mut outbox = Outbox::default();
        outbox.add(letter("1"));
        outbox.add(letter("2"));
        outbox.refuse(&SendId::new("1").unwrap(), Some(Refused::by_code("text_too_long")));
        let texts: std::collections::BTreeMap<_, _> = outbox.take_unkept().into_iter().collect();
        let mut outbox = Outbox::read(&texts.into_values().collect::<Vec<_>>());
        assert_eq!(ids(&outbox.take_unsent(0.0)), ["2"]);
        outbox.refuse(&SendId::new("1").unwrap(), None);
        assert_eq!(ids(&outbox.take_unsent(0.0)), ["1"]);
    }

    #[test]
    fn each_letter_is_kept_by_itself_and_forgotten_when_it_is_gone() {
        let mut outbox = Outbox::default();
        outbox.add(letter("1"));
        assert_eq!(kept(&mut outbox).len(), 1);
        assert!(outbox.take_unkept().is_empty(), "nothing is kept twice");
        let one = SendId::new("1").unwrap();
        outbox.remove(&one);
        assert_eq!(outbox.take_unkept(), [(one, String::new())]);
    }

    #[test]
    fn a_letter_nobody_answers_is_late_once() {
        let mut outbox = Outbox::default();
        outbox.add(letter("1"));
        assert_eq!(outbox.late_at(), None, "it is not sent yet");
        outbox.take_unsent(1_000.0);
        assert_eq!(outbox.late_at(), Some(1_000.0 + LATE));
        assert!(outbox.take_late(999.0 + LATE).is_empty());
        assert_eq!(ids(&outbox.take_late(1_000.0 + LATE)), ["1"]);
        assert!(outbox.take_late(9_000.0).is_empty());
        assert_eq!(outbox.late_at(), None);
        outbox.refuse(&SendId::new("1").unwrap(), None);
        assert_eq!(ids(&outbox.take_unsent(9_000.0)), ["1"], "its writer sends it again");
        assert_eq!(outbox.late_at(), Some(9_000.0 + LATE));
    }

    #[test]
    fn a_letter_whose_refusal_cannot_be_read_is_sent_again() {
        let mut outbox = Outbox::default();
        outbox.add(letter("1"));
        let text = kept(&mut outbox).remove(0).replace(r#""refused":null"#, r#""refused":"Too long.""#);
        assert!(text.contains("Too long."));
        assert_eq!(ids(&Outbox::read(&[text]).take_unsent(0.0)), ["1"]);
    }

    #[test]
    fn a_damaged_letter_is_passed_over() {
        let mut outbox = Outbox::default();
        outbox.add(letter("1"));
        let mut texts = kept(&mut outbox);
        texts.extend(["", "{", "[{}]", "null"].map(String::from));
        assert_eq!(ids(&Outbox::read(&texts).take_unsent(0.0)), ["1"]);
    }
}
