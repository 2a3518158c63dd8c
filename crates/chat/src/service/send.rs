//! Sending: messages to conversations and JSON to open topics.

use wire::{
    Conversation, Event, FileId, Json, NewAttachment, Pair, Person, Quote, Refusal, SendId, Seq, Timestamp,
    Topic, UserId,
};

use super::compose::{Composition, hash, tidy_beside};
use super::parsing::is_long;
use super::permissions::{Act, may_publish, viewer};
use crate::auth::caller::Caller;
use crate::auth::network::Network;
use crate::chat::{Ack, Chat};
use crate::commit::committer::PendingCommit;
use crate::ports::store::{
    DirectCreation, Draft, Ends, LogOutcome, LogWrite, MembershipState, Mentions, OpenTopicBounds,
    Permission, PermissionTo, Recipients, Restricted, RestrictedDraft, Sender, WithFiles, event_of,
    is_placeholder,
};
use crate::rules::{self, Audience};
use crate::service::error::Error;

/// A message to be sent.
#[derive(Clone, Copy, Debug)]
pub struct OutgoingMessage<'a> {
    /// The sender's id for it.
    pub id: &'a SendId,
    /// The text, Markdown; it may be empty if there are attachments.
    pub text: &'a str,
    /// The message that it answers.
    pub reply_to: Option<Seq>,
    /// The only readers besides the author; none if every member reads it.
    pub recipients: Option<&'a [UserId]>,
    /// The files of the author that it takes.
    pub attachments: &'a [NewAttachment],
}

/// A send that has its turn: a later one of the same caller gets a later Seq.
pub struct PendingSend {
    commit: PendingCommit<LogWrite>,
    id: SendId,
    topic: Topic,
    at: Timestamp,
}

/// Sending. Each kind has a first half that waits for its turn, and [`Chat::finish`] waits for the commit; a caller
/// with many messages begins them one after the other and need not wait for each.
impl Chat {
    /// Sends a message to a conversation. The same id with the same text is the same message, in any number of
    /// retries.
    ///
    /// # Errors
    /// [`Refusal::TextEmpty`], [`Refusal::TextTooLong`], [`Refusal::TooFast`], [`Refusal::NotMember`],
    /// [`Refusal::NotFound`], [`Refusal::SendIdTaken`].
    pub async fn post(
        &self,
        caller: &Caller,
        topic: Topic,
        id: SendId,
        text: &str,
        reply_to: Option<Seq>,
    ) -> Result<Ack, Error> {
        self.post_to(caller, topic, id, text, reply_to, None).await
    }

    /// The first half of [`Chat::post`].
    ///
    /// # Errors
    /// Those that are known before the commit.
    pub async fn begin_post(
        &self,
        caller: &Caller,
        topic: Topic,
        id: SendId,
        text: &str,
        reply_to: Option<Seq>,
    ) -> Result<PendingSend, Error> {
        let message = OutgoingMessage { id: &id, text, reply_to, recipients: None, attachments: &[] };
        self.begin_message(caller, topic, message).await
    }

    /// Sends a message to some members of a group: nobody else ever reads it. A reply to such a message goes to its
    /// readers, or to some of them.
    ///
    /// # Errors
    /// Those of [`Chat::post`], [`Refusal::RecipientsBad`], [`Refusal::RecipientsNotMembers`],
    /// [`Refusal::ReplyRestricted`].
    pub async fn post_to(
        &self,
        caller: &Caller,
        topic: Topic,
        id: SendId,
        text: &str,
        reply_to: Option<Seq>,
        recipients: Option<&[UserId]>,
    ) -> Result<Ack, Error> {
        let message = OutgoingMessage { id: &id, text, reply_to, recipients, attachments: &[] };
        let sending = self.begin_message(caller, topic, message).await?;
        self.finish(sending).await
    }

