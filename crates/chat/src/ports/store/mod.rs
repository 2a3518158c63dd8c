//! The port for facts: what a store must do, and in which order.

mod attempts;
mod entry;
mod group;
mod names;
mod open_topics;
mod people;
mod rows;
mod standing;
mod write;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use wire::{
    Conversation, Entry, Epoch, GroupId, Json, Member, Page, Person, Rows, SendId, Seq, Timestamp, Topic,
    UserId,
};

pub use attempts::{Attempt, AttemptKey};
pub use entry::{
    Amend, Amended, BodyHash, Draft, Kept, Mentions, Range, RowRange, Sender, SentBefore, event_of, requoted,
};
pub use group::{Fact, GroupChange, GroupListing, GroupOverview, Roster, Version};
pub(crate) use names::NameIndex;
pub use names::{CALLED, NEAR, folded, name_parts, past};
pub use open_topics::{OpenTopicBounds, OpenTopics};
pub use people::{
    Account, AccountKey, AccountListing, DEVICES, NewMembers, NewSession, PasswordHash, Profile, Sessions,
};
pub use rows::{LogBounds, RowPage};
pub use standing::{Conversations, MembershipState, Permission, PermissionTo, Unread};
pub use write::{FirstRank, Meeting, Outcome, Part, Placed, Write};

use crate::auth::session::{Session, SessionSummary, TokenHash};
pub use crate::names::Login;
use crate::service::error::Fault;

