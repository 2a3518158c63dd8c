//! The port for facts: what a store must do, and in which order.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use wire::{
    AppRole, Conversation, Description, Entry, Epoch, GroupId, GroupSummary, Invite, InviteId, Json, Login,
    Marks, Member, Mine, Notify, Page, Pair, Person, Refusal, Role, SendId, Seq,
};
use wire::{Settings, Timestamp, Topic, UserId};

use crate::no::Fault;
use crate::rules;
use crate::session::{Session, SessionSummary, TokenHash};

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

    /// Makes a batch of writes facts; one outcome for each, in order.
    async fn commit(&self, writes: Arc<[Write]>) -> Result<Vec<Outcome>, Fault>;

    /// A slice of a log, oldest first. A topic without entries has an empty page: `begins` 1, `head` 0.
    async fn page(&self, topic: &Topic, range: Range) -> Result<Page<Json>, Fault>;

    /// One entry as it is now; none if there is none at this place, or it is no longer kept.
    async fn kept(&self, topic: &Topic, seq: Seq) -> Result<Option<Kept>, Fault>;

    /// The entries of a log that are [about](Draft::about) one of its places, oldest first.
    async fn about(&self, topic: &Topic, seq: Seq) -> Result<Vec<Entry<Json>>, Fault>;

    /// The pinned entries of a log, oldest first.
    async fn pinned(&self, topic: &Topic) -> Result<Vec<Entry<Json>>, Fault>;

    /// The place of the first entry that was taken at this moment or later; none if there is none.
    async fn place_at(&self, topic: &Topic, at: Timestamp) -> Result<Option<Seq>, Fault>;

    /// A group's settings and members, the longest there first; none if there is no such group.
    async fn roster(&self, group: GroupId) -> Result<Option<Roster>, Fault>;

    /// How a user stands in a conversation; none if there is no such group, or a direct is not theirs or lacks
    /// one of its people.
    async fn standing(&self, conversation: Conversation, user: UserId) -> Result<Option<Standing>, Fault>;

    /// The groups a user has a seat in and the directs in which something was said, the one with the newest
    /// entry first.
    async fn conversations(&self, user: UserId) -> Result<Conversations, Fault>;

    /// A user; none if there is no such user.
    async fn person(&self, user: UserId) -> Result<Option<Person>, Fault>;

    /// Other people whose name has these words in it, without case, by name: those whom a user has a group in
    /// common with, and if `everyone` also everybody with an account. At most so many.
    async fn people(
        &self,
        user: UserId,
        words: &str,
        everyone: bool,
        limit: usize,
    ) -> Result<Vec<Person>, Fault>;

    /// Groups whose name has these words in it, without case, by name: those that are listed and not archived, or all
    /// there are. At most so many.
    async fn groups(&self, words: &str, all: bool, limit: usize) -> Result<Vec<Listing>, Fault>;

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

    /// Every account, by name without case.
    async fn accounts(&self) -> Result<Vec<Listed>, Fault>;

    /// Whose new password a token is for, and until when; none if it is unknown or used.
    async fn reset(&self, token: TokenHash) -> Result<Option<(UserId, Timestamp)>, Fault>;

    /// The sessions of a user, the one that began last first.
    async fn sessions(&self, user: UserId) -> Result<Vec<SessionSummary>, Fault>;

    /// The session a token belongs to, alive or not.
    async fn session(&self, token: TokenHash) -> Result<Option<Session>, Fault>;

    /// Finishes what was begun and lets go of files. The last call.
    async fn close(&self) -> Result<(), Fault>;
}

