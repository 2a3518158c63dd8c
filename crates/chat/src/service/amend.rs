//! Amendments: edits, deletes, reactions and pins of messages.

use wire::{Amendment, Json, Refusal, RichText, SendId, Seq, Topic};

use super::compose::{hash, tidy};
use super::permissions::{Act, viewer};
use crate::auth::caller::Caller;
use crate::chat::{Ack, Chat};
use crate::ports::store::{
    Amend, AmendOutcome, Draft, Ends, Mentions, Permission, PermissionTo, Sender, Version, event_of,
    is_placeholder, version_of,
};
use crate::rules;
use crate::service::error::Error;
use crate::text::emoji;

/// Edits, deletions, reactions and pins of messages.
impl Chat {
    /// Amends a message. The same change again changes nothing, under any id.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if there is no such message, those of [`rules::amend`] and
    /// [`rules::may_amend`], and for an edit those of [`Chat::post`].
    pub async fn amend(
        &self,
        caller: &Caller,
        topic: &Topic,
        id: SendId,
        target: Seq,
        amendment: Amendment,
    ) -> Result<Ack, Error> {
        self.amend_version(caller, topic, id, target, amendment, None).await
    }

    /// As [`Chat::amend`], if the message has a version: see [`version_of`]. A message that is as the change would make it
    /// may have any.
    ///
    /// # Errors
    /// Those of [`Chat::amend`], and [`Refusal::VersionStale`].
    pub async fn amend_version(
        &self,
        caller: &Caller,
        topic: &Topic,
        id: SendId,
        target: Seq,
        amendment: Amendment,
        version: Option<Version>,
    ) -> Result<Ack, Error> {
        self.is_in_scope(caller, topic, Act::Write).await?;
        let me = caller.scoped_actor()?;
        let conversation = topic.conversation().ok_or(Refusal::NotFound)?;
        let now = self.clock.now();
        let amendment = match amendment {
            Amendment::Edit(text) => Amendment::Edit(tidy(&text)?),
            Amendment::React(emoji, on) => match emoji::canonical(&emoji) {
                Ok(emoji) => Amendment::React(emoji, on),
                Err(refusal) if on => return Err(refusal.into()),
                // Nobody can have reacted with it, so there is nothing to take back.
                Err(_) => Amendment::React(emoji, on),
            },
            other => other,
        };
        self.take_send(caller, me.id)?;
        let body_hash = hash(topic, format!("amend {target} {amendment:?}").as_bytes());
        let to = if caller.owner().is_some() { PermissionTo::Manage } else { PermissionTo::Amend };
        let right = Permission { conversation, user: me.id, to, now: self.monotonic.now() };
        let (mut body, mut mentions) = (RichText::default(), None);
        if let Amendment::Edit(text) = &amendment {
            // A retry gets the first answer, even if the message has changed meanwhile.
            if let Some(sent) = self.reader(caller).sent(Sender::User(me.id), &id).await? {
                return if sent.topic == *topic && sent.body == body_hash {
                    Ok(Ack { id, topic: topic.clone(), seq: sent.seq, timestamp: sent.at, duplicate: true })
                } else {
                    Err(Refusal::SendIdTaken.into())
                };
            }
            // A text is parsed only for a user who may change the message. The commit checks it again.
            let standing = self.reader(caller).standing(conversation, me.id).await?;
            right.check(standing.as_ref())?;
            let role = right.role(standing.as_ref()).ok_or(Refusal::NotMember)?;
            let mut entry = self.reader(caller).kept(topic, target).await?.ok_or(Refusal::NotFound)?.entry;
            if is_placeholder(&entry.data) {
                let restricted =
                    self.reader(caller).restricted(topic, target).await?.ok_or(Refusal::NotFound)?;
                restricted.audience.may_amend(viewer(caller), &amendment)?;
                entry = restricted.entry;
            }
            let message = event_of(&entry.data);
            if rules::amend(&message, target, me, role, &amendment, RichText::default())?.is_none() {
                let (seq, timestamp) = (entry.seq, entry.timestamp);
                return Ok(Ack { id, topic: topic.clone(), seq, timestamp, duplicate: true });
            }
            if version.is_some_and(|version| version != version_of(&entry.data)) {
                return Err(Refusal::VersionStale.into());
            }
            let (said, whom) = self.read_text(caller, conversation, text).await?;
            (body, mentions) = (said, Some(whom));
        }
        let change = rules::change(target, me, &amendment, body.clone());
        let news = Draft {
            topic: topic.clone(),
            sender: Sender::User(me.id),
            id: id.clone(),
            body: body_hash,
            data: Json::of(&change),
            at: now,
            right: Some(right),
            about: Some(target),
            counts: false,
            is_row: !change.is_silent(),
            mentions: Mentions::default(),
            ends: Ends::Nobody,
        };
        let amend = Amend { target, by: me.clone(), amendment, body, mentions, version, news };
        let (seq, timestamp, duplicate) = match self.commit(caller, amend).await? {
            AmendOutcome::Posted { seq } => (seq, now, false),
            AmendOutcome::Repeated { seq, at } | AmendOutcome::Unchanged { seq, at } => (seq, at, true),
            AmendOutcome::SendIdTaken => return Err(Refusal::SendIdTaken.into()),
            AmendOutcome::Refused(refusal) => return Err(refusal.into()),
        };
        Ok(Ack { id, topic: topic.clone(), seq, timestamp, duplicate })
    }
}
