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

/// One thing to make a fact.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// Append one entry to a log.
    Post(Draft),
    /// Append one entry to an open topic, if the bounds allow it: [`Outcome::Refused`] otherwise. An entry that is there
    /// already is [`Outcome::Repeated`] all the same.
    Publish {
        /// The entry.
        draft: Draft,
        /// The most that is kept in open topics.
        bounds: OpenTopicBounds,
    },
    /// Append one entry to each of many logs; each may be refused for itself.
    Broadcast {
        /// What stands in the sender's own log. Its id is the broadcast's: if it is repeated, nothing is
        /// written.
        record: Draft,
        /// One for each log.
        parts: Vec<Part>,
    },
    /// Change a message, if the rules allow it when it is committed, and append the news of it.
    Amend(Amend),
    /// Change a group and append the news of it.
    Change(GroupChange),
    /// A new user with a first session.
    Introduce {
        /// Who they are.
        person: Person,
        /// The session.
        session: NewSession,
    },
    /// A user has an account from now on; [`Outcome::LoginTaken`], and [`Outcome::Stale`] if it asks to be the owner's and
    /// there is an owner.
    Claim {
        /// Whose it is.
        user: UserId,
        /// What it signs in with.
        login: Login,
        /// The hash of the password.
        password: PasswordHash,
        /// The role of the account.
        rank: FirstRank,
    },
    /// An account is the owner's from now on; [`Outcome::Stale`] if there is an owner, or no such account.
    Own {
        /// Whose it is.
        user: UserId,
    },
    /// An account has another password; no token for a new one works any more. [`Outcome::Stale`] if the password is not
    /// the one that was checked.
    SetPassword {
        /// Whose it is.
        user: UserId,
        /// The password that was checked before.
        checked: PasswordHash,
        /// The hash of the new password.
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
    /// A user has one more session. [`Outcome::Stale`] if the password is not the one that was checked: a session that an
    /// old password opens does not outlive its change.
    SignIn {
        /// Who.
        user: UserId,
        /// The password that was checked before; none if it was set in the same transaction.
        checked: Option<PasswordHash>,
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
        notify: NotificationLevel,
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
    /// Devices of members have got conversations up to a place; [`Outcome::Delivered`]. Nothing happens without a seat, nor
    /// for a mark that is there or past it.
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
    /// Several writes as one act. The first decides: if it is [`Outcome::Done`], the others follow in the same
    /// transaction, and they must be such that cannot be refused. Anything else is the outcome of the whole.
    Together {
        /// The write that decides.
        first: Box<Write>,
        /// The consequences.
        then: Vec<Write>,
    },
    /// Counts one attempt in each of several windows, if all of them have room; [`Outcome::Exhausted`] otherwise. Attempts
    /// that the clock puts into the future count as made now.
    TakeAttempts {
        /// The windows.
        attempts: Vec<Attempt>,
        /// When.
        at: Timestamp,
    },
    /// The latest attempt in each of these windows does not count any more.
    GiveBack {
        /// The counters.
        attempts: Vec<AttemptKey>,
    },
    /// Somebody signed in with a device. The [`DEVICES`](super::DEVICES) seen last are remembered.
    KnowDevice {
        /// Who.
        user: UserId,
        /// The hash of the device's token.
        device: TokenHash,
        /// When.
        at: Timestamp,
    },
    /// Removes what is over: guests who never did anything and were not seen since `guests_before` (at most so many of
    /// those who came longest ago), and attempts before `attempts_before`; [`Outcome::Swept`]. To do something is to have
    /// an account, a seat, a direct, a block or a log of one's own, or to have sent anything.
    Sweep {
        /// Guests who were seen later stay.
        guests_before: Timestamp,
        /// The most guests to look at.
        guests: usize,
        /// Attempts that were made later stay.
        attempts_before: Timestamp,
        /// Links for a new password and invites whose time ended before then go; so do invites that are used up.
        links_before: Timestamp,
    },
    /// A session was seen. If it began later than that, by a clock that was wrong, it begins then.
    Touch {
        /// The hash of its token.
        token: TokenHash,
        /// When.
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
    /// The message is already as the change would make it; its place, and the time it was taken. Nothing was written.
    Unchanged {
        /// The place.
        seq: Seq,
        /// The time.
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
        /// The places, in the order of [`GroupChange::news`].
        places: Vec<Seq>,
    },
    /// The marks that moved, but those in directs in which one has blocked the other.
    Delivered {
        /// Where, and what they are now.
        moved: Vec<(Conversation, ReadState)>,
    },
    /// The write is done, and what is told of it has its place.
    Noted {
        /// The place.
        seq: Seq,
    },
    /// Another account signs in with this login, or the user has an account. Nothing was written.
    LoginTaken,
    /// The group has another version by now or is gone: decide again. Nothing was written.
    Stale,
    /// An attempt too many. Nothing was written.
    Exhausted {
        /// When there is room again, in milliseconds from now: 1 up to the longest of the windows.
        wait_ms: i64,
    },
    /// The removed users.
    Swept {
        /// Guests who are no more.
        guests: Vec<UserId>,
    },
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
