//! Writes: everything that a store commits, and the outcomes.

use bytes::Bytes;
use wire::{
    AppRole, Conversation, Description, NotificationLevel, Pair, Person, ReadState, Refusal, Seq, Timestamp,
    UserId,
};

use super::{
    Amend, Attempt, AttemptKey, Draft, GroupChange, NewSession, OpenTopicBounds, PasswordHash, Sessions,
};
use crate::auth::session::TokenHash;
use crate::names::Login;

/// One write of a batch.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// Append one entry to a log.
    Post(Draft),
    /// Append one entry to an open topic, if the bounds allow it: [`Outcome::Refused`] otherwise. An entry that exists
    /// already is [`Outcome::Repeated`] all the same.
    Publish {
        /// The entry.
        draft: Draft,
        /// The most that is kept in open topics.
        bounds: OpenTopicBounds,
    },
    /// Append one entry to each of many logs; each may be refused on its own.
    Broadcast {
        /// The entry in the sender's own log. Its id is the broadcast's: if it is repeated, nothing is written.
        record: Draft,
        /// One for each log.
        parts: Vec<Part>,
    },
    /// Amend a message, if the rules allow it when it is committed, and append the entry that announces it.
    Amend(Amend),
    /// Change a group and append the entries that announce it.
    Change(GroupChange),
    /// Create a user with a first session.
    Introduce {
        /// The user.
        person: Person,
        /// The session.
        session: NewSession,
    },
    /// Create the account of a user; [`Outcome::LoginTaken`], and [`Outcome::Stale`] if it asks for the owner's role
    /// and there is an owner.
    Claim {
        /// The user it belongs to.
        user: UserId,
        /// The login it signs in with.
        login: Login,
        /// The hash of the password.
        password: PasswordHash,
        /// The role of the account.
        rank: FirstRank,
    },
    /// Make an account the owner's; [`Outcome::Stale`] if there is an owner, or no such account.
    Own {
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
    AppRank {
        /// The user it belongs to.
        user: UserId,
        /// The new role.
        role: AppRole,
    },
    /// Change a user's description of themselves.
    Describe {
        /// The user.
        user: UserId,
        /// The description.
        bio: Description,
    },
    /// Set or remove a user's picture.
    Portray {
        /// The user.
        user: UserId,
        /// A JPEG.
        picture: Option<Bytes>,
    },
    /// Add a token that resets the password of an account.
    OfferReset {
        /// The hash of the token.
        token: TokenHash,
        /// The user the account belongs to.
        user: UserId,
        /// The admin who created it; none for the operator.
        by: Option<UserId>,
        /// Its expiry.
        until: Timestamp,
    },
    /// Set a new password by such a token; all reset tokens of the account are used up. [`Outcome::Stale`] if the
    /// token is unknown or used.
    UseReset {
        /// The hash of the token.
        token: TokenHash,
        /// The hash of the password.
        password: PasswordHash,
    },
    /// Add a session of a user. [`Outcome::Stale`] if the password is not the one that was checked: a session that an
    /// old password opens does not outlive its change.
    SignIn {
        /// The user.
        user: UserId,
        /// The password that was checked before; none if it was set in the same transaction.
        checked: Option<PasswordHash>,
        /// The session.
        session: NewSession,
    },
    /// End sessions.
    SignOut {
        /// The user.
        user: UserId,
        /// The sessions that end.
        which: Sessions,
    },
    /// List a direct for both its users: it has messages from now on.
    Meet(Meeting),
    /// Block a user, or end the block: nothing direct reaches the blocker from them.
    Block {
        /// The user who blocks.
        by: UserId,
        /// The user who is blocked.
        user: UserId,
        /// Whether the block begins; otherwise it ends.
        on: bool,
    },
    /// Change a member's notification level. Nothing happens without a membership.
    Prefer {
        /// The conversation.
        conversation: Conversation,
        /// The member.
        user: UserId,
        /// Their notification level.
        notify: NotificationLevel,
        /// Whether it is hidden.
        hidden: bool,
        /// The entry for their devices.
        news: Draft,
    },
    /// Mark a conversation as read and delivered up to a Seq. Nothing happens without a membership.
    Read {
        /// The conversation.
        conversation: Conversation,
        /// The member.
        user: UserId,
        /// The Seq.
        seq: Seq,
        /// Whether their own read mark may go back; the part of it that others see never does.
        back: bool,
    },
    /// Mark conversations as delivered up to a Seq; [`Outcome::Delivered`]. Nothing happens without a membership, nor
    /// if the read state is already there or past it.
    Delivered {
        /// The conversation, the member, and the Seq.
        marks: Vec<(Conversation, UserId, Seq)>,
    },
    /// A write, and the entry that announces it if it is [`Outcome::Done`].
    Noted {
        /// The write.
        write: Box<Write>,
        /// The entry.
        note: Draft,
    },
    /// Several writes in one transaction. The first decides: if it is [`Outcome::Done`], the others follow, and they
    /// must be such that cannot be refused. Any other outcome of it is the outcome of the whole.
    Together {
        /// The write that decides.
        first: Box<Write>,
        /// The consequences.
        then: Vec<Write>,
    },
    /// Count one attempt in each of several windows, if all of them have room; [`Outcome::Exhausted`] otherwise.
    /// Attempts in the future, by a clock that was wrong, count as made now.
    TakeAttempts {
        /// The windows.
        attempts: Vec<Attempt>,
        /// The time of the attempt.
        at: Timestamp,
    },
    /// Take back the latest attempt in each of these windows.
    GiveBack {
        /// The counters.
        attempts: Vec<AttemptKey>,
    },
    /// Remember a device that a user signed in with. The [`DEVICES`](super::DEVICES) seen last are remembered.
    KnowDevice {
        /// The user.
        user: UserId,
        /// The hash of the device's token.
        device: TokenHash,
        /// The time of the sign-in.
        at: Timestamp,
    },
    /// Remove expired rows: guests who never did anything and were not seen since `guests_before` (at most a number of
    /// those created longest ago), and attempts before `attempts_before`; [`Outcome::Swept`]. A guest who did
    /// something has an account, a membership, a direct, a block or a log of their own, or has sent anything.
    Sweep {
        /// Guests who were seen later stay.
        guests_before: Timestamp,
        /// The most guests to look at.
        guests: usize,
        /// Attempts that were made later stay.
        attempts_before: Timestamp,
        /// Reset links and invites that expired before this time go; so do invites that are used up.
        links_before: Timestamp,
    },
    /// Record that a session was seen. If it began later than that, by a clock that was wrong, it begins then.
    Touch {
        /// The hash of its token.
        token: TokenHash,
        /// The time at which it was seen.
        at: Timestamp,
    },
}

