//! Grants: the rights that an application has given away, by a user token or a sign-in link.

use wire::Timestamp;

use crate::auth::user_token::TokenScope;

/// A part of a user's rights, which their application has granted by a user token or by a link. It is never the right to
/// manage the user's account or the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The time at which it was issued.
    pub issued: Timestamp,
    /// The version of the key that signed the token; none for a link.
    pub key_version: Option<u32>,
    /// The part of the user's rights.
    pub scope: TokenScope,
}
