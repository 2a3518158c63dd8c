//! The master secret of a server, and the keys that are derived from it.

use std::fmt;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use hkdf::Hkdf;
use sha2::Sha256;
use wire::ApplicationId;

/// 256 random bits from which every key of the server is derived, so that no key is stored. All nodes have the same.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterSecret([u8; 32]);

/// The purpose of a derived key: keys of different purposes tell nothing about each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyPurpose {
    /// Signing the user tokens of an application.
    UserTokens,
    /// Sealing cursors that are positions of the store.
    Cursors,
    /// Sealing links to files.
    FileLinks,
    /// Tells whether two secrets are the same.
    Check,
    /// Authenticating messages between nodes.
    Bus,
    /// Naming the cluster of nodes that have the secret.
    ClusterName,
    /// The token of the owner link.
    OwnerLink,
    /// Signing the deliveries of an outgoing webhook.
    Webhooks,
    /// Naming the events of outgoing webhooks.
    WebhookEvents,
    /// Sealing the state of sign-ins at providers.
    SignIns,
}

impl MasterSecret {
    /// Creates the secret of these random bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes, for a file that only the owner can read.
    #[must_use]
    pub const fn to_bytes(&self) -> [u8; 32] {
        self.0
    }

    /// Parses 64 hexadecimal digits; none if the text is something else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).ok()?.try_into().map(Self).ok()
    }

    /// Returns it as 64 hexadecimal digits. Not `Display`, so that no log line shows it by accident.
    #[must_use]
    pub fn reveal(&self) -> String {
        HEXLOWER.encode(&self.0)
    }

    /// Returns a number that is the same for the same secret and tells nothing about it, so that nodes notice that theirs
    /// differ.
    #[must_use]
    pub fn check(&self) -> [u8; 32] {
        self.derive(KeyPurpose::Check, ApplicationId::SERVER, 1)
    }

    /// Returns the key by which nodes with this secret recognise each other's messages on a bus.
    #[must_use]
    pub fn bus_key(&self) -> [u8; 32] {
        self.derive(KeyPurpose::Bus, ApplicationId::SERVER, 1)
    }

    /// Returns the name that nodes with this secret have in common, and no others: 16 hexadecimal digits, which tell
    /// nothing about the secret.
    #[must_use]
    pub fn cluster_name(&self) -> String {
        HEXLOWER.encode(&self.derive(KeyPurpose::ClusterName, ApplicationId::SERVER, 1)[..8])
    }

    /// Derives a version of an application's key by HKDF-SHA256 (RFC 5869).
    pub(crate) fn derive(&self, purpose: KeyPurpose, application: ApplicationId, version: u32) -> [u8; 32] {
        self.expand(&format!("hubbub/{}/{application}/{version}", purpose.name()))
    }

    /// As [`MasterSecret::derive`], with a key of its own for each of several things of one application.
    pub(crate) fn derive_for(
        &self,
        purpose: KeyPurpose,
        application: ApplicationId,
        thing: impl fmt::Display,
        version: u32,
    ) -> [u8; 32] {
        self.expand(&format!("hubbub/{}/{application}/{thing}/{version}", purpose.name()))
    }

    fn expand(&self, info: &str) -> [u8; 32] {
        let mut key = [0; 32];
        let derived = Hkdf::<Sha256>::new(None, &self.0).expand(info.as_bytes(), &mut key);
        derived.unwrap_or_else(|_| unreachable!("32 bytes are fewer than HKDF can give"));
        key
    }
}

impl KeyPurpose {
    const fn name(self) -> &'static str {
        match self {
            Self::UserTokens => "user-tokens",
            Self::Cursors => "cursors",
            Self::FileLinks => "file-links",
            Self::Check => "check",
            Self::Bus => "bus",
            Self::ClusterName => "cluster-name",
            Self::OwnerLink => "owner-link",
            Self::Webhooks => "webhooks",
            Self::WebhookEvents => "webhook-events",
            Self::SignIns => "sign-ins",
        }
    }
}

impl fmt::Debug for MasterSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_reads_back_and_never_shows_itself() {
        let secret = MasterSecret::from_bytes([0xa7; 32]);
        assert_eq!(MasterSecret::parse(&format!("{}\n", secret.reveal())), Some(secret.clone()));
        assert!(!format!("{secret:?}").contains("a7"));
        for bad in ["", "a7", &"g".repeat(64), &"a".repeat(65)] {
            assert_eq!(MasterSecret::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn nodes_with_one_secret_have_one_name_and_one_key() {
        let [one, same, other] = [1, 1, 2].map(|byte| MasterSecret::from_bytes([byte; 32]));
        assert_eq!((one.cluster_name(), one.bus_key()), (same.cluster_name(), same.bus_key()));
        assert_ne!(one.cluster_name(), other.cluster_name());
        assert_ne!(one.bus_key(), other.bus_key());
        assert_eq!(one.cluster_name().len(), 16);
        assert!(!HEXLOWER.encode(&one.bus_key()).starts_with(&one.cluster_name()));
    }

    #[test]
    fn each_application_and_version_has_a_key_of_its_own() {
        let secret = MasterSecret::from_bytes([1; 32]);
        let key = |secret: &MasterSecret, application, version| {
            secret.derive(KeyPurpose::UserTokens, ApplicationId(application), version)
        };
        let keys = [
            key(&secret, 2, 1),
            key(&secret, 2, 11),
            key(&secret, 21, 1),
            key(&MasterSecret::from_bytes([2; 32]), 2, 1),
        ];
        for (at, one) in keys.iter().enumerate() {
            assert!(keys[..at].iter().all(|other| other != one));
        }
        assert_eq!(key(&secret, 2, 1), keys[0]);
        // As an independent implementation derives it, so that an update never changes the keys of applications.
        let expected = "4eedeb3da46f84fae4680794ff61fce684a02d31579c038be7edcb7796459abb";
        assert_eq!(HEXLOWER.encode(&keys[0]), expected);
    }
}
