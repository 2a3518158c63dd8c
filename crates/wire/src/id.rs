//! Ids of applications (tenants), random ids of users, groups and invites, and the SendId.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use crate::limits::SEND_ID_BYTES;
use crate::refusal::Refusal;

/// Crockford's base 32 in lower case: no i, l, o, u, so that an id can be read aloud.
/// Source: <https://www.crockford.com/base32.html>.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Ten random bytes: 80 bits, 16 characters. Nobody guesses one, so a group's id can be its invitation link.
pub const ID_BYTES: usize = 10;

macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; ID_BYTES]);

        impl $name {
            /// The id made of these random bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; ID_BYTES]) -> Self {
                Self(bytes)
            }

            /// The bytes of the id.
            #[must_use]
            pub const fn to_bytes(self) -> [u8; ID_BYTES] {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(std::str::from_utf8(&encode(&self.0)).unwrap_or_default())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                decode(text).map(Self).ok_or(InvalidId)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(|invalid: InvalidId| de::Error::custom(invalid))
            }
        }
    };
}

random_id! {
    /// A user of one application.
    UserId
}
random_id! {
    /// A group of one application.
    GroupId
}

random_id! {
    /// The public id of an application: its name in URLs and commands. It is no secret.
    PublicId
}

random_id! {
    /// A file of one application. It is no secret: every read checks who may read it.
    FileId
}

random_id! {
    /// An outgoing webhook of one application. It is no secret.
    WebhookId
}

random_id! {
    /// An invitation to a group. Whoever knows it may use it.
    InviteId
}

/// The number of an application (a tenant) in this installation. It never crosses a network: outside, an application
/// has an id of 16 characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApplicationId(pub u32);

impl ApplicationId {
    /// The application of the built-in UI: what its pages, its socket and open topics without a token belong to.
    pub const BUILT_IN: Self = Self(1);

    /// The server itself: the application of what belongs to none, such as the leases of jobs.
    pub const SERVER: Self = Self(0);
}

impl Default for ApplicationId {
    fn default() -> Self {
        Self::BUILT_IN
    }
}

impl fmt::Display for ApplicationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A user, with the application they belong to: the key of everything that is counted or kept for a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserKey {
    /// The application of the user.
    pub application: ApplicationId,
    /// The user, whose id is unique in the application.
    pub user: UserId,
}

/// The text is not an id of 16 characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidId;

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id is 16 letters and digits")
    }
}

impl std::error::Error for InvalidId {}

/// Chosen by the sender, unique per sender, kept as long as the message: the same id with the same body is
/// the same message, however often it is sent. 1 to 128 visible ASCII characters. Those that begin with `~` are the
/// server's own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SendId(Box<str>);

impl SendId {
    /// Checks an id that a sender has chosen.
    ///
    /// # Errors
    /// [`Refusal::SendIdBad`] if it is empty, too long, has anything but visible ASCII, or begins with `~`.
    pub fn new(text: &str) -> Result<Self, Refusal> {
        if text.starts_with('~') { Err(Refusal::SendIdBad) } else { Self::stored(text) }
    }

    /// Checks the id of an entry that there is, which may be one of the server's own.
    ///
    /// # Errors
    /// [`Refusal::SendIdBad`] if it is empty, too long, or has anything but visible ASCII.
    pub fn stored(text: &str) -> Result<Self, Refusal> {
        if text.is_empty() || text.len() > SEND_ID_BYTES || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Refusal::SendIdBad);
        }
        Ok(Self(text.into()))
    }

    /// The id made of these random bytes, 16 characters.
    #[must_use]
    pub fn from_bytes(bytes: [u8; ID_BYTES]) -> Self {
        Self(encode(&bytes).iter().map(|&b| char::from(b)).collect::<String>().into())
    }

    /// The text of the id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SendId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for SendId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SendId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::stored(&text).map_err(|refusal| de::Error::custom(refusal.code()))
    }
}

fn encode(bytes: &[u8; ID_BYTES]) -> [u8; 16] {
    let mut text = [0; 16];
    for (half, five) in bytes.chunks_exact(5).enumerate() {
        let bits = five.iter().fold(0u64, |bits, &b| bits << 8 | u64::from(b));
        for place in 0..8 {
            let digit = (bits >> (35 - 5 * place)) & 31;
            text[half * 8 + place] = ALPHABET[usize::try_from(digit).unwrap_or_default()];
        }
    }
    text
}

fn decode(text: &str) -> Option<[u8; ID_BYTES]> {
    let text: &[u8; 16] = text.as_bytes().try_into().ok()?;
    let mut bytes = [0; ID_BYTES];
    for (half, eight) in text.chunks_exact(8).enumerate() {
        let mut bits = 0u64;
        for b in eight {
            let digit = ALPHABET.iter().position(|a| a == b)?;
            bits = bits << 5 | digit as u64;
        }
        bytes[half * 5..half * 5 + 5].copy_from_slice(&bits.to_be_bytes()[3..]);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_id_reads_back_from_its_own_text(bytes: [u8; ID_BYTES]) {
            let id = UserId::from_bytes(bytes);
            prop_assert_eq!(id.to_string().len(), 16);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }

        #[test]
        fn no_two_texts_are_one_id(text in "[0-9a-zA-Z]{16}") {
            if let Ok(id) = text.parse::<GroupId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }

    #[test]
    fn a_send_id_is_visible_ascii_of_bounded_length() {
        assert!(SendId::new("order-42/ann").is_ok());
        assert_eq!(SendId::new("~x"), Err(Refusal::SendIdBad), "one of the server's own");
        assert!(SendId::stored("~x").is_ok());
        for bad in ["", "two words", "tab\t", "ünïcode", &"x".repeat(SEND_ID_BYTES + 1)] {
            assert_eq!(SendId::new(bad), Err(Refusal::SendIdBad), "{bad:?}");
        }
    }
}
