//! The search index: the port that finds candidates among messages, with the guarantees that every implementation keeps.

use async_trait::async_trait;
use wire::{ApplicationId, Conversation, LogKey, Timestamp, Topic, TopicKind, UserId};

use crate::ports::position::Position;
use crate::search::{SearchQuery, SearchedMessage};
use crate::service::error::Fault;

/// The port that finds messages by their words. It holds derived data: the store has the messages, and an index that is
/// lost is built again. One suite, `chat::testing::search`, holds every implementation to this contract.
///
/// - **Complete.** [`SearchIndex::candidates`] returns every message up to [`SearchIndex::position`] that matches the
///   request, the newest first. It may return others: the caller checks each against the message as it is now.
/// - **Isolated.** A request concerns one application and the conversations it names. No candidate is from elsewhere,
///   unless the request [says so](CandidateRequest::is_broad).
/// - **In order.** [`SearchIndex::apply`] takes effect only if the index is where the update begins. Updates are atomic:
///   after a crash the index is where one ended, and the updates after it are applied again.
/// - **Of one epoch.** An index that belongs to another epoch of the store, is damaged, or has terms of another version
///   starts again at position 0.
/// - **Apart.** It never holds up a commit of the store.
#[async_trait]
pub trait SearchIndex: Send + Sync + 'static {
    /// Returns the position up to which messages are indexed.
    async fn position(&self) -> Result<Position, Fault>;

    /// Applies an update; returns false, and changes nothing, if the index is not at [`IndexUpdate::from`].
    async fn apply(&self, update: IndexUpdate) -> Result<bool, Fault>;

    /// Removes the messages of an application; its data is no longer in the store. Updates and searches go on meanwhile.
    async fn remove_application(&self, application: ApplicationId) -> Result<(), Fault>;

    /// Returns the positions of messages that may match, the newest first, up to a limit. Fewer than the limit are all
    /// there are.
    async fn candidates(&self, request: CandidateRequest) -> Result<Vec<Position>, Fault>;

    /// Returns the number of times that it has started again at position 0 since it was opened.
    fn rebuilds(&self) -> u64;

    /// Finishes pending work and closes files. The last call.
    async fn close(&self) -> Result<(), Fault>;
}

/// A message as the index has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchDocument {
    /// The position of the message.
    pub position: Position,
    /// The application and the conversation that it is in.
    pub application: ApplicationId,
    /// The group or direct that it is in.
    pub conversation: Conversation,
    /// The user in whose own log the copy is, if only some members can read it: it is found for them alone.
    pub reader: Option<UserId>,
    /// The user who wrote it.
    pub author: UserId,
    /// The time at which it was accepted.
    pub at: Timestamp,
    /// The text without markup.
    pub text: String,
}

/// A step of an index through the store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexUpdate {
    /// The position of the index before.
    pub from: Position,
    /// The position after.
    pub to: Position,
    /// New messages, and those that were edited, as they are now.
    pub documents: Vec<SearchDocument>,
    /// Messages that were deleted.
    pub deleted: Vec<Position>,
    /// Conversations that were deleted with all their messages.
    pub deleted_logs: Vec<LogKey>,
    /// Conversations that have lost their oldest messages, each with the position of the last of these.
    pub trimmed: Vec<(LogKey, Position)>,
}

/// A request for messages that may match.
#[derive(Clone, Debug, PartialEq)]
pub struct CandidateRequest {
    /// The application of the messages.
    pub application: ApplicationId,
    /// The conversations that they are in; with none, and without `directs_of`, there are no candidates.
    pub conversations: Vec<Conversation>,
    /// A user all of whose directs are searched, too.
    pub directs_of: Option<UserId>,
    /// A user whose copies of restricted messages are searched, too. Those of other conversations may be among the
    /// candidates.
    pub copies_of: Option<UserId>,
    /// Only messages by one of these users; none for every author.
    pub authors: Option<Vec<UserId>>,
    /// Only messages that were accepted at this time or later.
    pub from: Option<Timestamp>,
    /// Only messages that were accepted before this time.
    pub to: Option<Timestamp>,
    /// The words that the messages have.
    pub query: SearchQuery,
    /// True if candidates may be from any conversation, also of other applications, as long as they have the words: for
    /// someone in many conversations that is often much cheaper.
    pub is_broad: bool,
    /// Only messages before this position.
    pub before: Option<Position>,
    /// The most candidates.
    pub limit: usize,
}

impl CandidateRequest {
    /// Returns true if a message in this conversation, by this author and of this time is asked for.
    #[must_use]
    pub fn covers(&self, message: &SearchedMessage) -> bool {
        let SearchedMessage { conversation, reader, ref author, at, .. } = *message;
        let author = author.id;
        (reader.is_none() || reader == self.copies_of)
            && self.names(conversation)
            && self.authors.as_ref().is_none_or(|authors| authors.contains(&author))
            && self.from.is_none_or(|from| from <= at)
            && self.to.is_none_or(|to| at < to)
    }

    /// Returns true if it names the log of a message: that of a conversation, or the own log of the reader of copies.
    #[must_use]
    pub fn names_log(&self, topic: &Topic) -> bool {
        match topic.kind() {
            TopicKind::User(user) => self.copies_of == Some(user),
            _ => topic.conversation().is_some_and(|conversation| self.names(conversation)),
        }
    }

    /// Returns true if it names a conversation.
    #[must_use]
    pub fn names(&self, conversation: Conversation) -> bool {
        let is_direct = |user| matches!(conversation, Conversation::Direct(pair) if pair.has(user));
        self.conversations.contains(&conversation) || self.directs_of.is_some_and(is_direct)
    }
}
