//! Providers of OpenID Connect: their settings, metadata, keys and ID tokens, and the sealed state of a sign-in.

mod claims;
mod fault;
mod id_token;
mod keys;
mod metadata;
mod sealed_state;
mod settings;

pub(crate) use claims::ProviderClaims;
pub(crate) use fault::IdTokenFault;
pub(crate) use id_token::{IdToken, Wanted};
pub(crate) use keys::ProviderKeys;
pub(crate) use metadata::ProviderMetadata;
pub(crate) use sealed_state::{LinkGrant, SignInSeal, SignInState};
pub use settings::{Provider, ProviderSignUp};
