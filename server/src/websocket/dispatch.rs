//! Dispatch of actions to calls on [`chat::Chat`].

use std::sync::Arc;

use chat::{Error, OutgoingMessage, PendingSend};
use wire::{Action, ClientFrame, Ref, ServerFrame, Topic};

use super::connection::Connection;
use super::replies;
use super::stream::Stream;

/// The actions of client frames. Every decision is [`chat::Chat`]'s; here are only calls and answers.
impl<S: Stream> Connection<S> {
    pub(super) async fn carry_out(&mut self, request: ClientFrame) {
        let ClientFrame { action, reference } = request;
        let chat = Arc::clone(&self.chat);
        match action {
            // The connection itself does it, before it is served.
            Action::Authenticate { .. } => {}
            Action::Ping => self.say(&ServerFrame::Pong { reference }),
            Action::Subscribe { topic, since } => {
                // The answer is sent before the entries after its cursor.
                self.reader.pause();
                let begun = chat.subscribe(&mut self.reader, &self.caller, &topic, since).await;
                let (answer, reset) = replies::subscribed(topic, begun, reference);
                self.say(&answer);
                if let Some(reset) = reset {
                    self.say(&reset);
                }
                self.reader.resume();
            }
            Action::Unsubscribe { topic } => self.unsubscribe(topic, reference),
            Action::Post { topic, id, text, reply_to, recipients, attachments } => {
                let message = OutgoingMessage {
                    id: &id,
                    text: &text,
                    reply_to,
                    recipients: recipients.as_deref(),
                    attachments: &attachments,
                };
                let begun = chat.begin_message(&self.caller, topic, message).await;
                self.answer_later(begun, reference);
            }
            Action::Amend { topic, id, target, amendment } => {
                let caller = self.caller.clone();
                self.pending_acks.push(async move {
                    let amended = chat.amend(&caller, &topic, id, target, amendment).await;
                    replies::sent(amended, reference)
                });
            }
            Action::Read { topic, seq, back } => {
                let read = chat.set_read(&self.caller, &topic, seq, back).await;
                self.only_refusals(read, reference);
            }
            Action::Delivered { topic, seq } => {
                let delivered = chat.confirm_delivered(&self.caller, &topic, seq).await;
                self.only_refusals(delivered, reference);
            }
            Action::Marks { topic } => {
                let marks = chat.read_states(&self.caller, &topic).await;
                match marks {
                    Ok(marks) => self.say(&ServerFrame::Marks { topic, marks, reference }),
                    Err(no) => self.say(&replies::refused(&no, reference)),
                }
            }
            Action::Receipts { topic, seq } => match chat.receipts(&self.caller, &topic, seq).await {
                Ok(recipients) => {
                    let recipients = recipients.into_iter().map(|recipient| recipient.receipt).collect();
                    self.say(&ServerFrame::Receipts { topic, seq, recipients, reference });
                }
                Err(no) => self.say(&replies::refused(&no, reference)),
            },
            Action::Unread { topic } => {
                let asked = reference.clone();
                let unread = chat.unread(&self.caller, &topic, asked).await;
                match unread {
                    Ok(unread) => self.say(&unread),
                    Err(no) => self.say(&replies::refused(&no, reference)),
                }
            }
            Action::Presence { away } => self.reader.set_idle(away),
            Action::Typing { topic } => {
                let typing = chat.typing(&self.caller, &topic).await;
                self.only_refusals(typing, reference);
            }
            Action::Publish { topic, id, data } => {
                let begun = chat.begin_publish(&self.caller, topic, id, data).await;
                self.answer_later(begun, reference);
            }
        }
    }

    /// Answers a call only if it was refused, where success needs no answer.
    fn only_refusals(&self, done: Result<(), Error>, reference: Option<Ref>) {
        if let Err(no) = done {
            self.say(&replies::refused(&no, reference));
        }
    }

    /// Acknowledges a send once it is committed, after earlier pending_acks.
    fn answer_later(&mut self, begun: Result<PendingSend, Error>, reference: Option<Ref>) {
        let chat = Arc::clone(&self.chat);
        self.pending_acks.push(async move {
            let sent = match begun {
                Ok(sending) => chat.finish(sending).await,
                Err(no) => Err(no),
            };
            replies::sent(sent, reference)
        });
    }

    fn unsubscribe(&mut self, topic: Topic, reference: Option<Ref>) {
        // Unsubscribing from a topic without a subscription changes nothing and is no error.
        self.reader.unsubscribe(&self.caller.log(topic.clone()));
        self.say(&ServerFrame::Unsubscribed { topic, refused: None, reference });
    }
}