    /// The first half of sending a message, as [`Chat::post_to`] does, with files of the sender.
    ///
    /// # Errors
    /// Those that are known before the commit, and [`Refusal::AttachmentsBad`], [`Refusal::AttachmentMissing`].
    pub async fn begin_message(
        &self,
        caller: &Caller,
        topic: Topic,
        message: OutgoingMessage<'_>,
    ) -> Result<PendingSend, Error> {
        self.is_in_scope(caller, &topic, Act::Write).await?;
        let me = caller.scoped_actor()?;
        topic.conversation().ok_or(Refusal::NotFound)?;
        let text = tidy_beside(message.text, message.attachments)?;
        self.take_send(caller, me.id)?;
        self.begin_admitted(caller, topic, OutgoingMessage { text: &text, ..message }).await
    }

    /// As [`Chat::begin_message`], for a text that is tidy, after the scope and the rate limit.
    pub(super) async fn begin_admitted(
        &self,
        caller: &Caller,
        topic: Topic,
        message: OutgoingMessage<'_>,
    ) -> Result<PendingSend, Error> {
        let OutgoingMessage { id, text, reply_to, recipients, attachments } = message;
        let me = caller.scoped_actor()?;
        let conversation = topic.conversation().ok_or(Refusal::NotFound)?;
        let now = self.clock.now();
        let creation = match conversation {
            Conversation::Direct(pair) if caller.owner().is_none() => {
                self.first_message(caller, pair, now).await?
            }
            Conversation::Direct(_) | Conversation::Group(_) => None,
        };
        let to = if caller.owner().is_some() { PermissionTo::Manage } else { PermissionTo::Speak };
        let right = Permission { conversation, user: me.id, to, now: self.monotonic.now() };
        let (quote, audience) = match reply_to {
            Some(seq) => self.quote(caller, conversation, &topic, seq).await?,
            None => (None, None),
        };
        let restricted = self.restricted_to(caller, id, right, recipients, audience.as_ref()).await?;
        let attachments = self.attachments(caller, attachments).await?;
        if is_long(text) {
            right.check(self.reader(caller).standing(conversation, me.id).await?.as_ref())?;
        }
        let (body, mentions) = self.read_text(caller, conversation, text).await?;
        self.typing.forget(&caller.log(topic.clone()), me.id);
        let files = attachments.iter().map(|attachment| attachment.id).collect();
        let text = text.to_owned();
        let composition =
            Composition { text, body, mentions, reply_to, quote, restricted, attachments, is_bot: false };
        let (draft, recipients) = composition.draft(me, right, id.clone(), now);
        let (id, topic, at) = (draft.id.clone(), draft.topic.clone(), draft.at);
        let write = match (recipients, creation) {
            (Some(recipients), _) => LogWrite::PostRestricted(RestrictedDraft { draft, recipients }),
            (None, Some(creation)) => LogWrite::PostFirst { draft, creation },
            (None, None) => LogWrite::Post(draft),
        };
        let write = with_files(write, files);
        Ok(PendingSend { commit: self.enqueue(caller, write).await?, id, topic, at })
    }

