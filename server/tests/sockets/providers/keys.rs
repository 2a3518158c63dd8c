//! Keys of a provider, made in the test, and the tokens that they sign.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RSA_PKCS1_SHA512, RsaEncoding, RsaKeyPair, RsaPublicKeyComponents,
};
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// The keys of a provider.
pub(super) struct Keys {
    rsa: RsaKeyPair,
    ec: EcdsaKeyPair,
    ed: Ed25519KeyPair,
    /// An RSA key that is in no key set.
    foreign: RsaKeyPair,
}

/// The signature of a token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Signing {
    Rsa,
    RsaSha512,
    Ec,
    Ed,
    /// A key that the provider does not list.
    Foreign,
    /// HMAC with the client's secret as the key.
    ClientSecret,
    /// HMAC with the public key as the key.
    PublicKey,
    /// An empty signature.
    Empty,
}

/// The secret under which the server is registered at every provider.
pub(super) const CLIENT_SECRET: &str = "eine Tasse Tee: 茶&+";

impl Keys {
    pub(super) fn new() -> Self {
        let rsa = || RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        Self {
            rsa: rsa(),
            ec: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
            ed: Ed25519KeyPair::generate().unwrap(),
            foreign: rsa(),
        }
    }

    /// Returns the key set, in which each name begins so.
    pub(super) fn set(&self, names: &str) -> Value {
        let (n, e) = components(&self.rsa);
        let point = &self.ec.public_key().as_ref()[1..];
        let (x, y) = point.split_at(32);
        let text = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        json!({ "keys": [
            { "kty": "RSA", "use": "enc", "kid": format!("{names}-enc"), "n": text(&n), "e": text(&e) },
            { "kty": "RSA", "use": "sig", "alg": "RS256", "kid": format!("{names}-rsa"), "n": text(&n), "e": text(&e) },
            { "kty": "EC", "crv": "P-256", "use": "sig", "kid": format!("{names}-ec"), "x": text(x), "y": text(y) },
            { "kty": "OKP", "crv": "Ed25519", "kid": format!("{names}-ed"), "x": text(self.ed.public_key().as_ref()) },
            { "kty": "oct", "kid": format!("{names}-oct"), "k": text(b"secret") },
            { "kty": "of tomorrow", "kid": format!("{names}-new") },
        ] })
    }

    /// Returns the key that is in no set, as a header may bring it.
    pub(super) fn foreign_jwk(&self) -> Value {
        let (n, e) = components(&self.foreign);
        json!({ "kty": "RSA", "n": BASE64URL_NOPAD.encode(&n), "e": BASE64URL_NOPAD.encode(&e) })
    }

    pub(super) fn sign(&self, header: &Value, claims: &Value, signing: Signing) -> String {
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let message = format!("{}.{}", part(header), part(claims));
        let bytes = message.as_bytes();
        let signature = match signing {
            Signing::Rsa => rsa(&self.rsa, &RSA_PKCS1_SHA256, bytes),
            Signing::RsaSha512 => rsa(&self.rsa, &RSA_PKCS1_SHA512, bytes),
            Signing::Foreign => rsa(&self.foreign, &RSA_PKCS1_SHA256, bytes),
            Signing::Ec => self.ec.sign(&SystemRandom::new(), bytes).unwrap().as_ref().to_vec(),
            Signing::Ed => self.ed.sign(bytes).as_ref().to_vec(),
            Signing::ClientSecret => hmac(CLIENT_SECRET.as_bytes(), bytes),
            Signing::PublicKey => hmac(&components(&self.rsa).0, bytes),
            Signing::Empty => Vec::new(),
        };
        format!("{message}.{}", BASE64URL_NOPAD.encode(&signature))
    }
}

fn components(key: &RsaKeyPair) -> (Vec<u8>, Vec<u8>) {
    let RsaPublicKeyComponents { n, e } = RsaPublicKeyComponents::<Vec<u8>>::from(key.public_key());
    (n, e)
}

fn rsa(key: &RsaKeyPair, by: &'static dyn RsaEncoding, message: &[u8]) -> Vec<u8> {
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(by, &SystemRandom::new(), message, &mut signature).unwrap();
    signature
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}
