//! The state of a sign-in that is under way. The browser keeps it in a cookie, sealed, so that any node can finish it
//! and no node remembers anything.

use std::fmt;

use aes_gcm_siv::aead::{Aead, KeyInit, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use data_encoding::BASE64URL_NOPAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wire::UserId;

use crate::auth::caller::Caller;

/// The bytes of a nonce, which begins a sealed text.
const NONCE_BYTES: usize = 12;
/// The most bytes of a sealed text.
const SEALED_BYTES: usize = 4 * 1_024;

/// A sign-in that is under way at a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SignInState {
    pub(crate) provider: String,
    /// The `state` of the request, which the answer repeats.
    pub(crate) state: String,
    /// The `nonce` of the request, which the ID token repeats.
    pub(crate) nonce: String,
    /// The verifier of which the provider has the challenge (RFC 7636).
    pub(crate) verifier: String,
    /// The path and query of this server to go to.
    pub(crate) next: String,
    /// The session whose account the identity is to be linked to.
    pub(crate) link: Option<LinkGrant>,
    /// The time at which it began, UTC in milliseconds.
    pub(crate) begun: i64,
}

/// The permission to link an identity to the account of a session. The account page has it: an address on another site
/// cannot begin that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LinkGrant {
    pub(crate) provider: String,
    pub(crate) user: UserId,
    /// The hash of the session's token.
    pub(crate) session: String,
    /// The time at which it was made, UTC in milliseconds.
    pub(crate) made: i64,
}

impl LinkGrant {
    /// Returns true if it is that of the caller's session.
    pub(crate) fn is_of(&self, caller: &Caller) -> bool {
        let session = caller.session.as_ref().map(|session| session.hash().to_hex());
        caller.account_holder().is_ok_and(|me| me.id == self.user) && session.as_ref() == Some(&self.session)
    }
}

/// A text that can be sealed. The purpose is authenticated with it.
pub(crate) trait Sealable: Serialize + DeserializeOwned {
    const PURPOSE: &'static [u8];
}

impl Sealable for SignInState {
    const PURPOSE: &'static [u8] = b"sign-in state 1";
}

impl Sealable for LinkGrant {
    const PURPOSE: &'static [u8] = b"link grant 1";
}

/// Seals with AES-256-GCM-SIV (RFC 8452).
pub(crate) struct SignInSeal(Aes256GcmSiv);

impl SignInSeal {
    /// Creates the seal of a key.
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(Aes256GcmSiv::new(&(*key).into()))
    }

    /// Seals a text under a random nonce.
    pub(crate) fn seal<T: Sealable>(&self, nonce: [u8; NONCE_BYTES], content: &T) -> String {
        let text = serde_json::to_vec(content).unwrap_or_default();
        let sealed = self.0.encrypt(&Nonce::from(nonce), Payload { msg: &text, aad: T::PURPOSE });
        let sealed = sealed.unwrap_or_else(|_| unreachable!("it is shorter than what it can encrypt"));
        BASE64URL_NOPAD.encode(&[&nonce[..], &sealed].concat())
    }

    /// Opens a sealed text; none if this server has not sealed it, or for another purpose.
    pub(crate) fn open<T: Sealable>(&self, sealed: &str) -> Option<T> {
        if sealed.len() > SEALED_BYTES {
            return None;
        }
        let bytes = BASE64URL_NOPAD.decode(sealed.as_bytes()).ok()?;
        let (nonce, msg) = bytes.split_first_chunk::<NONCE_BYTES>()?;
        let text = self.0.decrypt(&Nonce::from(*nonce), Payload { msg, aad: T::PURPOSE }).ok()?;
        serde_json::from_slice(&text).ok()
    }
}

impl fmt::Debug for SignInSeal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignInSeal(…)")
    }
}
