//! Implicit creation: the first message to a key that names no conversation creates one, if the application's settings
//! say so.

use std::collections::BTreeSet;

use wire::limits::GROUP_NAME_CHARS;
use wire::{Conversation, GroupId, Member, NewAttachment, Person, Refusal, Role, SendId, Seq, Topic, UserId};

use super::application_room::Limited;
use super::compose::{Composition, tidy_beside};
use super::external_groups::ConversationRef;
use super::external_users::UserRef;
use super::send::OutgoingMessage;
use crate::auth::caller::Caller;
use crate::chat::{Ack, Chat};
use crate::names::ExternalKey;
use crate::ports::store::{
    Draft, Fact, GroupWithMessage, GroupWithMessageOutcome, LogOutcome, Permission, PermissionTo, Recipients,
};
use crate::rules;
use crate::service::error::Error;

/// A message to a conversation that a program names.
#[derive(Clone, Debug)]
pub struct ExternalMessage {
    /// The sender's id for it.
    pub id: SendId,
    /// The text, Markdown.
    pub text: String,
    /// The message that it answers.
    pub reply_to: Option<Seq>,
    /// The only readers besides the author; none if every member reads it.
    pub recipients: Option<Vec<UserRef>>,
    /// The name of the conversation, if the message creates it; none for its key, or the beginning of that.
    pub title: Option<String>,
    /// The users who are members from the beginning, if the message creates the conversation, besides the sender and the
    /// recipients: keys, or `id:` and ids.
    pub members: Vec<String>,
    /// The files of the sender that it takes.
    pub attachments: Vec<NewAttachment>,
}

/// Messages to conversations that programs name.
impl Chat {
    /// Sends a message to a conversation, as [`Chat::post_to`] does. If a key names none, and the settings of the
    /// application allow it, the message creates it in the same commit: the sender, `members` and the recipients are its
    /// members. A user who creates it is its admin.
    ///
    /// # Errors
    /// Those of [`Chat::find_conversation`] and of [`Chat::post_to`]; for the creation those of
    /// [`Chat::create_keyed_group`], of [`rules::may_give_seat`], and [`Refusal::RecipientsNotMembers`] with the names of
    /// members and recipients that nobody has.
    pub async fn post_to_named(
        &self,
        caller: &Caller,
        name: &ConversationRef,
        message: ExternalMessage,
    ) -> Result<Ack, Error> {
        let mut admitted = None;
        loop {
            match self.find_conversation(caller, name).await {
                Ok(conversation) => return self.post_found(caller, conversation, message, admitted).await,
                Err(Error::Refusal(Refusal::NotFound)) => {}
                Err(no) => return Err(no),
            }
            let ConversationRef::Key(key) = name else { return Err(Refusal::NotFound.into()) };
            self.may_create(caller, key).await?;
            let text = match admitted.take() {
                Some(text) => text,
                None => {
                    let (me, text) = (caller.actor()?.id, tidy_beside(&message.text, &message.attachments)?);
                    self.take_send(caller, me)?;
                    self.take_action(caller, me)?;
                    text
                }
            };
            if let Some(ack) = self.post_first(caller, key, &message, &text).await? {
                return Ok(ack);
            }
            // Another message has created it meanwhile, or somebody the key.
            admitted = Some(text);
        }
    }

    /// Sends a message to a conversation that is there. `admitted` is its text, if it has passed the rate limit.
    async fn post_found(
        &self,
        caller: &Caller,
        conversation: Conversation,
        message: ExternalMessage,
        admitted: Option<String>,
    ) -> Result<Ack, Error> {
        let topic = Topic::of(conversation);
        let recipients = match &message.recipients {
            Some(names) => Some(self.users_named(caller, names).await?),
            None => None,
        };
        let ExternalMessage { id, text, reply_to, attachments, .. } = &message;
        let outgoing = OutgoingMessage {
            id,
            text: admitted.as_deref().unwrap_or(text),
            reply_to: *reply_to,
            recipients: recipients.as_deref(),
            attachments,
        };
        let sending = if admitted.is_some() {
            self.begin_admitted(caller, topic, outgoing).await?
        } else {
            self.begin_message(caller, topic, outgoing).await?
        };
        self.finish(sending).await
    }

