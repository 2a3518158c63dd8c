//! The providers of OpenID Connect in the settings file, and their validation.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

use chat::{Provider, ProviderSignUp, SignUp};
use http::Uri;
use serde::Deserialize;

use super::ConfigError;
use super::store_choice::first_line;

/// A table `[providers.<id>]` of the settings file.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ProviderSettings {
    /// The name on the button; the id without one.
    name: Option<String>,
    issuer: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    client_secret_file: Option<PathBuf>,
    /// The name of an environment variable with the secret.
    client_secret_env: Option<String>,
    scopes: Option<Vec<String>>,
    sign_up: Option<ProviderSignUpChoice>,
    email_domains: Vec<String>,
    require: BTreeMap<String, Values>,
}

/// The people without an account who may sign up by a provider.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ProviderSignUpChoice {
    Off,
    On,
    Invited,
}

/// The values of a claim, of which one suffices.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Values {
    One(String),
    Many(Vec<String>),
}

/// The most characters of an id, and of a name.
const ID_CHARS: usize = 32;
const NAME_CHARS: usize = 40;
/// The most providers.
const PROVIDERS: usize = 16;

/// Checks the providers. `sign_up` is that of the server, which a provider without a setting of its own follows.
pub(super) fn check(
    given: BTreeMap<String, ProviderSettings>,
    sign_up: SignUp,
) -> Result<Vec<Provider>, ConfigError> {
    if given.len() > PROVIDERS {
        return Err(ConfigError(format!(
            "providers has {} tables; there may be {PROVIDERS} of them",
            given.len()
        )));
    }
    given.into_iter().map(|(id, settings)| settings.check(id, sign_up)).collect()
}

impl ProviderSettings {
    fn check(self, id: String, sign_up: SignUp) -> Result<Provider, ConfigError> {
        let of_id = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if id.is_empty() || id.len() > ID_CHARS || !id.bytes().all(of_id) {
            return Err(ConfigError(format!(
                "[providers.{}] is not right; give it an id of 1 to {ID_CHARS} lower-case letters, digits and hyphens",
                id.escape_debug()
            )));
        }
        let client_secret = self.checked_secret(&id)?;
        let wrong = |setting: &str, right: &str| {
            ConfigError(format!("{setting} of [providers.{id}] is not right; {right}"))
        };
        let name = self.name.unwrap_or_else(|| id.clone());
        let is_name = !name.trim().is_empty()
            && name.chars().count() <= NAME_CHARS
            && !name.chars().any(char::is_control);
        if !is_name {
            return Err(wrong("name", &format!("give 1 to {NAME_CHARS} characters, all in one line")));
        }
        let issuer = self.issuer.filter(|issuer| is_issuer(issuer)).ok_or_else(|| {
            wrong("issuer", "give the https address that the provider names as its issuer, such as https://login.example.org")
        })?;
        let client_id = self.client_id.filter(|client| !client.is_empty()).ok_or_else(|| {
            wrong("client_id", "give the id under which this server is registered at the provider")
        })?;
        let is_domain = |domain: &String| {
            domain.contains('.')
                && domain.bytes().all(|b| of_id(b.to_ascii_lowercase()) || b == b'.' || b >= 0x80)
        };
        if !self.email_domains.iter().all(is_domain) {
            return Err(wrong("email_domains", "give domains without @, such as [\"example.org\"]"));
        }
        let require: BTreeMap<String, Vec<String>> =
            self.require.into_iter().map(|(claim, values)| (claim, values.list())).collect();
        if require.values().any(Vec::is_empty) {
            return Err(wrong(
                "require",
                "give each claim the values of which one suffices, such as { groups = [\"staff\"] }",
            ));
        }
        let scopes = checked_scopes(self.scopes)
            .ok_or_else(|| wrong("scopes", "give words such as [\"openid\", \"profile\", \"email\"]"))?;
        let sign_up = match self.sign_up {
            Some(ProviderSignUpChoice::Off) => ProviderSignUp::Off,
            Some(ProviderSignUpChoice::On) => ProviderSignUp::On,
            Some(ProviderSignUpChoice::Invited) => ProviderSignUp::Invited,
            None => match sign_up {
                SignUp::Open => ProviderSignUp::On,
                SignUp::Invite => ProviderSignUp::Invited,
                SignUp::Closed => ProviderSignUp::Off,
            },
        };
        let email_domains = self.email_domains.iter().map(|domain| domain.to_lowercase()).collect();
        Ok(Provider { id, name, issuer, client_id, client_secret, scopes, sign_up, email_domains, require })
    }

    fn checked_secret(&self, id: &str) -> Result<Option<String>, ConfigError> {
        let Self { client_secret, client_secret_file, client_secret_env, .. } = self;
        match (client_secret, client_secret_file, client_secret_env) {
            (None, None, None) => Ok(None),
            (Some(secret), None, None) if !secret.is_empty() => Ok(Some(secret.clone())),
            (None, Some(file), None) => first_line("client_secret_file", file).map(Some),
            (None, None, Some(variable)) => {
                let secret = std::env::var(variable).ok().filter(|secret| !secret.is_empty());
                secret.map(Some).ok_or_else(|| {
                    ConfigError(format!(
                        "client_secret_env of [providers.{id}] names the variable {variable}, which is not set"
                    ))
                })
            }
            _ => Err(ConfigError(format!(
                "[providers.{id}] needs one of client_secret, client_secret_file and client_secret_env, and not empty; leave \
                 all of them out for a client without a secret"
            ))),
        }
    }
}

