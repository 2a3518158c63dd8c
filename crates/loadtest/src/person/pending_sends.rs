//! The messages of a person: those that are still to be sent, and those without an answer.

use wire::Seq;

/// The action of a pending send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Sends a message.
    Say,
    /// Edits an earlier message of the person's own.
    Edit(Seq),
    /// Reacts to somebody else's message.
    React(Seq),
}

/// A pending send: a message, an edit or a reaction.
#[derive(Clone, Debug)]
pub(crate) struct PendingSend {
    pub(crate) id: String,
    /// Its number among the messages of the person.
    pub(crate) number: u64,
    /// The text of the message or of the edit.
    pub(crate) text: String,
    pub(crate) operation: Operation,
    /// True if it was sent more than once. A refusal then says nothing of the earlier attempt.
    pub(crate) is_repeated: bool,
}

impl PendingSend {
    /// Returns the text that the record and the log compare: the message, or the kind of the amendment.
    pub(crate) fn body(&self) -> String {
        match self.operation {
            Operation::Say => self.text.clone(),
            Operation::Edit(_) => "edited".into(),
            Operation::React(_) => "reacted".into(),
        }
    }
}

/// The messages that are still to be sent, and those without an answer.
#[derive(Debug)]
pub(crate) struct PendingSends {
    name: String,
    /// The number of messages that are still to be begun; none for no end.
    left: Option<usize>,
    next: u64,
    /// Messages that were sent and not acknowledged; they are sent again over the next socket.
    unanswered: Vec<PendingSend>,
}

impl PendingSends {
    pub(super) fn new(name: &str, count: Option<usize>) -> Self {
        Self { name: name.into(), left: count, next: 0, unanswered: Vec::new() }
    }

    /// Returns the next message; none after the last one.
    pub(super) fn next(&mut self) -> Option<PendingSend> {
        match &mut self.left {
            Some(0) => return None,
            Some(left) => *left -= 1,
            None => {}
        }
        let (name, number) = (&self.name, self.next);
        self.next += 1;
        let (id, text) = (format!("{name}-{number}"), format!("{name} says {number}"));
        Some(PendingSend { id, number, text, operation: Operation::Say, is_repeated: false })
    }

    /// Notes that a message is sent, or sent again.
    pub(super) fn sent(&mut self, pending: &PendingSend) {
        match self.unanswered.iter_mut().find(|other| other.number == pending.number) {
            Some(again) => again.is_repeated = true,
            None => self.unanswered.push(pending.clone()),
        }
    }

    /// Takes out a message with an answer.
    pub(super) fn answered(&mut self, id: &str) -> Option<PendingSend> {
        let place = self.unanswered.iter().position(|pending| pending.id == id)?;
        Some(self.unanswered.remove(place))
    }

    /// Takes out a message that was refused; another takes its place.
    pub(super) fn refused(&mut self, number: u64) -> Option<PendingSend> {
        let place = self.unanswered.iter().position(|pending| pending.number == number)?;
        self.left = self.left.map(|left| left + 1);
        Some(self.unanswered.remove(place))
    }

    /// Returns a message without an answer.
    pub(super) fn find(&self, number: u64) -> Option<&PendingSend> {
        self.unanswered.iter().find(|pending| pending.number == number)
    }

    pub(super) fn unanswered(&self) -> &[PendingSend] {
        &self.unanswered
    }

    /// Begins no more messages.
    pub(super) fn end(&mut self) {
        self.left = Some(0);
    }

    /// Returns true if everything is sent and answered.
    pub(super) fn is_done(&self) -> bool {
        self.left == Some(0) && self.unanswered.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_message_is_replaced_and_an_answered_one_is_not() {
        let mut pending_sends = PendingSends::new("ann", Some(2));
        let first = pending_sends.next().unwrap();
        pending_sends.sent(&first);
        assert!(!pending_sends.refused(0).unwrap().is_repeated);
        let second = pending_sends.next().unwrap();
        pending_sends.sent(&second);
        pending_sends.sent(&second);
        assert!(pending_sends.answered("ann-1").unwrap().is_repeated);
        assert!(!pending_sends.is_done());
        let third = pending_sends.next().unwrap();
        assert_eq!((third.id.as_str(), pending_sends.next().is_none()), ("ann-2", true));
        pending_sends.sent(&third);
        assert!(pending_sends.answered("ann-2").is_some() && pending_sends.is_done());
    }
}