/// One thing to make a fact.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// Append one entry to a log.
    Post(Draft),
    /// Append one entry to each of many logs; each may be refused for itself.
    Broadcast {
        /// What stands in the sender's own log. Its id is the broadcast's: if it is repeated, nothing is
        /// written.
        record: Draft,
        /// One for each log.
        parts: Vec<Part>,
    },
    /// Change an entry that is kept and append the news of it.
    Amend(Amend),
    /// Change a group and append the news of it.
    Change(Change),
    /// A new user with a first session.
    Introduce {
        /// Who they are.
        person: Person,
        /// The session.
        session: NewSession,
    },
    /// A user has an account from now on. The first account of all is the owner's.
    Claim {
        /// Whose it is.
        user: UserId,
        /// What it signs in with.
        login: Login,
        /// The hash of the password.
        password: PasswordHash,
    },
    /// An account has another password; no token for a new one works any more.
    SetPassword {
        /// Whose it is.
        user: UserId,
        /// The hash of the password.
        password: PasswordHash,
    },
    /// An account may do something else in the application. No token for a new password of it works any more, nor one
    /// that it made.
    AppRank {
        /// Whose it is.
        user: UserId,
        /// What they may do.
        role: AppRole,
    },
    /// A user tells something else of themselves.
    Describe {
        /// Who.
        user: UserId,
        /// What.
        bio: Description,
    },
    /// A user has another picture, or none.
    Portray {
        /// Who.
        user: UserId,
        /// A JPEG.
        picture: Option<Bytes>,
    },
    /// There is a token by which an account gets a new password.
    OfferReset {
        /// The hash of the token.
        token: TokenHash,
        /// Whose account it is.
        user: UserId,
        /// Which admin made it; none for the operator.
        by: Option<UserId>,
        /// Until when it works.
        until: Timestamp,
    },
    /// An account has a new password by such a token, and every such token of it is used; [`Outcome::Stale`] if the
    /// token is unknown or used.
    UseReset {
        /// The hash of the token.
        token: TokenHash,
        /// The hash of the password.
        password: PasswordHash,
    },
    /// A user has one more session.
    SignIn {
        /// Who.
        user: UserId,
        /// The session.
        session: NewSession,
    },
    /// Sessions end.
    SignOut {
        /// Whose.
        user: UserId,
        /// Which.
        which: Sessions,
    },
    /// From now on something is said in a direct: it is in the list of both.
    Meet(Meeting),
    /// A user gets nothing direct from another, or does again.
    Block {
        /// Who decides it.
        by: UserId,
        /// Who is blocked.
        user: UserId,
        /// Whether.
        on: bool,
    },
    /// A member wants to be told of something else. Nothing happens without a seat.
    Prefer {
        /// The conversation.
        conversation: Conversation,
        /// Whose wish it is.
        user: UserId,
        /// What they want to be told of.
        notify: Notify,
        /// Whether it is hidden.
        hidden: bool,
        /// What their devices are told.
        news: Draft,
    },
    /// A member has read a conversation up to a place, and it was delivered to them. Nothing happens without a seat.
    Read {
        /// The conversation.
        conversation: Conversation,
        /// Whose mark it is.
        user: UserId,
        /// The place.
        seq: Seq,
        /// Whether their own mark may go back; what others see of it never does.
        back: bool,
    },
    /// Devices of members have got conversations up to a place. Nothing happens without a seat, nor for a mark that is
    /// there or past it.
    Delivered {
        /// Where, whose, and up to which place.
        marks: Vec<(Conversation, UserId, Seq)>,
    },
    /// A write, and what is told of it if it is [`Outcome::Done`].
    Noted {
        /// The write.
        write: Box<Write>,
        /// What is told.
        note: Draft,
    },
    /// A session was seen.
    Touch {
        /// The hash of its token.
        token: TokenHash,
        /// When.
        at: Timestamp,
    },
}

/// Two people in whose direct something is said for the first time.
#[derive(Clone, Debug, PartialEq)]
pub struct Meeting {
    /// The direct.
    pub pair: Pair,
    /// What both are told, if it is the first time.
    pub news: Vec<Draft>,
}