    /// Checks that a message of a caller may create the conversation of a key. A key that names a conversation of others
    /// looks like one that names none, to users who may create none.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if the setting is off, or the conversation is one of others;
    /// [`Refusal::UserConversationsOff`].
    async fn may_create(&self, caller: &Caller, key: &ExternalKey) -> Result<(), Error> {
        let application = self.application_by_id(caller.application).await?.ok_or(Refusal::NotFound)?;
        if !application.config.implicit_creation {
            return Err(Refusal::NotFound.into());
        }
        self.may_create_conversations(caller).await?;
        match self.reader(caller).group_by_key(key).await? {
            None => Ok(()),
            Some(_) => Err(Refusal::NotFound.into()),
        }
    }

    /// Commits a conversation with its first message; none if something else has the key meanwhile.
    async fn post_first(
        &self,
        caller: &Caller,
        key: &ExternalKey,
        message: &ExternalMessage,
        text: &str,
    ) -> Result<Option<Ack>, Error> {
        let me = caller.actor()?;
        let start: String = key.as_str().chars().take(GROUP_NAME_CHARS).collect();
        let settings = self.new_settings(message.title.as_deref().unwrap_or(start.trim()), Vec::new())?;
        let recipients = match &message.recipients {
            Some(names) => Some(rules::recipients(me.id, &self.users_named(caller, names).await?)?),
            None => None,
        };
        if message.members.len() > usize::try_from(settings.limit).unwrap_or(usize::MAX) {
            return Err(Refusal::GroupFull { limit: settings.limit }.into());
        }
        let members: Vec<UserRef> =
            message.members.iter().map(|name| UserRef::parse(name)).collect::<Result<_, _>>()?;
        let mut users: BTreeSet<UserId> = self.users_named(caller, &members).await?.into_iter().collect();
        users.extend(recipients.iter().flatten());
        let others = self.people_to_add(caller, &users.into_iter().collect::<Vec<_>>()).await?;
        let change = self.creation(caller, settings, &others, Fact::Keyed(key.clone())).await?;
        let draft = self.first_draft(caller, change.group, message, text, &others, recipients.as_deref());
        let draft = draft.await?;
        let files = message.attachments.iter().map(|attachment| attachment.id).collect();
        let (id, topic, timestamp) = (draft.id.clone(), draft.topic.clone(), draft.at);
        let room = self.take_room(caller.application, Limited::Conversations).await?;
        let outcome = match self.commit(caller, GroupWithMessage { change, draft, recipients, files }).await?
        {
            GroupWithMessageOutcome::Stale => return Ok(None),
            GroupWithMessageOutcome::Message(outcome) => outcome,
        };
        match outcome {
            LogOutcome::Posted { seq } => {
                room.used();
                Ok(Some(Ack { id, topic, seq, timestamp, duplicate: false }))
            }
            // The topic is a new one, so the message of this id is another one.
            LogOutcome::Repeated { .. } | LogOutcome::SendIdTaken => Err(Refusal::SendIdTaken.into()),
            LogOutcome::Refused(refusal) => Err(refusal.into()),
        }
    }

    /// Returns the first message of a conversation, whose members are the caller, if they are a user, and others.
    async fn first_draft(
        &self,
        caller: &Caller,
        group: GroupId,
        message: &ExternalMessage,
        text: &str,
        others: &[Person],
        recipients: Option<&[UserId]>,
    ) -> Result<Draft, Error> {
        let (me, at) = (caller.actor()?, self.clock.now());
        let is_owner = caller.owner().is_some();
        let first = (!is_owner).then(|| Member::new(me.clone(), Role::Admin, at));
        let others_of = others.iter().map(|person| Member::new(person.clone(), Role::Member, at));
        let members = first.into_iter().chain(others_of).collect();
        // The creator of a conversation may mention everyone in it.
        let (body, mentions) = self.read_text_among(members, true, text).await?;
        let shown = |user: &UserId| others.iter().find(|person| person.id == *user).cloned();
        let restricted = recipients.map(|users| {
            let people = users.iter().filter_map(shown).collect();
            (Recipients::Chosen(users.to_vec()), people)
        });
        let right = Permission {
            conversation: Conversation::Group(group),
            user: me.id,
            to: if is_owner { PermissionTo::Manage } else { PermissionTo::Speak },
            now: self.monotonic.now(),
        };
        // There is nothing yet that it could quote.
        let (reply_to, quote) = (message.reply_to, None);
        let attachments = self.attachments(caller, &message.attachments).await?;
        let text = text.to_owned();
        let composition =
            Composition { text, body, mentions, reply_to, quote, restricted, attachments, is_bot: false };
        Ok(composition.draft(me, right, message.id.clone(), at).0)
    }
}
