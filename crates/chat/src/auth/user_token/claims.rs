//! The form of a user token: its claims are read before its signature is verified, so a refusal tells only about the
//! token itself.

use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;
use serde_json::Value;
use wire::{Expected, PublicId, Refusal};

use super::scope::TokenScope;

/// The most bytes of a token.
const TOKEN_BYTES: usize = 8 * 1_024;

/// The key that a token claims to be signed with. It is not verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClaimedKey {
    /// The application.
    pub(crate) application: PublicId,
    /// The version of its key.
    pub(crate) version: u32,
}

impl ClaimedKey {
    /// Reads the key that a token claims, and checks the form of its claims, without verifying the signature; none if it
    /// is no JWT.
    ///
    /// # Errors
    /// [`Refusal::ClaimBad`] for a claim that is missing or of another type.
    pub(crate) fn of(text: &str) -> Result<Option<Self>, Refusal> {
        let mut parts = text.split('.');
        let (Some(header), Some(claims), Some(_), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Ok(None);
        };
        let is_short = text.len() <= TOKEN_BYTES;
        let (Some(header), Some(claims)) =
            (object(header).filter(|_| is_short), object(claims).filter(|_| is_short))
        else {
            return Ok(None);
        };
        let kid = header["kid"].as_str().and_then(version);
        let version = kid.ok_or_else(|| bad("kid", Expected::KeyVersion))?;
        let application = audience(&claims["aud"]).and_then(|name| name.parse::<PublicId>().ok());
        let application = application.ok_or_else(|| bad("aud", Expected::ApplicationId))?;
        let is_none_or = |claim: &str, is_right: fn(&Value) -> bool| {
            claims.get(claim).is_none_or(|value| value.is_null() || is_right(value))
        };
        let checks = [
            ("sub", Expected::UserName, claims["sub"].is_string()),
            ("iat", Expected::Seconds, claims["iat"].is_i64()),
            ("exp", Expected::Seconds, claims["exp"].is_i64()),
            ("nbf", Expected::Seconds, is_none_or("nbf", Value::is_i64)),
            ("name", Expected::String, is_none_or("name", Value::is_string)),
            ("scope", Expected::TokenScope, is_none_or("scope", is_scope)),
        ];
        match checks.into_iter().find(|(.., is_right)| !is_right) {
            Some((claim, wants, _)) => Err(bad(claim, wants)),
            None => Ok(Some(Self { application, version })),
        }
    }
}

/// Returns the refusal of a claim.
pub(crate) fn bad(claim: &'static str, wants: Expected) -> Refusal {
    Refusal::ClaimBad { claim: claim.into(), wants }
}

fn object(part: &str) -> Option<Value> {
    let bytes = BASE64URL_NOPAD.decode(part.as_bytes()).ok()?;
    serde_json::from_slice(&bytes).ok().filter(Value::is_object)
}

/// Reads the version of a key. There is one way to write it, so that a token has one text.
fn version(kid: &str) -> Option<u32> {
    kid.parse().ok().filter(|version: &u32| version.to_string() == kid)
}

/// Returns the audience, which some libraries write as a list (RFC 7519, section 4.1.3).
fn audience(aud: &Value) -> Option<&str> {
    match aud {
        Value::Array(list) if list.len() == 1 => list[0].as_str(),
        aud => aud.as_str(),
    }
}

fn is_scope(value: &Value) -> bool {
    TokenScope::deserialize(value).is_ok_and(|scope| scope.is_within_limits())
}
