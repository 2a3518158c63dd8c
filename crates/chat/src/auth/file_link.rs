//! The secret part of a file link: sealed, so that it shows nothing and nobody makes one up.

use std::fmt;

use aes_gcm_siv::aead::{Aead, KeyInit, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use wire::{ApplicationId, FileId, Refusal, Timestamp, UserId};

use crate::auth::session::TokenHash;

/// The bytes of a nonce, which begins a sealed link.
const NONCE_BYTES: usize = 12;
/// The purpose, which is authenticated with each.
const PURPOSE: &[u8] = b"file link 2";

/// The reader of a file link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkViewer {
    /// A user.
    User(UserId),
    /// The application itself.
    Application,
}

/// The token by which a file link was asked for; it ends with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkSource {
    /// None: a session.
    Session,
    /// The API token of a program.
    ApiToken(TokenHash),
    /// A user token: the version of the key that signed it, and the time at which it was issued.
    UserToken(u32, Timestamp),
}

/// The content of a file link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileLinkClaims {
    pub(crate) application: ApplicationId,
    pub(crate) viewer: LinkViewer,
    pub(crate) source: LinkSource,
    pub(crate) file: FileId,
    pub(crate) issued: Timestamp,
    pub(crate) until: Timestamp,
}

/// The claims as they are sealed.
#[derive(Serialize, Deserialize)]
struct Sealed {
    application: u32,
    user: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    api_token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_token: Option<(u32, i64)>,
    file: FileId,
    issued: i64,
    until: i64,
}

/// Seals file links with AES-256-GCM-SIV (RFC 8452).
pub(crate) struct FileLinkSeal(Aes256GcmSiv);

impl FileLinkSeal {
    /// Creates the seal of a key.
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(Aes256GcmSiv::new(&(*key).into()))
    }

    /// Seals a link. The nonce is random; should two be equal, only equal links can be told.
    pub(crate) fn seal(&self, nonce: [u8; NONCE_BYTES], claims: &FileLinkClaims) -> String {
        let FileLinkClaims { application, viewer, source, file, issued, until } = *claims;
        let user = match viewer {
            LinkViewer::User(user) => Some(user),
            LinkViewer::Application => None,
        };
        let (api_token, user_token) = match source {
            LinkSource::Session => (None, None),
            LinkSource::ApiToken(token) => (Some(token.to_hex()), None),
            LinkSource::UserToken(version, issued) => (None, Some((version, issued.0))),
        };
        let sealed = Sealed {
            application: application.0,
            user,
            api_token,
            user_token,
            file,
            issued: issued.0,
            until: until.0,
        };
        let text = serde_json::to_vec(&sealed).unwrap_or_default();
        let payload = Payload { msg: &text, aad: PURPOSE };
        let sealed = self.0.encrypt(&Nonce::from(nonce), payload);
        let sealed = sealed.unwrap_or_else(|_| unreachable!("it is shorter than what it can encrypt"));
        BASE64URL_NOPAD.encode(&[&nonce[..], &sealed].concat())
    }

    /// Opens a link.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if this server has not sealed it.
    pub(crate) fn open(&self, token: &str) -> Result<FileLinkClaims, Refusal> {
        let open = || {
            let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).ok()?;
            let (nonce, msg) = bytes.split_first_chunk::<NONCE_BYTES>()?;
            let text = self.0.decrypt(&Nonce::from(*nonce), Payload { msg, aad: PURPOSE }).ok()?;
            let sealed: Sealed = serde_json::from_slice(&text).ok()?;
            let Sealed { application, user, api_token, user_token, file, issued, until } = sealed;
            let source = match (api_token, user_token) {
                (Some(token), _) => LinkSource::ApiToken(TokenHash::parse(&token)?),
                (None, Some((version, issued))) => LinkSource::UserToken(version, Timestamp(issued)),
                (None, None) => LinkSource::Session,
            };
            Some(FileLinkClaims {
                application: ApplicationId(application),
                viewer: user.map_or(LinkViewer::Application, LinkViewer::User),
                source,
                file,
                issued: Timestamp(issued),
                until: Timestamp(until),
            })
        };
        open().ok_or(Refusal::NotFound)
    }
}

impl fmt::Debug for FileLinkSeal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileLinkSeal(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_opens_as_it_was_sealed_and_no_other_text_does() {
        let seal = FileLinkSeal::new(&[1; 32]);
        let user = LinkViewer::User(UserId::from_bytes([3; 10]));
        for (viewer, source) in [
            (LinkViewer::Application, LinkSource::ApiToken(TokenHash([5; 32]))),
            (user, LinkSource::UserToken(3, Timestamp(4))),
            (user, LinkSource::Session),
        ] {
            let claims = FileLinkClaims {
                application: ApplicationId(9),
                viewer,
                source,
                file: FileId::from_bytes([4; 10]),
                issued: Timestamp(5),
                until: Timestamp(6),
            };
            let token = seal.seal([7; 12], &claims);
            assert_eq!(seal.open(&token), Ok(claims));
            assert_eq!(FileLinkSeal::new(&[2; 32]).open(&token), Err(Refusal::NotFound));
            for place in 0..token.len() {
                let mut changed = token.clone().into_bytes();
                changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
                let opened = seal.open(&String::from_utf8(changed).unwrap());
                assert_eq!(opened, Err(Refusal::NotFound), "at {place}");
            }
        }
        for text in ["", "A", "AAAA", "…"] {
            assert_eq!(seal.open(text), Err(Refusal::NotFound));
        }
    }
}
