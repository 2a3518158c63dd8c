//! The reasons for which an ID token is refused.

use std::fmt;

/// The reason that an ID token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IdTokenFault {
    /// It is no JWT, or too long, or has a header that must be understood and is not.
    Form,
    /// It is signed by an algorithm that is not allowed, or that the key is not for.
    Algorithm,
    /// The provider has no key of this name.
    KeyUnknown,
    /// The key has not signed it.
    Signature,
    /// This claim is missing or wrong.
    Claim(&'static str),
}

/// English, for logs.
impl fmt::Display for IdTokenFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form => f.write_str("the ID token is not a JWT that can be read"),
            Self::Algorithm => f.write_str(
                "the ID token is signed by an algorithm other than RS256, ES256 and EdDSA, or than its key's",
            ),
            Self::KeyUnknown => {
                f.write_str("the ID token is signed by a key that the provider does not list")
            }
            Self::Signature => f.write_str("the signature of the ID token is wrong"),
            Self::Claim(claim) => write!(f, "the claim \"{claim}\" of the ID token is missing or wrong"),
        }
    }
}
