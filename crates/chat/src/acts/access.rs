use wire::{Conversation, Refusal, Role, Topic, TopicKind};

use crate::chat::{Caller, Chat};
use crate::no::No;

/// The one place that decides who may see and send what.
impl Chat {
    /// Whether a caller may read a topic's log.
    pub(crate) async fn may_read(&self, caller: &Caller, topic: &Topic) -> Result<(), No> {
        match topic.kind() {
            TopicKind::Open => Ok(open_topics(caller)?),
            TopicKind::Group(group) => self.needs_seat(caller, Conversation::Group(group)).await.map(|_| ()),
            TopicKind::Direct(pair) => self.needs_seat(caller, Conversation::Direct(pair)).await.map(|_| ()),
            TopicKind::Audit(group) => match self.needs_seat(caller, Conversation::Group(group)).await? {
                Role::Admin => Ok(()),
                Role::Member => Err(Refusal::NotAdmin.into()),
            },
            TopicKind::User(user) if caller.me()?.id == user => Ok(()),
            // Somebody else's news are as if they were not there.
            TopicKind::User(_) | TopicKind::Reserved => Err(Refusal::NotFound.into()),
        }
    }

    async fn needs_seat(&self, caller: &Caller, conversation: Conversation) -> Result<Role, No> {
        let standing = self.store.standing(conversation, caller.me()?.id).await?.ok_or(Refusal::NotFound)?;
        Ok(standing.role.ok_or(Refusal::NotMember)?)
    }
}

/// Whether a caller may publish to a topic without being in a conversation.
pub(super) fn may_publish(caller: &Caller, topic: &Topic) -> Result<(), Refusal> {
    match topic.kind() {
        TopicKind::Open => open_topics(caller),
        TopicKind::Group(_)
        | TopicKind::Direct(_)
        | TopicKind::User(_)
        | TopicKind::Audit(_)
        | TopicKind::Reserved => Err(Refusal::TopicReserved),
    }
}

const fn open_topics(caller: &Caller) -> Result<(), Refusal> {
    if caller.open_topics { Ok(()) } else { Err(Refusal::TokenNeeded) }
}
