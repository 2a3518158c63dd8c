//! Writes: everything that a store commits, and the outcomes.

use bytes::Bytes;
use wire::{
    AppRole, ApplicationId, Conversation, Description, NotificationLevel, Pair, Person, PersonName,
    ReadState, Refusal, Seq, Timestamp, Topic, UserId,
};

use super::{
    Amend, ApplicationWrite, Attempt, AttemptKey, Draft, GroupChange, Job, JobWrite, KeyedUser, MovedReceipt,
    NewSession, OpenTopicBounds, PasswordHash, PutUser, RestrictedDraft, Retention, Sessions, UserTokenWrite,
};
use crate::auth::session::TokenHash;
use crate::names::Login;

/// The content of a commit.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// Append one entry to a log. [`Outcome::Refused`] if it is [about](Draft::about) an entry that was trimmed.
    Post(Draft),
    /// Append one entry to an open topic, if the bounds allow it: [`Outcome::Refused`] otherwise. An entry that exists
    /// already is [`Outcome::Repeated`] all the same.
    Publish {
        /// The entry, for the log of an open topic.
        draft: Draft,
        /// The most that is kept in open topics.
        bounds: OpenTopicBounds,
    },
    /// Keep the refusals of a broadcast, by the number of the target; those that were kept before stay.
    KeepRefusals {
        /// The sender.
        user: UserId,
        /// The entry of the broadcast in the sender's own log.
        seq: Seq,
        /// The number of each refused target, and the refusal.
        refused: Vec<(usize, Refusal)>,
    },
    /// Trim a log: remove its oldest entries, up to [`TRIM_ENTRIES`](super::TRIM_ENTRIES) at once, with their ids,
    /// mentions and pins: [`Outcome::Trimmed`]. Replies to them keep a quote without an excerpt, and edits of them lose
    /// their text. The head stays, so no Seq is used again.
    Trim {
        /// The log.
        topic: Topic,
        /// This entry and later ones stay.
        before: Seq,
    },
    /// Set the retention of a log. [`Outcome::Stale`] if the log has had no entry.
    SetRetention {
        /// The log.
        topic: Topic,
        /// Its own retention; none if that of the application applies.
        retention: Option<Retention>,
    },
    /// Change jobs, of whatever application; the commit's own is [`ApplicationId::SERVER`].
    Jobs(JobWrite),
    /// Change applications and API tokens.
    Applications(ApplicationWrite),
    /// Change which user tokens of the application work.
    UserTokens(UserTokenWrite),
    /// Amend a message, if the rules allow it when it is committed, and append the entry that announces it.
    Amend(Amend),
    /// Append a message for some members of a group, as a placeholder in its log and a copy in the log of each reader:
    /// [`Outcome::Posted`] has the Seq in the group.
    PostRestricted(RestrictedDraft),
    /// Change a group and append the entries that announce it.
    ChangeGroup(GroupChange),
    /// Create a user with a first session.
    CreateGuest {
        /// The new user, with an id that nobody has.
        person: Person,
        /// Their first session, which begins at once.
        session: NewSession,
    },
    /// Create a user whom the application names by a key, or change the one it names so: [`Outcome::UserPut`].
    /// [`Outcome::Stale`] if they have another version than expected.
    PutUser(PutUser),
    /// Remove everything that a user has but their messages and memberships: their key, name, description, picture,
    /// sessions, user tokens and blocks. The user stays as the author of messages, under this name, and those who blocked them still
    /// do.
    RemoveUser {
        /// The user.
        user: UserId,
        /// The name that they have from now on.
        name: PersonName,
        /// The time from which a user token that names their key must be issued to work for the next user of it.
        tokens_valid_from: Timestamp,
        /// The time.
        at: Timestamp,
    },
    /// Create the account of a user; [`Outcome::LoginTaken`], and [`Outcome::Stale`] if it asks for the owner's role
    /// and there is an owner.
    CreateAccount {
        /// The user it belongs to.
        user: UserId,
        /// The login it signs in with.
        login: Login,
        /// The hash of the password.
        password: PasswordHash,
        /// The role of the account.
        rank: FirstRole,
    },
    /// Make an account the owner's; [`Outcome::Stale`] if there is an owner, or no such account.
    MakeOwner {
        /// The user it belongs to.
        user: UserId,
    },
    /// Change the password of an account; its reset tokens no longer work. [`Outcome::Stale`] if the password is not
    /// the one that was checked.
    SetPassword {
        /// The user it belongs to.
        user: UserId,
        /// The password that was checked before.
        checked: PasswordHash,
        /// The hash of the new password.
        password: PasswordHash,
    },
    /// Change the application role of an account. Reset tokens for its password no longer work, nor do those that it
    /// created.
    SetApplicationRole {
        /// The user it belongs to.
        user: UserId,
        /// The new role.
        role: AppRole,
    },
    /// Change a user's description of themselves.
    SetBio {
        /// The user who is described.
        user: UserId,
        /// The new description; empty to remove it.
        bio: Description,
    },
    /// Set or remove a user's picture.
    SetAvatar {
        /// The user whom the picture shows.
        user: UserId,
        /// The picture as a JPEG; none to remove it.
        picture: Option<Bytes>,
    },
    /// Add a token that resets the password of an account.
    CreateReset {
        /// The hash of the token.
        token: TokenHash,
        /// The user the account belongs to.
        user: UserId,
        /// The admin who created it; none for the operator.
        by: Option<UserId>,
        /// The time from which the token no longer works, UTC.
        until: Timestamp,
    },
    /// Set a new password by such a token; all reset tokens of the account are used up. [`Outcome::Stale`] if the
    /// token is unknown or used.
    ResetPassword {
        /// The hash of the token.
        token: TokenHash,
        /// The hash of the password.
        password: PasswordHash,
    },
    /// Add a session of a user. [`Outcome::Stale`] if the password is not the one that was checked: a session that an
    /// old password opens does not outlive its change.
    SignIn {
        /// The user who signs in.
        user: UserId,
        /// The password that was checked before; none if it was set in the same transaction.
        checked: Option<PasswordHash>,
        /// The session that begins.
        session: NewSession,
    },
    /// End some or all sessions of a user. Those that there are become a [`Revocation`](super::Revocation).
    SignOut {
        /// The user whose sessions end.
        user: UserId,
        /// The sessions that end.
        which: Sessions,
        /// The time at which they end.
        at: Timestamp,
    },
    /// Append the first message of a direct and list the direct for both its users, with the entries for both if it was
    /// not listed before. If the message is refused, nothing is listed.
    PostFirst {
        /// The message, for the log of the direct.
        draft: Draft,
        /// The two users, and the entries for both.
        creation: DirectCreation,
    },
    /// Create a group and append the first message to it: [`Outcome::Posted`] has its Seq. The change seats the author,
    /// if that is a user, and all recipients, so the message needs no permission. [`Outcome::Stale`] as with
    /// [`Write::ChangeGroup`]; if the key is free, but the id of the message was used before, it is
    /// [`Outcome::SendIdTaken`]. The group is never there without the message.
    PostFirstInGroup {
        /// The creation of the group.
        change: GroupChange,
        /// The message, for the log of the group.
        draft: Draft,
        /// The only readers besides the author; none if every member reads it.
        recipients: Option<Vec<UserId>>,
    },
    /// Block a user, or end the block: nothing direct reaches the blocker from them.
    Block {
        /// The user who blocks.
        by: UserId,
        /// The user who is blocked.
        user: UserId,
        /// True if the block begins; otherwise it ends.
        on: bool,
    },
    /// Change a member's notification level. Nothing happens without a membership.
    SetPreferences {
        /// The group or direct to which the preference applies.
        conversation: Conversation,
        /// The member whose preference it is.
        user: UserId,
        /// Their notification level.
        notify: NotificationLevel,
        /// True if it is hidden.
        hidden: bool,
        /// The entry for their devices.
        news: Draft,
    },
    /// Mark a conversation as read and delivered up to a Seq; [`Outcome::Receipts`]. Nothing happens without a
    /// membership.
    SetRead {
        /// The group or direct that was read.
        conversation: Conversation,
        /// The member who read it.
        user: UserId,
        /// The last Seq that they have read.
        seq: Seq,
        /// True if their own read mark may go back; the part of it that others see never does.
        back: bool,
    },
    /// Mark conversations as delivered up to a Seq; [`Outcome::Delivered`]. Nothing happens without a membership, nor
    /// if the read state is already there or past it.
    SetDelivered {
        /// The conversation, the member, and the Seq.
        marks: Vec<(Conversation, UserId, Seq)>,
    },
    /// Mark the own logs of users as delivered up to a Seq; [`Outcome::Receipts`].
    SetOwnDelivered {
        /// The user, and the Seq.
        marks: Vec<(UserId, Seq)>,
    },
    /// A write, and the entry that announces it if it is [`Outcome::Done`].
    WithAudit {
        /// The write that decides, committed first.
        write: Box<Write>,
        /// The entry that announces it, written only after [`Outcome::Done`].
        note: Draft,
    },
    /// Several writes in one transaction. The first decides: if it is [`Outcome::Done`], the others follow, and they
    /// must be such that cannot be refused. Any other outcome of it is the outcome of the whole.
    Transaction {
        /// The write that decides.
        first: Box<Write>,
        /// The writes that follow in the same transaction, in order.
        then: Vec<Write>,
    },
    /// Count one attempt in each of several windows, if all of them have room; [`Outcome::Exhausted`] otherwise.
    /// Attempts in the future, by a clock that was wrong, count as made now.
    TakeAttempts {
        /// One attempt for each window, with its own limit.
        attempts: Vec<Attempt>,
        /// The time of the attempt.
        at: Timestamp,
    },
    /// Take back the latest attempt in each of these windows.
    ReturnAttempts {
        /// The counters, each of which loses its latest attempt.
        attempts: Vec<AttemptKey>,
    },
    /// Remember a device that a user signed in with. The [`DEVICES`](super::DEVICES) seen last are remembered.
    RememberDevice {
        /// The user who signed in.
        user: UserId,
        /// The hash of the device's token.
        device: TokenHash,
        /// The time of the sign-in.
        at: Timestamp,
    },
    /// Remove expired rows; [`Outcome::Swept`]. A guest who did something has an account, a membership, a direct, a
    /// block or a log of their own, or has sent anything.
    Sweep(Sweep),
    /// Record that a session was seen. If it began later than that, by a clock that was wrong, it begins then.
    TouchSession {
        /// The hash of its token.
        token: TokenHash,
        /// The time at which it was seen.
        at: Timestamp,
    },
}

