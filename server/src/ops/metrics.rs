//! The metrics endpoint, for Prometheus: `GET /metrics` in the text format, at an address of its own, so that no
//! proxy can expose it by mistake.

use std::fmt::{self, Debug};
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chat::store::JobCount;
use chat::{BusHealth, Histogram};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use tokio::time::timeout;

use crate::server::AppState;

/// The longest wait for the store; a scraper usually waits ten seconds.
const PATIENCE: Duration = Duration::from_secs(3);
/// The `Content-Type` of the metrics.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Builds the router of the metrics address.
pub(crate) fn router(app: AppState) -> Router {
    Router::new().route("/metrics", get(metrics)).with_state(app)
}

async fn metrics(State(app): State<AppState>) -> Response {
    let mut registry = Registry::with_prefix("hubbub");
    let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
    registry.register("build", "The program that runs", build);
    app.http.register(&mut registry);
    app.outgoing.register(&mut registry);
    // Without an answer of the store there is none about jobs.
    let jobs = timeout(PATIENCE, app.chat.job_counts()).await.ok().and_then(Result::ok).unwrap_or_default();
    registry.register_collector(Box::new(Node(app, jobs)));
    let mut text = String::new();
    match encode(&mut text, &registry) {
        Ok(()) => ([(CONTENT_TYPE, OPEN_METRICS), (CACHE_CONTROL, "no-store")], text).into_response(),
        Err(fmt::Error) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// A collector that reads everything when it is scraped; the hot path keeps nothing for it.
struct Node(AppState, Vec<JobCount>);

impl Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Node")
    }
}

impl Collector for Node {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let Self(app, jobs) = self;
        let broker = app.chat.broker().metrics();
        let (sockets, closed) = app.connection_limits.count();
        let started = encoder.encode_descriptor("start_time_seconds", STARTED, None, MetricType::Gauge)?;
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of this age are exact in an f64")]
        ConstGauge::new(app.started.0 as f64 / 1_000.0).encode(started)?;
        let (connections, connections_limit) = app.connections.count();
        let recent = app.chat.recent_metrics();
        let bus = app.chat.bus_metrics();
        let is_bus_down = app.chat.bus_health() == BusHealth::Down;
        let gauges: [(&str, &str, u64); 12] = [
            ("sockets", "Sockets that are open", sockets),
            ("sockets_limit", "Sockets that may be open", app.config.sockets.node as u64),
            ("connections", "HTTP connections that are open and no sockets", connections as u64),
            ("connections_limit", "HTTP connections that may be open", connections_limit as u64),
            ("write_fault", "1 while nothing can be written", u64::from(app.chat.write_fault().is_some())),
            ("topics", "Topics that somebody reads", broker.topics),
            ("subscriptions", "Subscriptions that read", broker.subscriptions),
            ("log_bytes", "Bytes of the frames kept in memory", broker.log_bytes),
            ("recent_bytes", "Bytes of recent entries kept in memory for history", recent.bytes),
            ("slowest_lag_entries", "Entries that the slowest subscription lacks", broker.slowest_lag),
            ("bus_down", "1 while no hints of other nodes arrive", u64::from(is_bus_down)),
            ("search_lag_entries", "Entries that the search index lacks", app.chat.index_progress().lag()),
        ];
        for (name, help, value) in gauges {
            let encoder = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            ConstGauge::new(value).encode(encoder)?;
        }
        let tally = app.chat.metrics();
        let counters = [
            ("deliveries", "Entries handed to sockets, once for each", broker.deliveries),
            ("writes", "Writes that sockets took", broker.writes),
            ("written_bytes", "Bytes that sockets took", broker.written_bytes),
            ("stalls", "Times that a socket had no room", broker.stalls),
            ("sockets_closed", "Sockets that have ended", closed),
            ("store_reads", "Reads of the database", app.chat.store_reads()),
            ("recent_hits", "Reads of history from memory", recent.hits),
            ("recent_misses", "Reads of history from the store", recent.misses),
            ("search_rebuilds", "Times that the search index was begun anew", app.chat.index_rebuilds()),
            ("password_hashes", "Passwords hashed or compared", app.chat.password_hashes()),
            ("bus_sent", "Messages sent to other nodes", bus.sent),
            ("bus_received", "Messages received from other nodes", bus.received),
            ("bus_dropped", "Hints that were not sent to other nodes", bus.dropped),
            ("bus_forged", "Messages of other nodes with a wrong authentication code", bus.forged),
            ("bus_strangers", "Messages of nodes that the database does not have", bus.strangers),
            ("bus_repeated", "Messages of other nodes that came again, or too late", bus.repeated),
            ("bus_unreadable", "Messages of other nodes that cannot be read", bus.unreadable),
            ("bus_missing", "Messages of other nodes that did not arrive", bus.missing),
            ("bus_connections", "Connections to the bus that were made", bus.connections),
            ("failed_commits", "Commits that failed", tally.failed.load(Ordering::Relaxed)),
        ];
        for (name, help, value) in counters {
            let encoder = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            ConstCounter::new(value).encode(encoder)?;
        }
        shared_store(&mut encoder, app)?;
        let mut family =
            encoder.encode_descriptor("jobs", "Jobs, by kind and state", None, MetricType::Gauge)?;
        for count in jobs {
            for (state, number) in [("ready", count.ready), ("leased", count.leased), ("dead", count.dead)] {
                let labels = [("kind", count.kind.as_str()), ("state", state)];
                ConstGauge::new(number).encode(family.encode_family(&labels)?)?;
            }
        }
        let help = "Seconds for which the oldest due job has waited";
        let mut family = encoder.encode_descriptor("oldest_job_seconds", help, None, MetricType::Gauge)?;
        let now = app.chat.now().0;
        for count in jobs {
            let waited = count.oldest.map_or(0, |oldest| now.saturating_sub(oldest.0)).max(0);
            let seconds = u64::try_from(waited / 1_000).unwrap_or_default();
            ConstGauge::new(seconds).encode(family.encode_family(&[("kind", count.kind.as_str())])?)?;
        }
        let help = "Gaps that were not replayed";
        let mut family = encoder.encode_descriptor("resets", help, None, MetricType::Counter)?;
        for (reason, count) in tally.resets() {
            ConstCounter::new(count).encode(family.encode_family(&[("reason", reason.code())])?)?;
        }
        let help = "Writes that one commit took together";
        histogram(
            encoder.encode_descriptor("commit_writes", help, None, MetricType::Histogram)?,
            &tally.batches,
        )?;
        let help = "Seconds until the store had a commit";
        let seconds = encoder.encode_descriptor("commit_seconds", help, None, MetricType::Histogram)?;
        histogram(seconds, &tally.commit_seconds)
    }
}