/// The role of a new account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstRank {
    /// The first account of all is the owner's, others are members.
    FirstIsOwner,
    /// A member.
    Member,
    /// The owner.
    Owner,
}

/// Two users whose direct gets its first message.
#[derive(Clone, Debug, PartialEq)]
pub struct Meeting {
    /// The direct.
    pub pair: Pair,
    /// The entries for both, if it is the first time.
    pub news: Vec<Draft>,
}

/// One message of a broadcast.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The message.
    pub draft: Draft,
    /// The meeting of the two users, if it is their first message: committed with the message, or not at all.
    pub meeting: Option<Meeting>,
}

/// The outcome of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The draft has its Seq.
    Posted {
        /// The Seq.
        seq: Seq,
    },
    /// The draft was committed before.
    Repeated {
        /// Its Seq.
        seq: Seq,
        /// The time at which it was accepted first.
        at: Timestamp,
    },
    /// The message is already as the change would make it. Nothing was written.
    Unchanged {
        /// Its Seq.
        seq: Seq,
        /// The time at which it was accepted.
        at: Timestamp,
    },
    /// The draft's id belongs to another message. Nothing was written.
    SendIdTaken,
    /// The draft's permission is missing. Nothing was written.
    Refused(Refusal),
    /// The outcome of each draft of a broadcast: its Seq, or none if it was refused.
    Broadcast {
        /// The Seq of its record.
        seq: Seq,
        /// The Seqs of the messages, and those of the entries of meetings.
        places: Vec<Option<Placed>>,
    },
    /// The change is committed, with the Seq of each of its entries.
    Changed {
        /// The Seqs, in the order of [`GroupChange::news`].
        places: Vec<Seq>,
    },
    /// The read states that advanced, but those in directs in which one user has blocked the other.
    Delivered {
        /// The conversations, and their read states now.
        moved: Vec<(Conversation, ReadState)>,
    },
    /// The write is done, and the entry that announces it has its Seq.
    Noted {
        /// The Seq.
        seq: Seq,
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
    /// The removed users.
    Swept {
        /// The guests who were removed.
        guests: Vec<UserId>,
    },
    /// The write is done.
    Done,
}

/// The Seqs of one message of a broadcast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Its Seq.
    pub seq: Seq,
    /// The Seqs of the entries of a meeting; none if the two had met before.
    pub met: Vec<Seq>,
}
