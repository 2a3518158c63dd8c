//! The metadata of a provider (OpenID Connect Discovery 1.0, section 3).

use serde::Deserialize;

/// The parts of a provider's metadata that a sign-in needs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct ProviderMetadata {
    issuer: String,
    pub(crate) authorization_endpoint: String,
    pub(crate) token_endpoint: String,
    pub(crate) jwks_uri: String,
    #[serde(default)]
    pub(crate) userinfo_endpoint: Option<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default, rename = "authorization_response_iss_parameter_supported")]
    names_itself: bool,
}

/// The path of the metadata below the issuer.
const PATH: &str = "/.well-known/openid-configuration";

impl ProviderMetadata {
    /// Returns the address of an issuer's metadata.
    pub(crate) fn address(issuer: &str) -> String {
        format!("{}{PATH}", issuer.trim_end_matches('/'))
    }

    /// Reads the metadata of an issuer.
    ///
    /// # Errors
    /// A sentence, if it is that of another issuer, or an endpoint is missing or weaker than the issuer's address.
    pub(crate) fn read(json: &[u8], issuer: &str) -> Result<Self, String> {
        let read: Self = serde_json::from_slice(json).map_err(|error| format!("not valid: {error}"))?;
        if read.issuer != issuer {
            return Err(format!("it is that of {:?}, and not of {issuer:?}", read.issuer));
        }
        let userinfo = read.userinfo_endpoint.iter();
        let endpoints = [&read.authorization_endpoint, &read.token_endpoint, &read.jwks_uri];
        let is_https = |url: &str| url.starts_with("https://");
        for url in endpoints.into_iter().chain(userinfo) {
            if !is_https(url) && (is_https(issuer) || !url.starts_with("http://")) {
                return Err(format!("the endpoint {url:?} is not https"));
            }
        }
        Ok(read)
    }

    /// Returns true if the client's secret is sent in the body and not in the header, because the provider takes it
    /// nowhere else.
    pub(crate) fn takes_secret_in_body(&self) -> bool {
        let methods = self.token_endpoint_auth_methods_supported.as_deref().unwrap_or_default();
        let has = |method: &str| methods.iter().any(|known| known == method);
        has("client_secret_post") && !has("client_secret_basic")
    }

    /// Returns true if an answer with this `iss` parameter, or without one, is that of the issuer (RFC 9207).
    pub(crate) fn is_from_issuer(&self, iss: Option<&str>) -> bool {
        iss.map_or(!self.names_itself, |iss| iss == self.issuer)
    }
}
