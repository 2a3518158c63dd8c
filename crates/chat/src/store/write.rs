use bytes::Bytes;
use wire::{
    AppRole, Conversation, Description, Login, Marks, Notify, Pair, Person, Refusal, Seq, Timestamp, UserId,
};

use super::{Amend, Change, Draft, NewSession, PasswordHash, Sessions};
use crate::session::TokenHash;

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
    /// The marks that moved, but those in directs in which one has blocked the other.
    Delivered {
        /// Where, and what they are now.
        moved: Vec<(Conversation, Marks)>,
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