impl Values {
    fn list(self) -> Vec<String> {
        match self {
            Self::One(value) => vec![value],
            Self::Many(values) => values,
        }
    }
}

/// Returns true for an address with https; one on this machine or in a private network may have http.
fn is_issuer(text: &str) -> bool {
    let Ok(uri) = text.parse::<Uri>() else { return false };
    let Some(host) = uri.host().filter(|_| !text.contains(['?', '#', '@'])) else { return false };
    let host = host.trim_matches(['[', ']']);
    let is_near = host == "localhost"
        || match host.parse::<IpAddr>() {
            Ok(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private(),
            Ok(IpAddr::V6(ip)) => ip.is_loopback() || ip.is_unique_local(),
            Err(_) => false,
        };
    uri.scheme_str() == Some("https") || (uri.scheme_str() == Some("http") && is_near)
}

/// Returns the scopes, with `openid`; none if one is not a word.
fn checked_scopes(given: Option<Vec<String>>) -> Option<Vec<String>> {
    let usual = || ["openid", "profile", "email"].map(str::to_owned).to_vec();
    let mut scopes = given.unwrap_or_else(usual);
    let is_word = |scope: &String| {
        !scope.is_empty() && scope.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\')
    };
    if !scopes.iter().any(|scope| scope == "openid") {
        scopes.insert(0, "openid".into());
    }
    scopes.iter().all(is_word).then_some(scopes)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::settings::ServerSettings;

    /// The settings that every provider needs.
    const WORK: &str = "issuer = \"https://login.example\"\nclient_id = \"hubbub\"\n";

    /// Checks a settings file with these lines for the provider of an id.
    fn given(before: &str, id: &str, lines: &str) -> Result<Vec<Provider>, String> {
        let file = format!("{before}\n[providers.\"{id}\"]\n{lines}");
        let settings: ServerSettings = toml::from_str(&file).map_err(|error| error.message().to_owned())?;
        settings.check().map(|config| config.providers).map_err(|error| error.0)
    }

    #[test]
    fn a_provider_has_defaults_and_follows_the_sign_up_of_the_server() {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("secret");
        fs::write(&secret, "Tieguanyin\n").unwrap();
        let lines = format!(
            "{WORK}client_secret_file = {secret:?}\nemail_domains = [\"Example.ORG\"]\nrequire = {{ hd = \"x\" }}"
        );
        for (sign_up, of_provider) in [
            ("open", ProviderSignUp::On),
            ("invite", ProviderSignUp::Invited),
            ("closed", ProviderSignUp::Off),
        ] {
            let given = given(&format!("sign_up = \"{sign_up}\""), "work", &lines).unwrap();
            let [work] = &given[..] else { panic!("{given:?}") };
            assert_eq!((work.id.as_str(), work.name.as_str(), work.sign_up), ("work", "work", of_provider));
            assert_eq!(work.client_secret.as_deref(), Some("Tieguanyin"));
            assert_eq!(work.scopes, ["openid", "profile", "email"]);
            assert_eq!(work.email_domains, ["example.org"]);
            assert_eq!(work.require["hd"], ["x"]);
            assert!(!format!("{given:?}").contains("Tieguanyin"), "{given:?}");
        }
        let near = "issuer = \"http://127.0.0.1:8080/realms/tea\"\nclient_id = \"a\"\nscopes = [\"groups\"]\nsign_up = \"off\"";
        let near = given("", "of-2", near).unwrap().remove(0);
        assert_eq!((near.scopes.len(), near.client_secret, near.sign_up), (2, None, ProviderSignUp::Off));
    }

    #[test]
    fn every_wrong_setting_of_a_provider_is_told_what_would_be_right() {
        let more = |line: &str| format!("{WORK}{line}");
        for (id, lines, says) in [
            ("work!", WORK.to_owned(), "1 to 32 lower-case letters"),
            ("Work", WORK.to_owned(), "1 to 32 lower-case letters"),
            (
                "work",
                "client_id = \"a\"".into(),
                "issuer of [providers.work] is not right; give the https address",
            ),
            ("work", "issuer = \"http://login.example\"\nclient_id = \"a\"".into(), "give the https address"),
            (
                "work",
                "issuer = \"https://login.example?x\"\nclient_id = \"a\"".into(),
                "give the https address",
            ),
            ("work", "issuer = \"login.example\"\nclient_id = \"a\"".into(), "give the https address"),
            (
                "work",
                "issuer = \"https://login.example\"".into(),
                "client_id of [providers.work] is not right",
            ),
            ("work", more("client_secret = \"Tieguanyin\"\nclient_secret_env = \"X\""), "needs one of"),
            ("work", more("client_secret = \"\""), "needs one of"),
            ("work", more("client_secret_file = \"/nowhere/x\""), "cannot be read"),
            ("work", more("client_secret_env = \"NO_SUCH_VARIABLE\""), "NO_SUCH_VARIABLE, which is not set"),
            ("work", more("email_domains = [\"@example.org\"]"), "domains without @"),
            ("work", more("email_domains = [\"org\"]"), "domains without @"),
            ("work", more("require = { groups = [] }"), "of which one suffices"),
            ("work", more("scopes = [\"two words\"]"), "give words such as"),
            ("work", more("name = \" \""), "1 to 40 characters"),
            ("work", more("sign_up = \"yes\""), "`off`, `on`, `invited`"),
            ("work", more("client_sekret = \"Tieguanyin\""), "unknown field `client_sekret`"),
        ] {
            let wrong = given("", id, &lines).unwrap_err();
            assert!(wrong.contains(says) && !wrong.contains("Tieguanyin"), "{lines}: {wrong}");
        }
    }
}
