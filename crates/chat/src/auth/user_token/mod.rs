//! User tokens: JWTs (RFC 7519) by which the users of an application are authenticated. The application's back end signs
//! them, with any JWT library.

mod claims;
mod scope;
mod signing_key;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use wire::{Expected, PublicId, Refusal, Timestamp};

pub(crate) use claims::{ClaimedKey, bad as bad_claim};
pub use scope::TokenScope;
pub use signing_key::SigningKey;

/// The longest lifetime of a token: a day, in milliseconds.
pub(crate) const LONGEST_MS: i64 = 24 * 3_600_000;
/// The most that the clock of a back end may be ahead, in milliseconds.
const AHEAD_MS: i64 = 5_000;

/// The claims of a user token that was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UserToken {
    /// The application's key of the user, or `id:` and their id.
    pub(crate) subject: String,
    /// The time at which it was issued, to the second.
    pub(crate) issued: Timestamp,
    /// The time from which it no longer works, to the second.
    pub(crate) expires: Timestamp,
    /// The name of a user that the token may create.
    pub(crate) name: Option<String>,
    pub(crate) scope: TokenScope,
}

/// The claims as they are in the token. Unknown ones are ignored.
#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
    aud: Audience,
    iat: i64,
    exp: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<TokenScope>,
}

/// An audience, which some libraries write as a list (RFC 7519, section 4.1.3).
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    List([String; 1]),
}

/// Returns true if a text claims to be a user token, right or wrong: a JWT has three parts, and its header is a JSON
/// object in base 64.
#[must_use]
pub fn is_user_token(text: &str) -> bool {
    text.starts_with("ey") && text.bytes().filter(|b| *b == b'.').count() == 2
}

impl UserToken {
    /// Verifies a token with the key that it claims: its signature, its algorithm, its audience and its times. None if
    /// the key has not signed it.
    ///
    /// # Errors
    /// [`Refusal::ClaimBad`] for a time, if the key has signed it.
    pub(crate) fn verify(
        text: &str,
        key: &SigningKey,
        audience: PublicId,
        now: Timestamp,
    ) -> Result<Option<Self>, Refusal> {
        let Some(claims) = Claims::verified(text, key, audience) else { return Ok(None) };
        claims.at(now).map(Some)
    }

    /// Signs the token; none if the library cannot.
    pub(crate) fn sign(&self, key: &SigningKey, audience: PublicId) -> Option<String> {
        let Self { subject, issued, expires, name, scope } = self.clone();
        let claims = Claims {
            sub: subject,
            aud: Audience::One(audience.to_string()),
            iat: issued.0.div_euclid(1_000),
            exp: expires.0.div_euclid(1_000),
            nbf: None,
            name,
            scope: (scope != TokenScope::default()).then_some(scope),
        };
        let header = Header { kid: Some(key.version().to_string()), ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(key.reveal().as_bytes()).ok()?).ok()
    }
}

impl Claims {
    /// Verifies the signature, the algorithm and the audience of a token, and returns its claims.
    fn verified(text: &str, key: &SigningKey, audience: PublicId) -> Option<Self> {
        // The algorithm is fixed; the header never chooses it. The library has a clock of its own, which is not used.
        let mut validation = Validation::new(Algorithm::HS256);
        validation.validate_exp = false;
        validation.required_spec_claims = ["exp", "aud", "sub"].map(str::to_owned).into();
        validation.set_audience(&[audience]);
        let key = DecodingKey::from_secret(key.reveal().as_bytes()).ok()?;
        Some(jsonwebtoken::decode(text, &key, &validation).ok()?.claims)
    }

    /// Returns the token, if it works at a time.
    fn at(self, now: Timestamp) -> Result<UserToken, Refusal> {
        let millis = |seconds: i64| seconds.checked_mul(1_000).map(Timestamp);
        let Self { sub, iat, exp, nbf, name, scope, .. } = self;
        let issued = millis(iat).ok_or_else(|| bad_claim("iat", Expected::Seconds))?;
        let expires = millis(exp).ok_or_else(|| bad_claim("exp", Expected::WithinDay))?;
        let latest = now.0.saturating_add(AHEAD_MS);
        let life = expires.0.checked_sub(issued.0);
        let starts = nbf.map(|nbf| millis(nbf).unwrap_or(Timestamp(i64::MAX)));
        let checks = [
            ("exp", Expected::WithinDay, life.is_some_and(|life| (0..=LONGEST_MS).contains(&life))),
            ("exp", Expected::Future, now < expires),
            ("iat", Expected::NotAhead, issued.0 <= latest),
            ("nbf", Expected::NotAhead, starts.is_none_or(|starts| starts.0 <= latest)),
            ("scope", Expected::TokenScope, scope.as_ref().is_none_or(TokenScope::is_within_limits)),
        ];
        match checks.into_iter().find(|(.., is_right)| !is_right) {
            Some((claim, wants, _)) => Err(bad_claim(claim, wants)),
            None => Ok(UserToken { subject: sub, issued, expires, name, scope: scope.unwrap_or_default() }),
        }
    }
}

/// Returns the time that ends every token that could work now: tokens issued before it no longer work. It is later than
/// the latest `iat` that is accepted, and a whole second, as `iat` is.
pub(crate) const fn valid_from(now: Timestamp) -> Timestamp {
    let second = now.0.saturating_add(AHEAD_MS).div_euclid(1_000);
    Timestamp(second.saturating_add(1).saturating_mul(1_000))
}

#[cfg(test)]
mod tests;
