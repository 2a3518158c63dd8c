//! [`Egress`]: requests under policies, within their deadline, with redirects.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat::{HttpAnswer, HttpClient, HttpFailure, HttpMethod, HttpPolicy, HttpRequest};
use http::Method;
use rustls::RootCertStore;
use tokio::time::{Instant, timeout_at};

use crate::connector::{Connector, OpenConnections};
use crate::exchange::{Pool, read_body};
use crate::headers;
use crate::network::{Network, SystemNetwork};
use crate::open_range::OpenRange;
use crate::policy::Rules;
use crate::redirects::Hop;
use crate::slots::Slots;
use crate::tls;

/// The HTTP client of the server. Each policy has connections, slots and lookups of its own, so that addresses of users
/// cannot hold up those of the operator.
pub struct Egress {
    public: Lane,
    public_https: Lane,
    trusted: Lane,
}

/// The settings of an [`Egress`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EgressConfig {
    /// The addresses that users may call besides public ones.
    pub open: Vec<OpenRange>,
    /// The most requests at once to a host, by policy.
    pub per_host: usize,
    /// The most requests at once, by policy.
    pub at_once: usize,
    /// The most requests that wait besides, by policy. More fail at once.
    pub waiting: usize,
}

/// The connections and limits of one policy.
struct Lane {
    rules: Arc<Rules>,
    pool: Pool,
    slots: Slots,
}

/// The longest deadline.
const LONGEST: Duration = Duration::from_secs(300);

impl Default for EgressConfig {
    fn default() -> Self {
        Self { open: Vec::new(), per_host: 4, at_once: 64, waiting: 1_024 }
    }
}

impl Egress {
    /// Creates a client over the network of the machine, which trusts the authorities that the machine trusts.
    #[must_use]
    pub fn new(config: &EgressConfig) -> Self {
        let network = || Arc::new(SystemNetwork::default()) as Arc<dyn Network>;
        Self::assemble(config, &tls::system_authorities(), &network)
    }

    /// Creates a client over a network, of which each policy gets one.
    pub(crate) fn assemble(
        config: &EgressConfig,
        authorities: &Arc<RootCertStore>,
        network: &dyn Fn() -> Arc<dyn Network>,
    ) -> Self {
        let lane = |policy| Lane::new(policy, config, Arc::clone(authorities), network());
        Self {
            public: lane(HttpPolicy::Public),
            public_https: lane(HttpPolicy::PublicHttps),
            trusted: lane(HttpPolicy::Trusted),
        }
    }

    const fn lane(&self, policy: HttpPolicy) -> &Lane {
        match policy {
            HttpPolicy::Public => &self.public,
            HttpPolicy::PublicHttps => &self.public_https,
            HttpPolicy::Trusted => &self.trusted,
        }
    }
}

#[async_trait]
impl HttpClient for Egress {
    async fn send(&self, request: HttpRequest) -> Result<HttpAnswer, HttpFailure> {
        let deadline = Instant::now() + request.deadline.min(LONGEST);
        let lane = self.lane(request.policy);
        let _admission = lane.slots.admit()?;
        timeout_at(deadline, lane.send(request, deadline)).await.unwrap_or(Err(HttpFailure::Timeout))
    }

    fn check_url(&self, url: &str, policy: HttpPolicy) -> Result<String, HttpFailure> {
        self.lane(policy).rules.parse(url).map(String::from)
    }
}

impl Lane {
    fn new(
        policy: HttpPolicy,
        config: &EgressConfig,
        authorities: Arc<RootCertStore>,
        network: Arc<dyn Network>,
    ) -> Self {
        let rules = Arc::new(Rules::new(policy, config.open.clone()));
        let (tls, open) = (tls::connector(authorities), OpenConnections::default());
        let connector = Connector { rules: Arc::clone(&rules), network, tls, open };
        let slots = Slots::new(config.per_host, config.at_once, config.waiting);
        Self { rules, pool: Pool::new(connector, 2 * config.at_once), slots }
    }

    async fn send(&self, request: HttpRequest, deadline: Instant) -> Result<HttpAnswer, HttpFailure> {
        let mut hop = Hop {
            method: method(request.method),
            url: self.rules.parse(&request.url)?,
            headers: headers::parse(&request.headers)?,
            body: request.body,
        };
        let mut redirects = request.redirects;
        loop {
            // Until the body is read; a redirect gives it back before it takes the next.
            let _slot = self.slots.take(hop.url.host_str().unwrap_or_default(), deadline).await?;
            let (answer, body) = self.pool.send(&hop).await?.into_parts();
            if request.redirects > 0
                && let Some(next) = hop.next(answer.status, &answer.headers, &self.rules)?
            {
                redirects = redirects.checked_sub(1).ok_or(HttpFailure::TooManyRedirects)?;
                hop = next;
                continue;
            }
            let (body, truncated) = read_body(body, request.max_body).await?;
            let (status, headers) = (answer.status.as_u16(), headers::to_text(&answer.headers));
            return Ok(HttpAnswer { status, headers, body, truncated, url: hop.url.into() });
        }
    }
}

const fn method(method: HttpMethod) -> Method {
    match method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Head => Method::HEAD,
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Delete => Method::DELETE,
    }
}
