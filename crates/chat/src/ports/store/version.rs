//! Versions: what a change was decided on, so that it is refused if something else has changed since.

use sha2::{Digest, Sha256};
use wire::Json;

/// The number of changes of a group, a user or an application; for an entry see [`version_of`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version(pub u64);

/// Returns the version of an entry of a conversation: the first 52 bits of the SHA-256 of its data. Every amendment changes
/// it, and so does a change of the message that it quotes.
#[must_use]
pub fn version_of(data: &Json) -> Version {
    let digest: [u8; 32] = Sha256::digest(data.as_str()).into();
    let [a, b, c, d, e, f, g, h, ..] = digest;
    Version(u64::from_be_bytes([a, b, c, d, e, f, g, h]) >> 12)
}