/// One message of a broadcast.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The message.
    pub draft: Draft,
    /// That two people meet, if they do: it becomes a fact with the message, or not at all.
    pub meeting: Option<Meeting>,
}

/// A session that begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSession {
    /// The hash of its token.
    pub token: TokenHash,
    /// What the browser says it is.
    pub label: String,
    /// When.
    pub at: Timestamp,
}

/// Some sessions of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sessions {
    /// This one.
    One(TokenHash),
    /// All but this one.
    Others(TokenHash),
    /// All of them.
    All,
}

/// How to find an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountKey {
    /// By whose it is.
    User(UserId),
    /// By what it signs in with.
    Login(Login),
}

/// What lets a user sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Whose it is.
    pub person: Person,
    /// The hash of the password.
    pub password: PasswordHash,
    /// What they may do in the application.
    pub role: AppRole,
}

/// An account as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Whose it is.
    pub person: Person,
    /// What they may do in the application.
    pub role: AppRole,
}

/// A group as a list of groups shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Which.
    pub group: GroupSummary,
    /// What it is about.
    pub description: Description,
    /// How many members it has.
    pub members: u32,
}

/// What somebody tells of themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Who it is.
    pub person: Person,
    /// Since when they are here.
    pub since: Timestamp,
    /// In their own words.
    pub bio: Description,
    /// Whether they have a picture.
    pub has_picture: bool,
}

/// A password as it is kept: how it was hashed, the salt and the hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl Sessions {
    /// Whether this session is among them.
    #[must_use]
    pub fn contains(&self, token: TokenHash) -> bool {
        match self {
            Self::One(one) => *one == token,
            Self::Others(kept) => *kept != token,
            Self::All => true,
        }
    }
}

/// An entry before it has its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The log it goes to.
    pub topic: Topic,
    /// Who sends it: the scope of its id.
    pub sender: Sender,
    /// The sender's id for it.
    pub id: SendId,
    /// What the sender meant, as a hash: a repeat has the same, whatever else changed meanwhile.
    pub body: BodyHash,
    /// What the entry carries.
    pub data: Json,
    /// When it was taken.
    pub at: Timestamp,
    /// The right it needs; checked inside the commit, so that nobody posts after their leave, or after they
    /// were muted, was committed.
    pub right: Option<Right>,
    /// The place of an earlier entry of the same log that this one is about: what it answers or changes.
    pub about: Option<Seq>,
    /// Whether it counts as unread for everyone but its sender: a message does, a notice does not.
    pub counts: bool,
    /// Whom it mentions.
    pub mentions: Mentions,
}

/// An entry that was sent with an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentBefore {
    /// Its log.
    pub topic: Topic,
    /// Its place.
    pub seq: Seq,
    /// What its sender meant.
    pub body: BodyHash,
    /// When it was taken.
    pub at: Timestamp,
}

/// Whom an entry mentions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mentions {
    /// By name.
    pub people: Vec<UserId>,
    /// Whether it mentions every member.
    pub everyone: bool,
}

/// A change of an entry that is kept, decided on the [`Kept`] that had `version`.
#[derive(Clone, Debug, PartialEq)]
pub struct Amend {
    /// The place of the entry, in the log of `news`.
    pub target: Seq,
    /// The version that was looked at.
    pub version: Version,
    /// What the entry carries from now on.
    pub data: Json,
    /// Whether it is pinned from now on.
    pub pinned: bool,
    /// Whether it still counts as unread.
    pub counts: bool,
    /// Whom it mentions from now on.
    pub mentions: Mentions,
    /// Other entries of the same log, and what they carry from now on.
    pub others: Vec<(Seq, Json)>,
    /// What is told of it.
    pub news: Draft,
}

/// An entry that is kept, as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// The entry.
    pub entry: Entry<Json>,
    /// Counts its changes.
    pub version: Version,
    /// Whom it mentions.
    pub mentions: Mentions,
}

