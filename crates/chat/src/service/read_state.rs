//! Read state, unread counts and typing.

use wire::{Conversation, Member, ReadState, Ref, Refusal, Seq, ServerFrame, Topic};

use super::permissions::{Act, needs_application};
use crate::auth::caller::Caller;
use crate::chat::Chat;
use crate::ports::store::{ReadStateOutcome, ReadStateWrite, RecipientReceipt, Unread};
use crate::rules;
use crate::service::error::Error;

/// Read state and typing.
impl Chat {
    /// Marks a conversation as read up to a Seq; with `back` the read mark may go back to it. The user's other devices
    /// are notified.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::NotMember`].
    pub async fn set_read(&self, caller: &Caller, topic: &Topic, seq: Seq, back: bool) -> Result<(), Error> {
        let me = caller.scoped_user()?;
        let (conversation, before) = self.seat(caller, topic).await?;
        if !back && seq <= before.read && seq <= before.seen {
            return Ok(());
        }
        let read = ReadStateWrite::SetRead { conversation, user: me.id, seq, back };
        let ReadStateOutcome { receipts, .. } = self.commit(caller, read).await?;
        self.ephemeral.receipts(caller.application, receipts);
        let Some(now) = self.reader(caller).standing(conversation, me.id).await? else { return Ok(()) };
        if now.read == before.read && now.seen == before.seen {
            return Ok(());
        }
        if (now.seen, now.delivered) != (before.seen, before.delivered) && !now.blocked {
            self.ephemeral.moved(caller.log(topic.clone()), now.marks(me.id));
        }
        let told = self.count(caller, conversation, topic, now.read, None).await?;
        self.signals.send(&caller.log(Topic::user(me.id)), &told);
        Ok(())
    }

    /// Returns the unread counts of a conversation, as the answer to a frame.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::NotMember`].
    pub async fn unread(
        &self,
        caller: &Caller,
        topic: &Topic,
        reference: Option<Ref>,
    ) -> Result<ServerFrame, Error> {
        let (conversation, standing) = self.seat(caller, topic).await?;
        self.count(caller, conversation, topic, standing.read, reference).await
    }

    /// Counts the unread entries after a user's read mark.
    async fn count(
        &self,
        caller: &Caller,
        conversation: Conversation,
        topic: &Topic,
        read: Seq,
        reference: Option<Ref>,
    ) -> Result<ServerFrame, Error> {
        let me = caller.scoped_user()?;
        let Unread { messages: unread, mentions } =
            self.reader(caller).unread(conversation, me.id, read).await?;
        Ok(ServerFrame::Read { topic: topic.clone(), seq: read, unread, mentions, reference })
    }

    /// Marks a conversation, or the user's own topic, as delivered up to a Seq. It is stored and published at the next
    /// flush.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::NotMember`].
    pub async fn confirm_delivered(&self, caller: &Caller, topic: &Topic, seq: Seq) -> Result<(), Error> {
        let me = caller.scoped_user()?;
        if *topic == Topic::user(me.id) {
            self.is_in_scope(caller, topic, Act::Read).await?;
            if seq > self.reader(caller).own_delivered(me.id).await? {
                self.ephemeral.confirm_own(caller.key(me.id), seq);
            }
            return Ok(());
        }
        let (conversation, standing) = self.seat(caller, topic).await?;
        if seq > standing.delivered {
            self.ephemeral.confirm(conversation, caller.key(me.id), seq);
        }
        Ok(())
    }

    /// Returns the read state of every member to whom anything was delivered; none in a direct of which one user has
    /// blocked the other.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::NotMember`].
    pub async fn read_states(&self, caller: &Caller, topic: &Topic) -> Result<Vec<ReadState>, Error> {
        let conversation = topic.conversation().ok_or(Refusal::NotFound)?;
        let Some(me) = caller.signed_in() else { return self.all_read_states(caller, conversation).await };
        let standing = self.seat_in(caller, conversation).await?;
        let mut marks: Vec<ReadState> = match conversation {
            Conversation::Group(group) => {
                let roster = self.reader(caller).roster(group).await?.ok_or(Refusal::NotFound)?;
                roster.members.iter().map(Member::marks).collect()
            }
            Conversation::Direct(_) if standing.blocked => Vec::new(),
            Conversation::Direct(pair) => {
                let other = self.reader(caller).standing(conversation, pair.other(me.id)).await?;
                let other = other.map(|other| other.marks(pair.other(me.id)));
                std::iter::once(standing.marks(me.id)).chain(other).collect()
            }
        };
        marks.retain(|marks| marks.delivered > Seq::ZERO);
        Ok(marks)
    }

    /// As [`Chat::read_states`], for the application.
    async fn all_read_states(
        &self,
        caller: &Caller,
        conversation: Conversation,
    ) -> Result<Vec<ReadState>, Error> {
        needs_application(caller)?;
        self.may_see_members(caller, conversation).await?;
        let mut marks: Vec<ReadState> = match conversation {
            Conversation::Group(group) => {
                let roster = self.reader(caller).roster(group).await?.ok_or(Refusal::NotFound)?;
                roster.members.iter().map(Member::marks).collect()
            }
            Conversation::Direct(pair) => {
                let mut marks = Vec::new();
                for user in pair.people() {
                    let standing = self.reader(caller).standing(conversation, user).await?;
                    marks.extend(standing.map(|standing| standing.marks(user)));
                }
                marks
            }
        };
        marks.retain(|marks| marks.delivered > Seq::ZERO);
        Ok(marks)
    }

    /// Returns how far the recipients of a message are, for its author and for the application.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::NotMember`], [`Refusal::NotSender`].
    pub async fn receipts(
        &self,
        caller: &Caller,
        topic: &Topic,
        seq: Seq,
    ) -> Result<Vec<RecipientReceipt>, Error> {
        let me = caller.scoped_actor()?;
        let conversation = topic.conversation().ok_or(Refusal::NotFound)?;
        self.may_see_members(caller, conversation).await?;
        let found = self.reader(caller).receipts(conversation, seq).await?.ok_or(Refusal::NotFound)?;
        if found.author == me.id || caller.owner().is_some() {
            return Ok(found.recipients);
        }
        // A placeholder tells nothing, not even that it is a message.
        let is_reader = found.recipients.iter().any(|recipient| recipient.receipt.user == me.id);
        Err(if found.is_restricted && !is_reader { Refusal::NotFound } else { Refusal::NotSender }.into())
    }

    /// Publishes that a user is typing in a conversation, as an ephemeral event: present subscribers get it within a
    /// moment.
    ///
    /// # Errors
    /// Those of [`rules::may_speak`] but slow mode's, and [`Refusal::TooFast`].
    pub async fn typing(&self, caller: &Caller, topic: &Topic) -> Result<(), Error> {
        self.is_in_scope(caller, topic, Act::Write).await?;
        let me = caller.scoped_user()?;
        let conversation = topic.conversation().ok_or(Refusal::NotFound)?;
        let now = self.monotonic.now();
        self.typing_pace.take(caller.key(me.id), now)?;
        let standing = self.reader(caller).standing(conversation, me.id).await?;
        rules::may_amend(standing.as_ref(), now)?;
        self.typing.note(&caller.log(topic.clone()), me);
        Ok(())
    }
}
