//! Sessions and their tokens.

use std::sync::Arc;
use std::{fmt, str};

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use sha2::{Digest, Sha256};
use wire::{ApplicationId, Person, Seq, Timestamp};

use crate::auth::grant::Grant;
use crate::auth::user_token::TokenScope;
use crate::service::limits::Limits;

/// The secret by which a browser is authenticated: 256 random bits as 64 hexadecimal digits. Kept only in the browser;
/// the store has only its hash.
#[derive(Clone, PartialEq, Eq)]
pub struct Token([u8; 32]);

/// The SHA-256 of a token. A slow hash would add nothing: 256 random bits cannot be guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

/// A signed-in browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The application of its user.
    pub application: ApplicationId,
    /// The user it belongs to.
    pub person: Person,
    /// The time at which it began.
    pub since: Timestamp,
    /// The time at which it was last seen, to the day.
    pub seen: Timestamp,
    /// For a session that began by a link of an application, the time from which links and tokens count. Such a session
    /// has the rights of a user token, and ends as one does.
    pub linked: Option<Timestamp>,
    /// The newest revocation when this was read.
    pub revocations: Seq,
}

/// A signed-in browser, as its user sees it in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSummary {
    /// The hash of its token.
    pub token: TokenHash,
    /// The browser's description of itself.
    pub label: String,
    /// The time at which it began.
    pub since: Timestamp,
    /// The time at which it was last seen, to the day.
    pub seen: Timestamp,
}

const DAY_MILLIS: i64 = 86_400_000;

impl Token {
    /// Creates the token of these random bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Parses a token; none if the text is not one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?;
        bytes.try_into().map(Self).ok()
    }

    /// Returns the hash that the store has.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0).into())
    }

    /// Returns the text for the cookie. Not `Display`, so that no log line shows it by accident.
    #[must_use]
    pub fn reveal(&self) -> String {
        HEXLOWER.encode(&self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl Session {
    /// Returns true if it is still valid.
    #[must_use]
    pub fn is_alive(&self, now: Timestamp, limits: &Limits) -> bool {
        is_alive(self.since, self.seen, now, limits)
            && self.linked.is_none_or(|valid_from| self.since >= valid_from)
    }

    /// Returns what its application has granted, for a session that began by a link.
    #[must_use]
    pub fn grant(&self) -> Option<Arc<Grant>> {
        let grant = || Grant { issued: self.since, key_version: None, scope: TokenScope::default() };
        self.linked.map(|_| Arc::new(grant()))
    }

    /// Returns true if it was last seen on an earlier day, or on a later one because the clock was wrong then, so that
    /// it is worth a write.
    #[must_use]
    pub const fn is_worth_a_touch(&self, now: Timestamp) -> bool {
        now.0.abs_diff(self.seen.0) >= DAY_MILLIS.unsigned_abs()
    }
}

impl SessionSummary {
    /// Returns true if it is still valid.
    #[must_use]
    pub fn is_alive(&self, now: Timestamp, limits: &Limits) -> bool {
        is_alive(self.since, self.seen, now, limits)
    }
}

impl TokenHash {
    /// Returns it as 64 hexadecimal digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        HEXLOWER.encode(&self.0)
    }

    /// Parses 64 hexadecimal digits; none if the text is something else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        HEXLOWER.decode(text.as_bytes()).ok()?.try_into().map(Self).ok()
    }

    /// Returns a short name for it that reveals nothing about the token: the first half of the hash.
    #[must_use]
    pub fn handle(&self) -> String {
        HEXLOWER.encode(&self.0[..16])
    }
}

fn is_alive(since: Timestamp, seen: Timestamp, now: Timestamp, limits: &Limits) -> bool {
    let days = |since: Timestamp| (now.0 - since.0) / DAY_MILLIS;
    days(seen) < i64::from(limits.session_idle_days) && days(since) < i64::from(limits.session_days)
}

#[cfg(test)]
mod tests {
    use wire::{PersonName, UserId};

    use super::*;

    #[test]
    fn a_token_reads_back_and_never_shows_itself() {
        let token = Token::from_bytes([0xa7; 32]);
        assert_eq!(Token::parse(&token.reveal()), Some(token.clone()));
        assert!(!format!("{token:?}").contains("a7"));
        for bad in ["", "a7", &"g".repeat(64), &"é".repeat(32)] {
            assert_eq!(Token::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_session_ends_when_it_is_idle_or_old() {
        let person = Person { id: UserId::from_bytes([1; 10]), name: PersonName::new("ann").unwrap() };
        let day = |n: i64| Timestamp(n * DAY_MILLIS);
        let limits = Limits::default();
        let application = ApplicationId::BUILT_IN;
        let session = |since, seen| Session {
            application,
            person: person.clone(),
            since: day(since),
            seen: day(seen),
            linked: None,
            revocations: Seq::ZERO,
        };
        assert!(session(0, 0).is_alive(day(29), &limits));
        assert!(!session(0, 0).is_alive(day(30), &limits));
        assert!(session(0, 170).is_alive(day(179), &limits));
        assert!(!session(0, 170).is_alive(day(180), &limits));
        let linked = |valid_from| Session { linked: Some(day(valid_from)), ..session(1, 1) };
        assert!(linked(1).is_alive(day(1), &limits) && !linked(2).is_alive(day(1), &limits));
        assert!(session(0, 0).is_worth_a_touch(day(1)));
        assert!(session(9, 9).is_worth_a_touch(day(8)), "it was seen by a clock that was ahead");
    }
}
