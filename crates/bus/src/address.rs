//! The address of a bus, as an operator writes it.

use std::fmt;

/// The kind of a bus, with the URL of its service. The URL may contain a password, so only [`Address::without_password`]
/// is shown.
#[derive(Clone, PartialEq, Eq)]
pub enum Address {
    /// `local`: a single node, or several in one process.
    Local,
    /// `none`: no hints at all.
    None,
    /// `redis://` or, with TLS, `rediss://`.
    Redis(String),
    /// `nats://` or, with TLS, `tls://`.
    Nats(String),
}

/// The error for an address that leads to no bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressError(String);

impl Address {
    /// Finds the kind of a bus by its address.
    ///
    /// # Errors
    /// [`AddressError`] if there is none of this kind.
    pub fn parse(address: &str) -> Result<Self, AddressError> {
        match address {
            "local" => Ok(Self::Local),
            "none" => Ok(Self::None),
            _ => match address.split_once("://").map(|(scheme, rest)| (scheme, !rest.is_empty())) {
                Some(("redis" | "rediss", true)) => Ok(Self::Redis(address.to_owned())),
                Some(("nats" | "tls", true)) => Ok(Self::Nats(address.to_owned())),
                _ => Err(AddressError::of(
                    address,
                    "it is local, none, redis://…, rediss://…, nats://… or tls://…",
                )),
            },
        }
    }

    /// Returns the address for messages: without user and password.
    #[must_use]
    pub fn without_password(&self) -> String {
        match self {
            Self::Local => "local".to_owned(),
            Self::None => "none".to_owned(),
            Self::Redis(url) | Self::Nats(url) => redact(url),
        }
    }
}

impl AddressError {
    pub(crate) fn of(address: &str, problem: &str) -> Self {
        Self(format!("bus = \"{}\" is not right; {problem}", redact(address)))
    }
}

/// Removes everything between the scheme and the last `@`, and the query, where some clients expect secrets.
fn redact(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://…@{host}"),
        (None, Some((_, host))) => format!("…@{host}"),
        _ => url.to_owned(),
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({})", self.without_password())
    }
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for AddressError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_is_the_kind() {
        assert_eq!(Address::parse("local"), Ok(Address::Local));
        assert_eq!(Address::parse("none"), Ok(Address::None));
        for url in ["redis://127.0.0.1", "rediss://ann:pass@bus.example:6380/2"] {
            assert_eq!(Address::parse(url), Ok(Address::Redis(url.to_owned())));
        }
        for url in ["nats://127.0.0.1", "tls://bus.example:4222"] {
            assert_eq!(Address::parse(url), Ok(Address::Nats(url.to_owned())));
        }
    }

    #[test]
    fn an_unknown_bus_is_told_which_there_are() {
        for bad in ["", "Local", "redis", "redis://", "http://127.0.0.1", "redis:127.0.0.1"] {
            let error = Address::parse(bad).unwrap_err().to_string();
            let kinds = "it is local, none, redis://…, rediss://…, nats://… or tls://…";
            assert_eq!(error, format!("bus = \"{bad}\" is not right; {kinds}"));
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        for url in [
            "redis://:opensesame@127.0.0.1:6379",
            "nats://ann:open@sesame@127.0.0.1",
            "redis://127.0.0.1?password=opensesame",
        ] {
            let address = Address::parse(url).unwrap();
            let shown = format!("{address:?} {}", address.without_password());
            assert!(!shown.contains("open") && !shown.contains("sesame"), "{shown}");
            assert!(shown.contains("127.0.0.1"), "{shown}");
        }
        let unknown = Address::parse("amqp://ann:opensesame@127.0.0.1").unwrap_err().to_string();
        assert!(unknown.starts_with("bus = \"amqp://…@127.0.0.1\" is not right"), "{unknown}");
        let without_scheme = Address::parse("ann:opensesame@127.0.0.1").unwrap_err().to_string();
        assert!(!without_scheme.contains("opensesame"), "{without_scheme}");
    }
}
