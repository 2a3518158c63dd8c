//! The error of a server function: a refusal, or a server that could not be reached.

use leptos::prelude::{FromServerFnError, ServerFnErrorErr};
use leptos::server_fn::codec::JsonEncoding;
use serde::{Deserialize, Serialize};
use wire::{Refusal, Refused};

/// The error of a call: a code with parameters, for which the page has a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Refused", into = "Refused")]
pub struct Failure {
    /// The code and the parameters.
    pub refused: Refused,
    /// The HTTP status of the response.
    status: u16,
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self { refused, status: 500 }
    }
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        failure.refused
    }
}

/// The code of a call that never reached the server.
const UNREACHABLE: &str = "unreachable";

impl Failure {
    /// Returns true if the requested thing does not exist, or not for this caller.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.refused.code == Refusal::NotFound.code()
    }
}

impl Failure {
    /// Returns true if the server could not be reached, or cannot answer now: a retry may help.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        self.refused.code == UNREACHABLE || self.refused.code == Refusal::Unavailable.code()
    }

    /// Creates the error of a server that did not answer.
    #[must_use]
    pub fn unreachable() -> Self {
        Self::coded(UNREACHABLE, 503)
    }

    /// Parses the error response of a server function.
    #[must_use]
    pub fn read(body: &str) -> Self {
        serde_json::from_slice(body.as_bytes()).unwrap_or_else(|_| Self::unreachable())
    }

    fn coded(code: &str, status: u16) -> Self {
        Self { refused: Refused::by_code(code), status }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self { refused: Refused::from(&refusal), status: refusal.status() }
    }
}

#[cfg(feature = "ssr")]
impl From<chat::Error> for Failure {
    fn from(no: chat::Error) -> Self {
        let refused = no.refused();
        Self { refused, status: no.into_refusal().status() }
    }
}

impl FromServerFnError for Failure {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            // In a browser the response could not be parsed: it is a proxy's, and not the server's.
            ServerFnErrorErr::Deserialization(_) if cfg!(not(feature = "ssr")) => Self::unreachable(),
            ServerFnErrorErr::Args(_)
            | ServerFnErrorErr::MissingArg(_)
            | ServerFnErrorErr::Deserialization(_) => Self::coded("form_bad", 400),
            _ => Self::unreachable(),
        }
    }

    fn status_code(&self) -> http::StatusCode {
        http::StatusCode::from_u16(self.status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR)
    }
}
