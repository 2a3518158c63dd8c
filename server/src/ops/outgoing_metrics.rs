//! Counts and durations of the requests that the server sends to others, for `/metrics`.

use std::sync::Arc;

use async_trait::async_trait;
use chat::{HttpAnswer, HttpClient, HttpFailure, HttpPolicy, HttpRequest};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tokio::time::Instant;

use super::http_metrics::status_class;

/// The requests that were sent, or refused, since the start. Neither hosts nor users are labels.
pub(crate) struct OutgoingMetrics {
    requests: Family<[Label; 2], Counter>,
    seconds: Family<[Label; 1], Histogram, fn() -> Histogram>,
}

type Label = (&'static str, &'static str);

/// An HTTP client that counts what another one does.
pub(crate) struct CountedClient {
    client: Arc<dyn HttpClient>,
    metrics: Arc<OutgoingMetrics>,
}

/// The upper bounds of the histogram, in seconds.
const BOUNDS: [f64; 9] = [0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 15.0, 60.0];

impl Default for OutgoingMetrics {
    /// Begins with zeros, so that a rate is known from the first scrape on.
    fn default() -> Self {
        let requests = Family::default();
        let seconds = Family::new_with_constructor((|| Histogram::new(BOUNDS)) as fn() -> Histogram);
        for policy in [HttpPolicy::Public, HttpPolicy::PublicHttps, HttpPolicy::Trusted].map(policy) {
            drop(requests.get_or_create(&[("policy", policy), ("outcome", "2xx")]));
            drop(seconds.get_or_create(&[("policy", policy)]));
        }
        Self { requests, seconds }
    }
}

impl OutgoingMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        let help = "HTTP requests to other servers";
        registry.register("outgoing_requests", help, self.requests.clone());
        let help = "Seconds from a request to another server to the end of its answer";
        registry.register("outgoing_request_seconds", help, self.seconds.clone());
    }
}

impl CountedClient {
    pub(crate) fn new(client: impl HttpClient, metrics: Arc<OutgoingMetrics>) -> Self {
        Self { client: Arc::new(client), metrics }
    }
}

#[async_trait]
impl HttpClient for CountedClient {
    async fn send(&self, request: HttpRequest) -> Result<HttpAnswer, HttpFailure> {
        let (policy, begun) = (policy(request.policy), Instant::now());
        let result = self.client.send(request).await;
        let outcome = match &result {
            Ok(answer) => status_class(answer.status),
            Err(failure) => failure.code(),
        };
        self.metrics.requests.get_or_create(&[("policy", policy), ("outcome", outcome)]).inc();
        self.metrics.seconds.get_or_create(&[("policy", policy)]).observe(begun.elapsed().as_secs_f64());
        result
    }

    fn check_url(&self, url: &str, policy: HttpPolicy) -> Result<String, HttpFailure> {
        self.client.check_url(url, policy)
    }
}

const fn policy(policy: HttpPolicy) -> &'static str {
    match policy {
        HttpPolicy::Public => "public",
        HttpPolicy::PublicHttps => "public_https",
        HttpPolicy::Trusted => "trusted",
    }
}

#[cfg(test)]
mod tests {
    use chat::HttpMethod;
    use prometheus_client::encoding::text::encode;

    use super::*;

    /// Answers with the status that a URL ends with, and fails without one.
    struct Scripted;

    #[async_trait]
    impl HttpClient for Scripted {
        async fn send(&self, request: HttpRequest) -> Result<HttpAnswer, HttpFailure> {
            let status = request.url.rsplit('/').next().unwrap().parse().map_err(|_| HttpFailure::Timeout)?;
            let (headers, body) = (Vec::new(), bytes::Bytes::new());
            Ok(HttpAnswer { status, headers, body, truncated: false, url: request.url })
        }

        fn check_url(&self, url: &str, _: HttpPolicy) -> Result<String, HttpFailure> {
            Ok(url.to_owned())
        }
    }

    #[tokio::test]
    async fn requests_are_counted_by_policy_and_outcome_and_no_host_is_named() {
        let metrics = Arc::new(OutgoingMetrics::default());
        let client = CountedClient::new(Scripted, Arc::clone(&metrics));
        for (end, policy) in [
            ("204", HttpPolicy::Public),
            ("200", HttpPolicy::Public),
            ("503", HttpPolicy::Public),
            ("never", HttpPolicy::Public),
            ("302", HttpPolicy::Trusted),
        ] {
            let url = format!("https://königsberg.example/{end}");
            let _ = client.send(HttpRequest { policy, ..HttpRequest::new(HttpMethod::Get, url) }).await;
        }
        let (mut registry, mut text) = (Registry::with_prefix("hubbub"), String::new());
        metrics.register(&mut registry);
        encode(&mut text, &registry).unwrap();
        for line in [
            r#"hubbub_outgoing_requests_total{policy="public",outcome="2xx"} 2"#,
            r#"hubbub_outgoing_requests_total{policy="public",outcome="5xx"} 1"#,
            r#"hubbub_outgoing_requests_total{policy="public",outcome="timeout"} 1"#,
            r#"hubbub_outgoing_requests_total{policy="trusted",outcome="3xx"} 1"#,
            r#"hubbub_outgoing_request_seconds_count{policy="public"} 4"#,
        ] {
            assert!(text.lines().any(|seen| seen == line), "{line} is not in:\n{text}");
        }
        assert!(!text.contains("example"), "{text}");
    }
}
