//! The settings of a provider, as the operator gives them.

use std::collections::BTreeMap;
use std::fmt;

use crate::ports::store::Issuer;

/// A provider of OpenID Connect by which people sign in.
#[derive(Clone, PartialEq, Eq)]
pub struct Provider {
    /// The id, which is part of addresses: lower-case letters, digits and hyphens.
    pub id: String,
    /// The name on the button.
    pub name: String,
    /// The issuer's URL, exactly as it signs it.
    pub issuer: String,
    /// The id under which this server is registered there.
    pub client_id: String,
    /// The secret that belongs to it; none for a public client, which PKCE alone protects.
    pub client_secret: Option<String>,
    /// The scopes that are asked for; `openid` is always among them.
    pub scopes: Vec<String>,
    /// The people without an account here who may sign up.
    pub sign_up: ProviderSignUp,
    /// The domains of e-mail addresses that may sign in, in lower case; empty for all. The provider must have verified
    /// the address.
    pub email_domains: Vec<String>,
    /// Claims that a user must have, each with the values of which one suffices.
    pub require: BTreeMap<String, Vec<String>>,
}

/// The people without an account here who may sign up by a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProviderSignUp {
    /// Nobody: identities are linked by people with an account.
    Off,
    /// Everybody whom the provider lets in.
    On,
    /// Those who come by an invite to a group.
    Invited,
}

impl Provider {
    /// Returns the issuer as the store keeps it with an identity.
    pub(crate) fn issuer(&self) -> Issuer {
        Issuer { provider: self.id.clone(), issuer: self.issuer.clone() }
    }
}

/// Without the secret.
impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Provider({}, {})", self.id, self.issuer)
    }
}
