use wire::{Amendment, Event, Json, Person, Refusal, RichText, SendId, Seq, Topic};

use super::send::{hash, tidy};
use crate::chat::{Ack, Chat};
use crate::no::{Fault, No};
use crate::rules;
use crate::store::{Amend, Draft, Mentions, Outcome, Right, RightTo, Sender, Write};
use crate::text::emoji;

/// Changing what was said.
impl Chat {
    /// Changes a message. The same change again changes nothing, under whatever id.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if there is no such message, those of [`rules::amend`] and
    /// [`rules::may_amend`], and for an edit those of [`Chat::post`].
    pub async fn amend(
        &self,
        me: &Person,
        topic: &Topic,
        id: SendId,
        target: Seq,
        amendment: Amendment,
    ) -> Result<Ack, No> {
        let conversation = topic.conversation().ok_or(Refusal::NotFound)?;
        let now = self.clock.now();
        let amendment = match amendment {
            Amendment::Edit(text) => Amendment::Edit(tidy(&text)?),
            Amendment::React(emoji, true) => Amendment::React(emoji::canonical(&emoji)?, true),
            other => other,
        };
        self.pace.take(me.id, self.steady.now())?;
        let body_hash = hash(topic, format!("amend {target} {amendment:?}").as_bytes());
        // A retry is answered as the first time, whatever became of the message meanwhile.
        if let Some(sent) = self.store.sent(Sender::User(me.id), &id).await? {
            return if sent.topic == *topic && sent.body == body_hash {
                Ok(Ack { id, topic: topic.clone(), seq: sent.seq, timestamp: sent.at, duplicate: true })
            } else {
                Err(Refusal::SendIdTaken.into())
            };
        }
        let right = Right { conversation, user: me.id, to: RightTo::Amend, now: self.steady.now() };
        let (mut body, mut mentions) = (RichText::default(), None);
        loop {
            let standing = self.store.standing(conversation, me.id).await?;
            right.check(standing.as_ref())?;
            let role = standing.and_then(|standing| standing.role).ok_or(Refusal::NotMember)?;
            let kept = self.store.kept(topic, target).await?.ok_or(Refusal::NotFound)?;
            let message = read(&kept.entry.data);
            // A text is read only for somebody who may change the message.
            if let Amendment::Edit(text) = &amendment
                && mentions.is_none()
                && rules::amend(&message, target, me, role, &amendment, RichText::default())?.is_some()
            {
                let (said, whom) = self.read_text(me, conversation, text).await?;
                (body, mentions) = (said, Some(whom));
            }
            let Some(change) = rules::amend(&message, target, me, role, &amendment, body.clone())? else {
                let (seq, timestamp) = (kept.entry.seq, kept.entry.timestamp);
                return Ok(Ack { id, topic: topic.clone(), seq, timestamp, duplicate: true });
            };
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
                mentions: Mentions::default(),
            };
            let message = message.changed_by(&change, now);
            let amend = Amend {
                target,
                version: kept.version,
                data: Json::of(&message),
                pinned: matches!(message, Event::Message { pinned: true, .. }),
                counts: matches!(message, Event::Message { .. }),
                mentions: mentions.clone().unwrap_or(kept.mentions),
                others: self.traces(topic, target, &change).await?,
                news,
            };
            let (seq, timestamp, duplicate) = match self.commit(Write::Amend(amend)).await? {
                Outcome::Posted { seq } => (seq, now, false),
                Outcome::Repeated { seq, at } => (seq, at, true),
                Outcome::SendIdTaken => return Err(Refusal::SendIdTaken.into()),
                Outcome::Refused(refusal) => return Err(refusal.into()),
                // Somebody else's change went through, so everyone as a whole gets on.
                Outcome::Stale => continue,
                other => return Err(Fault::new("amend", format!("a change came to {other:?}")).into()),
            };
            return Ok(Ack { id, topic: topic.clone(), seq, timestamp, duplicate });
        }
    }

    /// What a changed message has left behind in other entries, as it is from now on: the replies that quote it quote its
    /// new words, or nothing if it is deleted, and its earlier edits have no words any more.
    async fn traces(&self, topic: &Topic, target: Seq, change: &Event) -> Result<Vec<(Seq, Json)>, No> {
        let excerpt = match change {
            Event::Edited { body, .. } => body.excerpt(),
            Event::Deleted { .. } => String::new(),
            _ => return Ok(Vec::new()),
        };
        let about = self.store.about(topic, target).await?;
        let now = |event: Event| match event {
            Event::Edited { target, text, by, .. } if !text.is_empty() => {
                Some(Event::Edited { target, text: String::new(), body: RichText::default(), by })
            }
            Event::Message { author, text, body, reply_to: Some(mut quote), edited, reactions, pinned }
                if quote.excerpt != excerpt =>
            {
                quote.excerpt.clone_from(&excerpt);
                Some(Event::Message { author, text, body, reply_to: Some(quote), edited, reactions, pinned })
            }
            _ => None,
        };
        let changed = |entry: wire::Entry<Json>| Some((entry.seq, Json::of(&now(read(&entry.data))?)));
        Ok(about.into_iter().filter_map(changed).collect())
    }
}

/// Reads what an entry of a conversation carries.
pub(super) fn read(data: &Json) -> Event {
    serde_json::from_str(data.as_str()).unwrap_or(Event::Unknown)
}