/// The right to say or change something in a conversation. The store reads the [`Standing`] it stands on inside the
/// commit and asks [`Right::check`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Right {
    /// Where.
    pub conversation: Conversation,
    /// Who.
    pub user: UserId,
    /// To do what.
    pub to: RightTo,
}

/// What somebody needs the right to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RightTo {
    /// Say something new: [`rules::may_speak`](crate::rules::may_speak). Slow mode watches it.
    Speak,
    /// Change or react to what was said: [`rules::may_amend`](crate::rules::may_amend).
    Amend,
}

/// How a user stands in a conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// What they may do; none without a seat.
    pub role: Option<Role>,
    /// Until when an admin has taken the word from them.
    pub muted_until: Option<Timestamp>,
    /// When they spoke last, as far as slow mode has watched.
    pub spoke_at: Option<Timestamp>,
    /// Whether the group is archived.
    pub archived: bool,
    /// Whether only admins write.
    pub announcing: bool,
    /// The pause of slow mode, in seconds.
    pub slow_s: u32,
    /// How far they have read; a new seat begins at the end of the log.
    pub read: Seq,
    /// Up to which place a device of theirs has it, as others see it.
    pub delivered: Seq,
    /// Up to which place they have ever read it, as others see it.
    pub seen: Seq,
    /// How many messages of others follow that.
    pub unread: u32,
    /// How many of them mention the user; in a direct all do.
    pub mentions: u32,
    /// What the user wants to be told of.
    pub notify: Notify,
    /// Whether the user has hidden it.
    pub hidden: bool,
    /// Whether one of the two of a direct has blocked the other.
    pub blocked: bool,
    /// Whether it is the user who has.
    pub blocks: bool,
    /// Whether it is among the user's [`Conversations`].
    pub listed: bool,
}

/// Who an entry is from: the scope in which a [`SendId`] is unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sender {
    /// A user.
    User(UserId),
    /// Callers of open topics; they share one scope.
    Open,
}

/// The first 128 bits of the SHA-256 of what a sender meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyHash(pub [u8; 16]);

/// A change of a group, decided on the [`Roster`] that had `version`.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Which group.
    pub group: GroupId,
    /// The version that was looked at; none if the group must not exist yet.
    pub version: Option<Version>,
    /// What becomes true.
    pub facts: Vec<Fact>,
    /// What is told of it, in this order. The drafts need no right.
    pub news: Vec<Draft>,
}

/// What can become true of a group.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// It exists.
    Created {
        /// What is set.
        settings: Settings,
        /// Since when.
        at: Timestamp,
    },
    /// This is set now.
    Settled(Settings),
    /// It does not exist any more, nor does its log or its audit log.
    Deleted,
    /// Somebody has a seat.
    Seated(Member),
    /// Somebody has none.
    Unseated(UserId),
    /// Somebody may do more, or less.
    Ranked(UserId, Role),
    /// Somebody has no word until then, or has it again.
    Muted(UserId, Option<Timestamp>),
    /// Somebody may not join.
    Banned(Person),
    /// Somebody may join again.
    Unbanned(UserId),
    /// There is an invite.
    Invited(Invite),
    /// One more has used an invite; it may be one of any number of uses.
    InviteUsed(InviteId),
    /// An invite no longer works.
    InviteGone(InviteId),
}

/// Counts the changes of a group, or of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version(pub u64);

