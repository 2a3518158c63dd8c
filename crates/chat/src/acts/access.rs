use wire::{GroupId, Refusal, Topic, TopicKind};

use crate::chat::{Caller, Chat};
use crate::no::No;

/// The one place that decides who may see and send what.
impl Chat {
    /// Whether a caller may read a topic's log.
    pub(crate) async fn may_read(&self, caller: &Caller, topic: &Topic) -> Result<(), No> {
        match topic.kind() {
            TopicKind::Open => Ok(open_topics(caller)?),
            TopicKind::Group(group) => self.needs_seat(caller, group).await,
            TopicKind::User(user) if caller.me()?.id == user => Ok(()),
            // Somebody else's news are as if they were not there.
            TopicKind::User(_) | TopicKind::Reserved => Err(Refusal::NotFound.into()),
        }
    }

    async fn needs_seat(&self, caller: &Caller, group: GroupId) -> Result<(), No> {
        let me = caller.me()?;
        match self.store.seat(group, me.id).await? {
            Some(_) => Ok(()),
            None => Err(self.no_seat(group).await?.into()),
        }
    }

    /// Why somebody without a seat gets nothing: the group, or the seat, is not there.
    pub(crate) async fn no_seat(&self, group: GroupId) -> Result<Refusal, No> {
        Ok(if self.store.roster(group).await?.is_some() { Refusal::NotMember } else { Refusal::NotFound })
    }
}

/// Whether a caller may publish to a topic without being in a conversation.
pub(super) fn may_publish(caller: &Caller, topic: &Topic) -> Result<(), Refusal> {
    match topic.kind() {
        TopicKind::Open => open_topics(caller),
        TopicKind::Group(_) | TopicKind::User(_) | TopicKind::Reserved => Err(Refusal::TopicReserved),
    }
}

const fn open_topics(caller: &Caller) -> Result<(), Refusal> {
    if caller.open_topics { Ok(()) } else { Err(Refusal::TokenNeeded) }
}
