//! ID tokens (OpenID Connect Core 1.0, section 2): the checks of section 3.1.3.7.

use jsonwebtoken::{Algorithm, Validation};
use serde_json::{Map, Value};
use wire::Timestamp;

use super::fault::IdTokenFault;
use super::keys::ProviderKeys;

/// The content of an ID token that has passed all checks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct IdToken {
    /// The user's id at the issuer.
    pub(crate) subject: String,
    /// All claims.
    pub(crate) claims: Map<String, Value>,
}

/// The values that an ID token must have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) nonce: &'a str,
    /// The time at which the sign-in began. No token for it is older.
    pub(crate) begun: Timestamp,
    pub(crate) now: Timestamp,
}

/// The algorithms that count. None of them has a secret that the client shares.
const ALGORITHMS: [Algorithm; 3] = [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA];
/// The most bytes of a token.
const TOKEN_BYTES: usize = 32 * 1_024;
/// The longest subject, in bytes.
const SUBJECT_BYTES: usize = 255;
/// The most that the clocks of provider and server may differ, in seconds.
const LEEWAY_S: i64 = 120;

impl IdToken {
    /// Verifies a token.
    ///
    /// # Errors
    /// The first check that fails.
    pub(crate) fn verify(text: &str, keys: &ProviderKeys, wanted: Wanted<'_>) -> Result<Self, IdTokenFault> {
        if text.len() > TOKEN_BYTES {
            return Err(IdTokenFault::Form);
        }
        let header = jsonwebtoken::decode_header(text).map_err(|_| IdTokenFault::Form)?;
        if header.crit.is_some() {
            return Err(IdTokenFault::Form);
        }
        if !ALGORITHMS.contains(&header.alg) {
            return Err(IdTokenFault::Algorithm);
        }
        let key = keys.find(header.kid.as_deref(), header.alg)?;
        // The key has the algorithm. The library has a clock of its own, which is not used.
        let mut validation = Validation::new(key.algorithm);
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let decoded = jsonwebtoken::decode::<Map<String, Value>>(text, &key.key, &validation);
        let claims = decoded.map_err(|_| IdTokenFault::Signature)?.claims;
        let subject = check(&claims, wanted)?;
        Ok(Self { subject, claims })
    }
}

/// Checks the claims; returns the subject.
fn check(claims: &Map<String, Value>, wanted: Wanted<'_>) -> Result<String, IdTokenFault> {
    let Wanted { issuer, client_id, nonce, begun, now } = wanted;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let (now, begun) = (now.0.div_euclid(1_000), begun.0.div_euclid(1_000));
    let audience: Vec<&str> = match claims.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let is_for_one = audience.len() == 1 && claims.get("azp").is_none();
    let (issued, expires) = (seconds(claims, "iat"), seconds(claims, "exp"));
    let is_issued = |iat: i64| (begun.saturating_sub(LEEWAY_S)..=now.saturating_add(LEEWAY_S)).contains(&iat);
    let checks = [
        ("iss", text("iss") == Some(issuer)),
        ("aud", audience.contains(&client_id)),
        ("azp", is_for_one || text("azp") == Some(client_id)),
        ("exp", expires.is_some_and(|exp| now < exp.saturating_add(LEEWAY_S))),
        ("iat", issued.is_some_and(is_issued)),
        (
            "nbf",
            !claims.contains_key("nbf") || seconds(claims, "nbf").is_some_and(|nbf| nbf <= now + LEEWAY_S),
        ),
        ("nonce", text("nonce") == Some(nonce)),
    ];
    if let Some((claim, _)) = checks.into_iter().find(|(_, is_right)| !is_right) {
        return Err(IdTokenFault::Claim(claim));
    }
    let subject = text("sub").filter(|sub| !sub.is_empty() && sub.len() <= SUBJECT_BYTES);
    subject.map(str::to_owned).ok_or(IdTokenFault::Claim("sub"))
}

/// Returns a time in seconds, which some providers write with a fraction.
fn seconds(claims: &Map<String, Value>, name: &str) -> Option<i64> {
    let value = claims.get(name)?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "times of this era fit, and others are cut to the range"
    )]
    value.as_i64().or_else(|| value.as_f64().filter(|time| time.is_finite()).map(|time| time as i64))
}
