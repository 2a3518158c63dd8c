//! The port for outgoing HTTP requests, to addresses that users or operators give.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

/// Sends HTTP requests. `crates/egress` implements it over the network.
///
/// - **Guarded.** A request reaches only the addresses that its [policy](HttpPolicy) allows. They are checked when it is
///   sent, for each redirect anew, and whatever was checked when the URL was saved.
/// - **Bounded.** An answer or a failure is there when the deadline has passed, and an answer is no longer than asked for.
///   Requests beyond the number that a host, or the node, may have at once wait within their deadline.
/// - **At most once.** A request is sent once. It is sent again only if nothing of it has left the node.
/// - **Without memory.** No cookies, no cache, no proxies.
#[async_trait]
pub trait HttpClient: Send + Sync + 'static {
    /// Sends a request. An answer of any status is an answer, also 404, 500 or a redirect that is not followed.
    ///
    /// # Errors
    /// If there is no answer.
    async fn send(&self, request: HttpRequest) -> Result<HttpAnswer, HttpFailure>;

    /// Checks a URL before it is saved: its syntax, scheme, port, and the address if it names one. Returns it in its
    /// normal form. Names are not looked up.
    ///
    /// # Errors
    /// [`HttpFailure::UrlBad`] and [`HttpFailure::AddressNotPublic`].
    fn check_url(&self, url: &str, policy: HttpPolicy) -> Result<String, HttpFailure>;
}

/// A request.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// The method.
    pub method: HttpMethod,
    /// The absolute URL. Its fragment is not sent.
    pub url: String,
    /// Names and values. The client itself sets `Host`, `Content-Length` and what concerns the connection.
    pub headers: Vec<(String, String)>,
    /// The body; empty for none.
    pub body: Bytes,
    /// The time for everything: waiting, the name lookup, redirects and the body of the answer.
    pub deadline: Duration,
    /// The most bytes of the answer's body that are read.
    pub max_body: usize,
    /// The most redirects that are followed. With 0 a redirect is the answer.
    pub redirects: u8,
    /// The addresses that it may reach.
    pub policy: HttpPolicy,
}

/// The method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpMethod {
    /// `GET`
    Get,
    /// `HEAD`
    Head,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `DELETE`
    Delete,
}

/// The addresses that a request may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HttpPolicy {
    /// For URLs of users: public addresses on ports 80 and 443, and what the operator opens.
    Public,
    /// As [`HttpPolicy::Public`], with https only.
    PublicHttps,
    /// For URLs of the operator: every address and port. Those that are public have to be https.
    Trusted,
}

/// An answer.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The status code, from 100 to 999.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body, or its beginning.
    pub body: Bytes,
    /// True if the body is longer than what is here.
    pub truncated: bool,
    /// The URL that answered, after redirects.
    pub url: String,
}

/// The reason that there is no answer. None of them says to which address a name leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpFailure {
    /// The URL is not one that can be called.
    UrlBad(UrlFault),
    /// The address is not public, or on another port than those that are allowed there.
    AddressNotPublic,
    /// The host name has no address.
    NameUnknown,
    /// No connection could be made, or it broke before the answer.
    ConnectionFailed,
    /// There is a connection, and TLS failed on it.
    TlsFailed(TlsFault),
    /// There was no whole answer within the deadline.
    Timeout,
    /// There were more redirects than the request allows.
    TooManyRedirects,
    /// The answer is not HTTP, or its header is too long.
    AnswerBad,
    /// Too many requests are under way.
    Busy,
    /// A header of the request is not valid, or is one that the client sets itself.
    RequestBad,
}

/// The part of a URL that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlFault {
    /// It is not an absolute URL with a host, or is too long.
    Syntax,
    /// The scheme is neither http nor https.
    Scheme,
    /// It has to be https.
    NotHttps,
    /// It contains a user or a password.
    UserInfo,
    /// The port is not allowed.
    Port(u16),
}

