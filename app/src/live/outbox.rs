use serde::{Deserialize, Serialize};
use wire::{SendId, Timestamp, Topic};

/// What was written and is not committed yet, in the order it was written. It survives a reload as JSON.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Outbox {
    letters: Vec<Letter>,
}

/// One message on its way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Letter {
    pub(super) topic: Topic,
    pub(super) id: SendId,
    pub(super) text: String,
    pub(super) at: Timestamp,
    #[serde(default)]
    pub(super) refused: Option<String>,
    /// Whether it was handed to the socket that is open now.
    #[serde(skip)]
    sent: bool,
}

impl Letter {
    pub(super) const fn new(topic: Topic, id: SendId, text: String, at: Timestamp) -> Self {
        Self { topic, id, text, at, refused: None, sent: false }
    }
}

impl Outbox {
    /// Reads what was kept; anything else is an empty outbox.
    pub(super) fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// What to keep; empty if there is nothing.
    pub(super) fn write(&self) -> String {
        if self.letters.is_empty() { String::new() } else { serde_json::to_string(self).unwrap_or_default() }
    }

    pub(super) fn add(&mut self, letter: Letter) {
        if !self.letters.iter().any(|other| other.id == letter.id) {
            self.letters.push(letter);
        }
    }

    pub(super) fn remove(&mut self, id: &SendId) -> bool {
        let before = self.letters.len();
        self.letters.retain(|letter| letter.id != *id);
        self.letters.len() != before
    }

    pub(super) fn of<'a>(&'a self, topic: &'a Topic) -> impl Iterator<Item = &'a Letter> {
        self.letters.iter().filter(move |letter| letter.topic == *topic)
    }

    pub(super) fn get(&self, id: &SendId) -> Option<&Letter> {
        self.letters.iter().find(|letter| letter.id == *id)
    }

    /// Hands out what this socket has not been given.
    pub(super) fn take_unsent(&mut self) -> Vec<Letter> {
        let unsent = self.letters.iter_mut().filter(|letter| !letter.sent && letter.refused.is_none());
        unsent
            .map(|letter| {
                letter.sent = true;
                letter.clone()
            })
            .collect()
    }

    /// The socket is gone: nobody knows what became of what it was given, so all of it goes again.
    pub(super) fn all_unsent(&mut self) {
        for letter in &mut self.letters {
            letter.sent = false;
        }
    }

    /// It was refused: for now (no sentence), or until its writer decides.
    pub(super) fn refuse(&mut self, id: &SendId, sentence: Option<String>) {
        for letter in self.letters.iter_mut().filter(|letter| letter.id == *id) {
            letter.sent = false;
            letter.refused = sentence.clone();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(id: &str) -> Letter {
        Letter::new(Topic::new("a").unwrap(), SendId::new(id).unwrap(), id.into(), Timestamp(0))
    }

    fn ids(letters: &[Letter]) -> Vec<&str> {
        letters.iter().map(|letter| letter.id.as_str()).collect()
    }

    #[test]
    fn a_new_socket_is_given_everything_again_in_order() {
        let mut outbox = Outbox::default();
        for id in ["1", "2", "2", "3"] {
            outbox.add(letter(id));
        }
        assert_eq!(ids(&outbox.take_unsent()), ["1", "2", "3"]);
        assert!(outbox.take_unsent().is_empty());
        assert!(outbox.remove(&SendId::new("2").unwrap()));
        outbox.all_unsent();
        assert_eq!(ids(&outbox.take_unsent()), ["1", "3"]);
    }

    #[test]
    fn what_was_refused_waits_for_its_writer_also_after_a_reload() {
        let mut outbox = Outbox::default();
        outbox.add(letter("1"));
        outbox.add(letter("2"));
        outbox.refuse(&SendId::new("1").unwrap(), Some("Too long.".into()));
        let mut outbox = Outbox::read(&outbox.write());
        assert_eq!(ids(&outbox.take_unsent()), ["2"]);
        outbox.refuse(&SendId::new("1").unwrap(), None);
        assert_eq!(ids(&outbox.take_unsent()), ["1"]);
    }

    #[test]
    fn a_damaged_outbox_is_an_empty_one() {
        for bad in ["", "{", "[{}]", "null"] {
            assert_eq!(Outbox::read(bad), Outbox::default(), "{bad:?}");
        }
        assert_eq!(Outbox::default().write(), "");
    }
}