    /// Decides who gets a message, if not everyone does: the recipients without the author, and as they are shown.
    async fn restricted_to(
        &self,
        caller: &Caller,
        id: &SendId,
        right: Permission,
        chosen: Option<&[UserId]>,
        answered: Option<&Audience>,
    ) -> Result<Option<(Recipients, Vec<Person>)>, Error> {
        let me = caller.scoped_actor()?.id;
        let recipients = match (chosen, answered) {
            (None, None) => return Ok(None),
            (Some(chosen), answered) => {
                let chosen = rules::recipients(me, chosen)?;
                if let Some(audience) = answered {
                    audience.may_answer(viewer(caller), &chosen)?;
                }
                Recipients::Chosen(chosen)
            }
            (None, Some(audience)) => {
                Recipients::Inherited(audience.users().iter().copied().filter(|user| *user != me).collect())
            }
        };
        let Conversation::Group(group) = right.conversation else {
            return Err(Refusal::RecipientsBad.into());
        };
        // The commit answers a repeat as it did the first time, whatever has changed since, and checks a new message
        // again. Someone who may not speak learns nothing about the members.
        let is_repeat = self.reader(caller).sent(Sender::User(me), id).await?.is_some();
        if !is_repeat {
            right.check(self.reader(caller).standing(right.conversation, me).await?.as_ref())?;
        }
        let roster = self.reader(caller).roster(group).await?.ok_or(Refusal::NotFound)?;
        let (mut people, mut missing) = (Vec::new(), Vec::new());
        for user in recipients.users() {
            match roster.member(*user) {
                Some(member) => people.push(member.person.clone()),
                None => missing.push(*user),
            }
        }
        if !is_repeat && matches!(recipients, Recipients::Chosen(_)) && !missing.is_empty() {
            let mut names = Vec::new();
            for user in missing {
                let person = self.reader(caller).person(user).await?;
                names.push(person.map_or_else(|| user.to_string(), |person| person.name.to_string()));
            }
            return Err(rules::not_members(names).into());
        }
        Ok(Some((recipients, people)))
    }

    /// Applies the rate limits for sending: those of the token and of the user.
    pub(super) fn take_send(&self, caller: &Caller, by: UserId) -> Result<(), Refusal> {
        let now = self.monotonic.now();
        if let Some(token) = caller.api_token {
            self.token_sends.take(token, now)?;
        }
        if caller.owner().is_none() {
            self.send_rate.take(caller.key(by), now)?;
        }
        Ok(())
    }

    /// Returns the creation of a direct if a message would be its first.
    async fn first_message(
        &self,
        caller: &Caller,
        pair: Pair,
        now: Timestamp,
    ) -> Result<Option<DirectCreation>, Error> {
        let me = caller.scoped_user()?;
        let standing = self.reader(caller).standing(Conversation::Direct(pair), me.id).await?;
        rules::may_speak(standing.as_ref(), self.monotonic.now())?;
        self.direct_creation(caller, pair, standing.as_ref(), now).await
    }

    /// Returns the creation of a direct for its first message; none if it is listed.
    pub(super) async fn direct_creation(
        &self,
        caller: &Caller,
        pair: Pair,
        standing: Option<&MembershipState>,
        now: Timestamp,
    ) -> Result<Option<DirectCreation>, Error> {
        let me = caller.scoped_user()?;
        if standing.is_some_and(|standing| standing.listed) {
            return Ok(None);
        }
        let other = self.reader(caller).person(pair.other(me.id)).await?.ok_or(Refusal::NotFound)?;
        self.may_meet(caller, other.id).await?;
        let told = |to: &Person, of: &Person| {
            self.draft_news(Topic::user(to.id), me.id, &Event::DirectAdded { person: of.clone() }, now)
        };
        let news = vec![told(&other, me), told(me, &other)];
        Ok(Some(DirectCreation { pair, news }))
    }

    /// Returns the quote of a reply, and the audience of the message that it answers if not everyone reads that. The
    /// quote is none if the message is gone, or not readable for this user.
    async fn quote(
        &self,
        caller: &Caller,
        conversation: Conversation,
        topic: &Topic,
        seq: Seq,
    ) -> Result<(Option<Quote>, Option<Audience>), Error> {
        if caller.owner().is_none() {
            let me = caller.scoped_user()?;
            let standing = self.reader(caller).standing(conversation, me.id).await?;
            if standing.and_then(|standing| standing.role).is_none() {
                return Ok((None, None));
            }
        }
        let Some(kept) = self.reader(caller).kept(topic, seq).await? else { return Ok((None, None)) };
        let (data, audience) = if is_placeholder(&kept.entry.data) {
            let restricted = self.reader(caller).restricted(topic, seq).await?;
            let Restricted { entry, audience, .. } = restricted.ok_or(Refusal::ReplyRestricted)?;
            if !audience.admits(viewer(caller)) {
                return Err(Refusal::ReplyRestricted.into());
            }
            (entry.data, Some(audience))
        } else {
            (kept.entry.data, None)
        };
        let Event::Message { author, body, attachments, .. } = event_of(&data) else {
            return Ok((None, audience));
        };
        Ok((Some(Quote::of(seq, author, &body, &attachments)), audience))
    }

