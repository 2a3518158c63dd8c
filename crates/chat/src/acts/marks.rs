use bytes::Bytes;
use wire::{Notice, Person, Refusal, Seq, Topic};

use crate::chat::Chat;
use crate::no::No;
use crate::rules;
use crate::store::Write;

/// How far people have read, and what they are about to say.
impl Chat {
    /// Somebody has read a conversation up to a place; with `back` only up to there. Their other devices hear of it.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::NotMember`].
    pub async fn read(&self, me: &Person, topic: &Topic, seq: Seq, back: bool) -> Result<(), No> {
        let conversation = topic.conversation().ok_or(Refusal::NotFound)?;
        let before = self.store.standing(conversation, me.id).await?.ok_or(Refusal::NotFound)?;
        before.role.ok_or(Refusal::NotMember)?;
        if !back && seq <= before.read {
            return Ok(());
        }
        self.commit(Write::Read { conversation, user: me.id, seq, back }).await?;
        let Some(now) = self.store.standing(conversation, me.id).await? else { return Ok(()) };
        let told =
            Notice::Read { topic: topic.clone(), seq: now.read, unread: now.unread, mentions: now.mentions };
        self.broker.signal(&Topic::user(me.id), || Bytes::from(told.encode()));
        Ok(())
    }

    /// Somebody is typing in a conversation. Whoever reads it now hears of it, nobody else and nobody later.
    ///
    /// # Errors
    /// Those of [`rules::may_speak`] but slow mode's, and [`Refusal::TooFast`].
    pub async fn typing(&self, me: &Person, topic: &Topic) -> Result<(), No> {
        let conversation = topic.conversation().ok_or(Refusal::NotFound)?;
        let now = self.clock.now();
        self.typing.take(me.id, now)?;
        let standing = self.store.standing(conversation, me.id).await?;
        rules::may_amend(standing.as_ref(), now)?;
        let told = Notice::Typing { topic: topic.clone(), person: me.clone() };
        self.broker.signal(topic, || Bytes::from(told.encode()));
        Ok(())
    }
}