/// The bounds of a sweep. What is newer than each bound stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sweep {
    /// Guests who never did anything and were seen last before this time go.
    pub guests_before: Timestamp,
    /// The most guests to look at, those created longest ago first.
    pub guests: usize,
    /// Attempts from before this time go.
    pub attempts_before: Timestamp,
    /// Links and invites that expired before this time go; so do invites that are used up, and what is kept of the keys
    /// of users who were deleted before it.
    pub links_before: Timestamp,
    /// Sessions that were seen last before this time go.
    pub sessions_seen_before: Timestamp,
    /// Sessions that began before this time go.
    pub sessions_begun_before: Timestamp,
    /// Revocations from before this time go, but the newest.
    pub revocations_before: Timestamp,
    /// The time of the sweep: the sessions that it removes end then.
    pub at: Timestamp,
}

/// The most receipts that one mark tells of when it moves; authors who miss one can ask.
pub const MOVED_RECEIPTS: usize = 256;

/// The role of a new account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstRole {
    /// The first account of all is the owner's, others are members.
    FirstIsOwner,
    /// The account is a member's, even if it is the first.
    Member,
    /// The account is the owner's; refused if there is an owner.
    Owner,
}

/// Two users whose direct gets its first message.
#[derive(Clone, Debug, PartialEq)]
pub struct DirectCreation {
    /// The two users, who both get the direct listed.
    pub pair: Pair,
    /// The entries for both, if it is the first time.
    pub news: Vec<Draft>,
}