    /// Publishes any JSON to an open topic. Without an id of the caller it gets a random one.
    ///
    /// # Errors
    /// [`Refusal::TopicReserved`], [`Refusal::TokenNeeded`], [`Refusal::SendIdTaken`], [`Refusal::TooFast`],
    /// [`Refusal::TooManyOpenTopics`], [`Refusal::OpenTopicsFull`].
    pub async fn publish(
        &self,
        caller: &Caller,
        topic: Topic,
        id: Option<SendId>,
        data: Json,
    ) -> Result<Ack, Error> {
        let sending = self.begin_publish(caller, topic, id, data).await?;
        self.finish(sending).await
    }

    /// The first half of [`Chat::publish`].
    ///
    /// # Errors
    /// Those that are known before the commit.
    pub async fn begin_publish(
        &self,
        caller: &Caller,
        topic: Topic,
        id: Option<SendId>,
        data: Json,
    ) -> Result<PendingSend, Error> {
        self.is_in_scope(caller, &topic, Act::Write).await?;
        may_publish(caller, &topic)?;
        if let Some(token) = caller.api_token {
            self.token_sends.take(token, self.monotonic.now())?;
        } else if let Some(from) = caller.from {
            self.publishing.take((caller.application, Network::of(from)), self.monotonic.now())?;
        }
        let id = id.unwrap_or_else(|| self.new_send_id());
        let body = hash(&topic, data.as_str().as_bytes());
        let draft = Draft {
            topic,
            sender: Sender::Open,
            id,
            body,
            data,
            at: self.clock.now(),
            right: None,
            about: None,
            counts: false,
            is_row: false,
            mentions: Mentions::default(),
            ends: Ends::Nobody,
        };
        let bounds =
            OpenTopicBounds { topics: self.limits.open_topics, bytes: self.limits.open_topics_bytes };
        let (id, topic, at) = (draft.id.clone(), draft.topic.clone(), draft.at);
        Ok(PendingSend {
            commit: self.enqueue(caller, LogWrite::Publish { draft, bounds }).await?,
            id,
            topic,
            at,
        })
    }

    /// Waits until a send is committed.
    ///
    /// # Errors
    /// Those that only the commit can determine.
    pub async fn finish(&self, sending: PendingSend) -> Result<Ack, Error> {
        let PendingSend { commit, id, topic, at } = sending;
        let (seq, timestamp, duplicate) = match commit.outcome().await? {
            LogOutcome::Posted { seq } => (seq, at, false),
            LogOutcome::Repeated { seq, at } => (seq, at, true),
            LogOutcome::SendIdTaken => return Err(Refusal::SendIdTaken.into()),
            LogOutcome::Refused(refusal) => return Err(refusal.into()),
        };
        Ok(Ack { id, topic, seq, timestamp, duplicate })
    }

    /// Returns a fresh id, for a sender that cannot make one: 32 bits of time, in steps of 16 ms, and 48 random bits.
    /// Ids of the same moment are neighbours in an index, so that a commit writes few pages.
    #[must_use]
    pub fn new_send_id(&self) -> SendId {
        let [.., a, b, c, d] = (self.clock.now().0 >> 4).to_be_bytes();
        let [e, f, g, h, i, j] = self.random();
        SendId::from_bytes([a, b, c, d, e, f, g, h, i, j])
    }
}

/// Returns the write of a message that takes files.
fn with_files(message: LogWrite, files: Vec<FileId>) -> LogWrite {
    if files.is_empty() { message } else { LogWrite::WithFiles(Box::new(WithFiles { message, files })) }
}