/// What became of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The draft has its place.
    Posted {
        /// The place.
        seq: Seq,
    },
    /// The draft was there already.
    Repeated {
        /// Its place.
        seq: Seq,
        /// When it was taken the first time.
        at: Timestamp,
    },
    /// The draft's id belongs to another message. Nothing was written.
    SendIdTaken,
    /// The draft's right is not there. Nothing was written.
    Refused(Refusal),
    /// What became of each draft of a broadcast: its place, or none if it was refused.
    Broadcast {
        /// The place of its record.
        seq: Seq,
        /// The places, and those of the news of meetings.
        places: Vec<Option<Placed>>,
    },
    /// The change is a fact; the place of each piece of news.
    Changed {
        /// The places, in the order of [`Change::news`].
        places: Vec<Seq>,
    },
    /// The write is done, and what is told of it has its place.
    Noted {
        /// The place.
        seq: Seq,
    },
    /// Another account signs in with this login, or the user has an account. Nothing was written.
    LoginTaken,
    /// The group, or the entry, has another version by now or is gone: decide again. Nothing was written.
    Stale,
    /// Done; there is nothing to say.
    Done,
}

/// Where one message of a broadcast stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Its place.
    pub seq: Seq,
    /// The places of what was told of a meeting; none if the two had met before.
    pub met: Vec<Seq>,
}

/// Which entries a [`Page`] shall have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// Only entries after this place; then the page begins at the oldest of them.
    pub after: Option<Seq>,
    /// Only entries before this place. Without `after` the page ends at the newest of them.
    pub before: Option<Seq>,
    /// At most so many.
    pub limit: usize,
}

/// Settings, members and version of a group: what the rules look at.
#[derive(Clone, Debug, PartialEq)]
pub struct Roster {
    /// Which group.
    pub id: GroupId,
    /// What its admins have set.
    pub settings: Settings,
    /// The seats, the longest there first.
    pub members: Vec<Member>,
    /// Who may not join.
    pub bans: Vec<Person>,
    /// The invites, the oldest first; some may be over.
    pub invites: Vec<Invite>,
    /// Counts its changes.
    pub version: Version,
    /// The head of the group's log when this was read.
    pub head: Seq,
}

/// The conversations of one user.
#[derive(Clone, Debug, PartialEq)]
pub struct Conversations {
    /// Each with what is new in it, the one with the newest entry first.
    pub mine: Vec<Mine>,
    /// The head of the user's own log when this was read.
    pub head: Seq,
}

impl Roster {
    /// The group as a list shows it.
    #[must_use]
    pub fn summary(&self) -> GroupSummary {
        GroupSummary { id: self.id, name: self.settings.name.clone() }
    }

    /// Whether somebody may not join.
    #[must_use]
    pub fn is_banned(&self, user: UserId) -> bool {
        self.bans.iter().any(|banned| banned.id == user)
    }

    /// Whether somebody is the only admin.
    #[must_use]
    pub fn is_last_admin(&self, user: UserId) -> bool {
        let mut admins = self.members.iter().filter(|member| member.role == Role::Admin);
        admins.next().is_some_and(|admin| admin.person.id == user) && admins.next().is_none()
    }

    /// A user's seat.
    #[must_use]
    pub fn member(&self, user: UserId) -> Option<&Member> {
        self.members.iter().find(|member| member.person.id == user)
    }
}

impl Standing {
    /// How far the log has come to a user who stands like this.
    #[must_use]
    pub const fn marks(&self, user: UserId) -> Marks {
        Marks { user, delivered: self.delivered, read: self.seen }
    }
}

impl Mentions {
    /// Whether it mentions somebody.
    #[must_use]
    pub fn has(&self, user: UserId) -> bool {
        self.everyone || self.people.contains(&user)
    }
}

impl Right {
    /// Asks the rule whether somebody who stands like this has the right.
    ///
    /// # Errors
    /// Those of the rule.
    pub fn check(&self, standing: Option<&Standing>, now: Timestamp) -> Result<(), Refusal> {
        match self.to {
            RightTo::Speak => rules::may_speak(standing, now),
            RightTo::Amend => rules::may_amend(standing, now),
        }
    }

    /// Whether slow mode notes when this was.
    #[must_use]
    pub fn is_watched(&self, standing: Option<&Standing>) -> bool {
        self.to == RightTo::Speak && standing.is_some_and(|standing| standing.slow_s > 0)
    }
}
