//! API tokens: the secrets by which programs of an application, and of the operator, are authenticated.

use std::fmt;

use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};
use wire::{ApplicationId, Timestamp};

use crate::auth::session::TokenHash;

/// The kind of an API token, which its prefix names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TokenKind {
    /// A program of an application: it may do everything inside it.
    Application,
    /// A program of the operator: it manages applications and reads no content.
    Operator,
    /// An incoming webhook, whose URL has it: it posts to one group, and does nothing else.
    Hook,
}

/// The secret of a program: a prefix that names its kind, and 256 random bits in base 32. It is shown once; the store
/// has only its hash. Scanners of leaked secrets find it by its prefix.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiToken {
    kind: TokenKind,
    text: Box<str>,
}

/// An API token as the store has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiTokenRecord {
    /// The application it belongs to; [`ApplicationId::SERVER`] for one of the operator.
    pub application: ApplicationId,
    /// The hash of its text.
    pub token: TokenHash,
    /// The kind that its prefix names.
    pub kind: TokenKind,
    /// The owner's description of it.
    pub label: String,
    /// The time at which it was created.
    pub created: Timestamp,
    /// The day on which it was used last, as the time of that day's first use; none if it never was.
    pub used: Option<Timestamp>,
    /// The time from which it no longer works, if it was created with one.
    pub expires: Option<Timestamp>,
    /// The time at which it was revoked.
    pub revoked: Option<Timestamp>,
}

const DAY_MS: u64 = 86_400_000;
/// The number of characters of 256 bits in base 32.
const CHARS: usize = 52;

impl TokenKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Application, Self::Operator, Self::Hook];

    /// Returns the name of the kind, as the store has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Operator => "operator",
            Self::Hook => "hook",
        }
    }

    /// Returns the kind with a name; none if there is none.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    const fn prefix(self) -> &'static str {
        match self {
            Self::Application => "hub_app_",
            Self::Operator => "hub_op_",
            Self::Hook => "hub_hook_",
        }
    }
}

impl ApiToken {
    /// Creates the token of these random bytes.
    #[must_use]
    pub fn from_bytes(kind: TokenKind, bytes: [u8; 32]) -> Self {
        let secret = BASE32_NOPAD.encode(&bytes).to_ascii_lowercase();
        Self { kind, text: format!("{}{secret}", kind.prefix()).into() }
    }

    /// Returns true if a text claims to be an API token, right or wrong.
    #[must_use]
    pub fn is_claimed_by(text: &str) -> bool {
        text.starts_with("hub_")
    }

    /// Parses a token; none if the text is not one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, secret) = TokenKind::ALL
            .into_iter()
            .find_map(|kind| text.strip_prefix(kind.prefix()).map(|secret| (kind, secret)))?;
        let is_base_32 = |b: u8| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b);
        (secret.len() == CHARS && secret.bytes().all(is_base_32)).then(|| Self { kind, text: text.into() })
    }

    /// Returns the kind that its prefix names.
    #[must_use]
    pub const fn kind(&self) -> TokenKind {
        self.kind
    }

    /// Returns the hash that the store has.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.text.as_bytes()).into())
    }

    /// Returns the text for its owner. Not `Display`, so that no log line shows it by accident.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiToken(…)")
    }
}

impl ApiTokenRecord {
    /// Returns true if it works.
    #[must_use]
    pub fn is_alive(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && self.expires.is_none_or(|expires| now < expires)
    }

    /// Returns true if its use today is not recorded yet, so that it is worth a write.
    #[must_use]
    pub fn is_worth_a_touch(&self, now: Timestamp) -> bool {
        self.used.is_none_or(|used| now.0.abs_diff(used.0) >= DAY_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_kind_and_reads_back_and_never_shows_itself() {
        for kind in TokenKind::ALL {
            let token = ApiToken::from_bytes(kind, [0xa7; 32]);
            let text = token.reveal().to_owned();
            assert_eq!(ApiToken::parse(&text), Some(token.clone()));
            assert_eq!(ApiToken::parse(&text).unwrap().kind(), kind);
            assert!(ApiToken::is_claimed_by(&text));
            assert!(!format!("{token:?}").contains(&text[10..20]));
            assert_eq!(TokenKind::parse(kind.as_str()), Some(kind));
        }
    }

    #[test]
    fn no_other_text_is_a_token() {
        let text = ApiToken::from_bytes(TokenKind::Application, [1; 32]).reveal().to_owned();
        let longer = format!("{text}a");
        let of_another_kind = text.replace("hub_app_", "hub_bot_");
        let in_capitals = text.to_uppercase();
        for bad in ["", "hub_app_", &text[..text.len() - 1], &longer, &of_another_kind, &in_capitals, "a7"] {
            assert_eq!(ApiToken::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_token_works_until_it_expires_or_is_revoked() {
        let record = ApiTokenRecord {
            application: ApplicationId(2),
            token: TokenHash([1; 32]),
            kind: TokenKind::Application,
            label: String::new(),
            created: Timestamp(0),
            used: None,
            expires: Some(Timestamp(100)),
            revoked: None,
        };
        assert!(record.is_alive(Timestamp(99)) && !record.is_alive(Timestamp(100)));
        assert!(!ApiTokenRecord { revoked: Some(Timestamp(5)), ..record.clone() }.is_alive(Timestamp(6)));
        assert!(record.is_worth_a_touch(Timestamp(1)));
        let used = ApiTokenRecord { used: Some(Timestamp(0)), ..record };
        assert!(
            !used.is_worth_a_touch(Timestamp(86_399_999)) && used.is_worth_a_touch(Timestamp(86_400_000))
        );
    }
}