/// The outcome of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The draft has its Seq.
    Posted {
        /// The Seq that the draft got in its log.
        seq: Seq,
    },
    /// The draft was committed before.
    Repeated {
        /// The Seq that it got the first time.
        seq: Seq,
        /// The time at which it was accepted first.
        at: Timestamp,
    },
    /// The message is already as the change would make it. Nothing was written.
    Unchanged {
        /// The Seq of the message in its log.
        seq: Seq,
        /// The time at which it was accepted.
        at: Timestamp,
    },
    /// The draft's id belongs to another message. Nothing was written.
    SendIdTaken,
    /// The draft's permission is missing. Nothing was written.
    Refused(Refusal),
    /// The jobs that were leased, the one that was due first first.
    Claimed {
        /// Each with the number of its attempt.
        jobs: Vec<Job>,
    },
    /// The read states that advanced, but those in directs in which one user has blocked the other.
    Delivered {
        /// The conversations, and their read states now.
        moved: Vec<(Conversation, ReadState)>,
    },
    /// The marks are set. These receipts of restricted messages have moved with them, the newest ones of each mark up to
    /// [`MOVED_RECEIPTS`].
    Receipts {
        /// The receipts that have moved.
        moved: Vec<MovedReceipt>,
    },
    /// Another account signs in with this login, or the user has an account. Nothing was written.
    LoginTaken,
    /// The group has another version by now or is gone: decide again. Nothing was written.
    Stale,
    /// One attempt too many. Nothing was written.
    Exhausted {
        /// The time until there is room again, in milliseconds from now: 1 up to the longest of the windows.
        wait_ms: i64,
    },
    /// The application was created.
    Created {
        /// Its number.
        application: ApplicationId,
    },
    /// The user is as the application wants them to be.
    UserPut {
        /// The user, as they are now.
        user: KeyedUser,
        /// True if they are new.
        created: bool,
    },
    /// The oldest entries of a log were removed.
    Trimmed {
        /// The oldest entry that the log has now, or is going to have; 1 if there is no such log.
        begins: Seq,
    },
    /// A part of the data of an application was removed.
    Removed {
        /// True if nothing is left.
        all: bool,
    },
    /// The removed users.
    Swept {
        /// The guests who were removed.
        guests: Vec<UserId>,
    },
    /// The write is done.
    Done,
}