/// Encodes what concerns a store that several nodes share; nothing if it is not shared.
fn shared_store(encoder: &mut DescriptorEncoder<'_>, app: &AppState) -> fmt::Result {
    let (Some(age), Some(shared)) = (app.chat.freshness_age(), app.chat.shared_store_metrics()) else {
        return Ok(());
    };
    let help = "Seconds since this node last read what was revoked";
    let seconds = encoder.encode_descriptor("freshness_age_seconds", help, None, MetricType::Gauge)?;
    ConstGauge::new(age.as_secs_f64()).encode(seconds)?;
    let help = "Seconds for which the oldest transaction of the database has been under way";
    let seconds = encoder.encode_descriptor("horizon_age_seconds", help, None, MetricType::Gauge)?;
    ConstGauge::new(shared.horizon_age.as_secs_f64()).encode(seconds)?;
    let help = "Nodes that share the database and are alive";
    let nodes = encoder.encode_descriptor("live_nodes", help, None, MetricType::Gauge)?;
    ConstGauge::new(shared.live_nodes).encode(nodes)?;
    for (name, help, value) in [
        ("database_connections", "Connections to the database that were made", shared.connections),
        ("commit_retries", "Commits that were tried again", shared.retries),
        ("unknown_outcomes", "Commits whose outcome the database was asked for", shared.unknown_outcomes),
    ] {
        let counter = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        ConstCounter::new(value).encode(counter)?;
    }
    Ok(())
}

const STARTED: &str = "When the server started, in seconds since 1970";

fn histogram<const N: usize>(mut encoder: MetricEncoder, of: &Histogram<N>) -> fmt::Result {
    let buckets = of.buckets();
    let count = buckets.iter().map(|(_, count)| count).sum();
    encoder.encode_histogram::<NoLabelSet>(of.sum(), count, &buckets, None)
}
