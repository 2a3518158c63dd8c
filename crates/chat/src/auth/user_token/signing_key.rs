//! The key with which an application signs the tokens of its users.

use std::fmt;

use data_encoding::BASE32_NOPAD;
use wire::ApplicationId;

use crate::auth::master_secret::{KeyPurpose, MasterSecret};

/// A version of an application's signing key: a text whose bytes are the key of HMAC-SHA256, so that any JWT library
/// takes it as it is. It signs user tokens and grants no rights in the API.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey {
    version: u32,
    text: Box<str>,
}

impl SigningKey {
    /// Derives a version of the key.
    pub(crate) fn derive(secret: &MasterSecret, application: ApplicationId, version: u32) -> Self {
        let key = secret.derive(KeyPurpose::UserTokens, application, version);
        let text = format!("hub_key_{}", BASE32_NOPAD.encode(&key).to_ascii_lowercase());
        Self { version, text: text.into() }
    }

    /// Returns its version, the `kid` of the tokens that it signs.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// Returns the text for its owner. Not `Display`, so that no log line shows it by accident.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, …)", self.version)
    }
}