/// The reason that TLS failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsFault {
    /// The certificate is not signed by an authority that this machine trusts.
    UnknownIssuer,
    /// The certificate is for other names.
    WrongName,
    /// The certificate has expired, or is not valid yet.
    Expired,
    /// Anything else, such as a server that speaks no TLS.
    Other,
}

/// The longest URL, in bytes.
pub const URL_BYTES: usize = 2_048;

impl HttpRequest {
    /// Creates a request under [`HttpPolicy::Public`] without headers and body, with 5 seconds for everything, up to 1 MiB
    /// of answer, and no redirects.
    #[must_use]
    pub fn new(method: HttpMethod, url: impl Into<String>) -> Self {
        Self {
            method,
            url: url.into(),
            headers: Vec::new(),
            body: Bytes::new(),
            deadline: Duration::from_secs(5),
            max_body: 1024 * 1024,
            redirects: 0,
            policy: HttpPolicy::Public,
        }
    }
}

/// Without URL, headers and body, which may have secrets.
impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, body, policy, .. } = self;
        write!(f, "HttpRequest({method:?}, {policy:?}, {} bytes)", body.len())
    }
}

impl HttpAnswer {
    /// Returns the first header of a name, which is in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Without headers and body, which may have secrets.
impl fmt::Debug for HttpAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, body, truncated, .. } = self;
        write!(f, "HttpAnswer({status}, {} bytes, truncated: {truncated})", body.len())
    }
}

impl HttpFailure {
    /// Returns the stable code, which may be stored.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UrlBad(_) => "url_bad",
            Self::AddressNotPublic => "address_not_public",
            Self::NameUnknown => "name_unknown",
            Self::ConnectionFailed => "connection_failed",
            Self::TlsFailed(_) => "tls_failed",
            Self::Timeout => "timeout",
            Self::TooManyRedirects => "too_many_redirects",
            Self::AnswerBad => "answer_bad",
            Self::Busy => "busy",
            Self::RequestBad => "request_bad",
        }
    }
}

/// English, for logs.
impl fmt::Display for HttpFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UrlBad(fault) => return fault.fmt(f),
            Self::AddressNotPublic => {
                "the address is not public, and the server does not call it unless the operator opens it with egress_open"
            }
            Self::NameUnknown => "the host name has no address; check its spelling",
            Self::ConnectionFailed => "the host does not accept connections, or closed this one before it answered",
            Self::TlsFailed(fault) => return fault.fmt(f),
            Self::Timeout => "there was no complete answer in time",
            Self::TooManyRedirects => "the answer redirects too often; give the URL at its end",
            Self::AnswerBad => "the answer is not valid HTTP, or its header is too long",
            Self::Busy => "too many requests are under way; try again later",
            Self::RequestBad => "a header of the request is not valid",
        })
    }
}

impl std::error::Error for HttpFailure {}

impl fmt::Display for UrlFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax => {
                write!(f, "the URL is not valid; give scheme and host, such as https://example.org/path")
            }
            Self::Scheme => write!(f, "the URL has to begin with https:// or http://"),
            Self::NotHttps => write!(f, "the URL has to begin with https://"),
            Self::UserInfo => write!(f, "the URL must not contain a user or a password"),
            Self::Port(port) => {
                write!(
                    f,
                    "port {port} is not open; use 443 or 80, unless the operator opens it with egress_open"
                )
            }
        }
    }
}

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownIssuer => {
                "the certificate is not signed by a known authority, or the server does not send the whole chain"
            }
            Self::WrongName => "the certificate is not for this host name",
            Self::Expired => "the certificate has expired or is not valid yet",
            Self::Other => "TLS failed; check that the port speaks https",
        })
    }
}

/// A client without network, for programs that make no requests: each of them fails.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHttpClient;

#[async_trait]
impl HttpClient for NoHttpClient {
    async fn send(&self, _: HttpRequest) -> Result<HttpAnswer, HttpFailure> {
        Err(HttpFailure::ConnectionFailed)
    }

    fn check_url(&self, _: &str, _: HttpPolicy) -> Result<String, HttpFailure> {
        Err(HttpFailure::ConnectionFailed)
    }
}