/// Where facts are kept. One suite, `chat::testing::store`, holds every implementation to this contract.
///
/// - **Atomic.** [`Store::commit`] takes a batch and makes all of it facts, or none: after a fault nothing of
///   the batch may show, unless the outcome is unknown (a flush that failed), and then a retry with the same
///   [`SendId`]s finds what did become a fact.
/// - **Durable.** When `commit` answers, the batch survives a kill of the process and, if the store is on a
///   disk, a power cut. After a failed flush nothing more is acknowledged until the store was reopened.
/// - **Ordered.** The writes of a batch take effect in their order, each seeing those before it. Each entry
///   gets the next Seq of its log: 1, 2, 3, without holes. Batches take effect in the order of the calls;
///   the committer makes one call at a time.
/// - **Idempotent.** A [`SendId`] is unique for its [`Sender`] as long as the entry is kept. The same id with
///   the same [`Draft::body`] on the same topic is [`Outcome::Repeated`]; with anything else it is
///   [`Outcome::SendIdTaken`].
/// - **Reads see whole batches**: what was committed before the call, and never half of one.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Which life of the logs this is. The same after a restart of a durable store; new after a restore from
    /// a backup or a restart of a volatile one.
    fn epoch(&self) -> Epoch;

    /// How often it was read since it was opened; 0 where reading costs nothing worth counting.
    fn reads(&self) -> u64;

    /// Makes a batch of writes facts; one outcome for each, in order.
    async fn commit(&self, writes: Arc<[Write]>) -> Result<Vec<Outcome>, Fault>;

    /// Commits something that no reader sees, as durably as [`Store::commit`] does, to find out whether commits work.
    async fn probe(&self) -> Result<(), Fault>;

    /// A slice of a log, oldest first. A topic without entries has an empty page: `begins` 1, `head` 0.
    async fn page(&self, topic: &Topic, range: Range) -> Result<Page<Json>, Fault>;

    /// The rows of a conversation around a place; see [`Draft::is_row`]. It costs what it gives, however many other
    /// entries the log has.
    async fn rows(&self, topic: &Topic, range: RowRange) -> Result<Rows<Json>, Fault>;

    /// One entry as it is now; none if there is none at this place, or it is no longer kept.
    async fn kept(&self, topic: &Topic, seq: Seq) -> Result<Option<Kept>, Fault>;

    /// The entries of a log that are [about](Draft::about) one of its places, oldest first.
    async fn about(&self, topic: &Topic, seq: Seq) -> Result<Vec<Entry<Json>>, Fault>;

    /// The pinned entries of a log, oldest first.
    async fn pinned(&self, topic: &Topic) -> Result<Vec<Entry<Json>>, Fault>;

    /// The place of the first entry that was taken at this moment or later; none if there is none.
    async fn place_at(&self, topic: &Topic, at: Timestamp) -> Result<Option<Seq>, Fault>;

    /// A group's settings, its head, and some of its members: the viewer, and so many others; none if there is no such
    /// group. It costs what it gives, however many members there are.
    async fn group(
        &self,
        group: GroupId,
        viewer: Option<UserId>,
        limit: usize,
    ) -> Result<Option<GroupOverview>, Fault>;

    /// Members of a group, at most so many: those whose name has these words in it, without case, or without words those
    /// who have been there longest, after one of them.
    async fn members(
        &self,
        group: GroupId,
        words: &str,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<Member>, Fault>;

    /// A group's settings and all its members, the longest there first; none if there is no such group. For decisions:
    /// it costs what the group has.
    async fn roster(&self, group: GroupId) -> Result<Option<Roster>, Fault>;

    /// How a user stands in a conversation; none if there is no such group, or a direct is not theirs or lacks
    /// one of its people.
    async fn standing(
        &self,
        conversation: Conversation,
        user: UserId,
    ) -> Result<Option<MembershipState>, Fault>;

    /// What of a conversation follows a place and counts as unread for a user, counted up to [`MAX_UNREAD`](wire::limits::MAX_UNREAD).
    async fn unread(&self, conversation: Conversation, user: UserId, after: Seq) -> Result<Unread, Fault>;

    /// The groups a user has a seat in and the directs in which something was said, the one with the newest
    /// entry first, at most so many.
    async fn conversations(&self, user: UserId, limit: usize) -> Result<Conversations, Fault>;

    /// The groups a user has a seat in, the one joined first first.
    async fn groups_of(&self, user: UserId) -> Result<Vec<GroupId>, Fault>;

    /// A user; none if there is no such user.
    async fn person(&self, user: UserId) -> Result<Option<Person>, Fault>;

    /// Other people whose name has these words in it, without case, by name: those whom a user has a group in
    /// common with, and if `everyone` also everybody with an account. At most so many; without words those after one
    /// of them. Of very many who fit, not all are looked at: longer words find the others.
    async fn people(
        &self,
        user: UserId,
        words: &str,
        everyone: bool,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<Person>, Fault>;

    /// Groups whose name has these words in it, without case, by name: those that are listed and not archived, or all
    /// there are. At most so many; without words those after one of them.
    async fn groups(
        &self,
        words: &str,
        all: bool,
        after: Option<GroupId>,
        limit: usize,
    ) -> Result<Vec<GroupListing>, Fault>;

    /// What somebody tells of themselves; none if there is no such user.
    async fn profile(&self, user: UserId) -> Result<Option<Profile>, Fault>;

    /// The picture of a user, a JPEG; none if they have none.
    async fn picture(&self, user: UserId) -> Result<Option<Bytes>, Fault>;

    /// What was sent with this id, as far as it is kept; none if nothing was.
    async fn sent(&self, sender: Sender, id: &SendId) -> Result<Option<SentBefore>, Fault>;

    /// Whom a user has blocked, the last one first.
    async fn blocked(&self, user: UserId) -> Result<Vec<Person>, Fault>;

    /// The account of a user, or that which signs in with a login; none for a guest.
    async fn account(&self, key: AccountKey) -> Result<Option<Account>, Fault>;

    /// Whether there is an account.
    async fn has_accounts(&self) -> Result<bool, Fault>;

    /// Accounts whose name has these words in it, without case, by name. At most so many; without words those after one
    /// of them.
    async fn accounts(
        &self,
        words: &str,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<AccountListing>, Fault>;

    /// Whose new password a token is for, and until when; none if it is unknown or used.
    async fn reset(&self, token: TokenHash) -> Result<Option<(UserId, Timestamp)>, Fault>;

    /// Returns true if there is an owner.
    async fn has_owner(&self) -> Result<bool, Fault>;

    /// Returns true if somebody has signed in to an account with a device, and it is among those that are remembered.
    async fn knows_device(&self, user: UserId, device: TokenHash) -> Result<bool, Fault>;

    /// How many seats a user has in groups, and how many of those another user has given them.
    async fn seats(&self, user: UserId, adder: UserId) -> Result<NewMembers, Fault>;

    /// Returns true if two users have a group in common.
    async fn share_group(&self, one: UserId, other: UserId) -> Result<bool, Fault>;

    /// The sessions of a user, the one that began last first.
    async fn sessions(&self, user: UserId) -> Result<Vec<SessionSummary>, Fault>;

    /// The session a token belongs to, alive or not.
    async fn session(&self, token: TokenHash) -> Result<Option<Session>, Fault>;

    /// Finishes what was begun and lets go of files. The last call.
    async fn close(&self) -> Result<(), Fault>;
}
