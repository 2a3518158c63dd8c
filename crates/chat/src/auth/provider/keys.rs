//! The public keys of a provider (RFC 7517).

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;

use super::fault::IdTokenFault;

/// The keys that verify a provider's ID tokens.
#[derive(Clone, Default)]
pub(crate) struct ProviderKeys(Vec<ProviderKey>);

/// A key, with the one algorithm that it is for.
#[derive(Clone)]
pub(crate) struct ProviderKey {
    id: Option<String>,
    pub(crate) algorithm: Algorithm,
    pub(crate) key: DecodingKey,
}

/// The most keys that are read.
const KEYS: usize = 64;

impl ProviderKeys {
    /// Reads a key set. Keys that are not for signatures, or for other algorithms than RS256, ES256 and EdDSA, are left
    /// out.
    ///
    /// # Errors
    /// A sentence, if it is no key set.
    pub(crate) fn read(json: &[u8]) -> Result<Self, String> {
        let set: Value = serde_json::from_slice(json).map_err(|error| format!("not valid: {error}"))?;
        let keys = set["keys"].as_array().ok_or("it has no list \"keys\"")?;
        Ok(Self(keys.iter().take(KEYS).filter_map(ProviderKey::read).collect()))
    }

    /// Returns the key that a token names. One without a name has the only key of its algorithm.
    ///
    /// # Errors
    /// [`IdTokenFault::KeyUnknown`], and [`IdTokenFault::Algorithm`] if the key is for another algorithm.
    pub(crate) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Result<&ProviderKey, IdTokenFault> {
        if let Some(id) = id {
            let mut named = self.0.iter().filter(|key| key.id.as_deref() == Some(id)).peekable();
            named.peek().ok_or(IdTokenFault::KeyUnknown)?;
            return named.find(|key| key.algorithm == algorithm).ok_or(IdTokenFault::Algorithm);
        }
        let mut fitting = self.0.iter().filter(|key| key.algorithm == algorithm);
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key),
            _ => Err(IdTokenFault::KeyUnknown),
        }
    }
}

impl ProviderKey {
    fn read(json: &Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(json.clone()).ok()?;
        if !matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature)) {
            return None;
        }
        let (algorithm, named) = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
                (Algorithm::ES256, KeyAlgorithm::ES256)
            }
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
                (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
            }
            _ => return None,
        };
        if jwk.common.key_algorithm.is_some_and(|given| given != named) {
            return None;
        }
        Some(Self { id: jwk.common.key_id.clone(), algorithm, key: DecodingKey::from_jwk(&jwk).ok()? })
    }
}
