//! The services that the tests run on, and buses over them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bus::{Address, BusSettings};
use chat::bus::HintStream;
use chat::{Bus, BusHealth, Hint};
use futures::StreamExt;
use services::{Nats, Redis, Service};
use tokio::time::{sleep, timeout};
use wire::{ApplicationId, LogKey, Seq, Topic};

/// A service that carries messages.
pub(crate) trait Backend: Sized + 'static {
    /// Returns the address of a service that other tests use, too; none if it is not installed.
    fn shared() -> Option<String>;

    /// Starts a service for one test; none if it is not installed.
    fn own() -> Option<Self>;

    fn service(&self) -> &Service;

    fn at(&self, address: SocketAddr) -> String;

    /// Publishes bytes past the bus, as any other client of the service can.
    async fn publish(url: &str, channel: &str, payload: Vec<u8>);

    /// Receives the bytes of the next messages on a channel, past the bus.
    async fn eavesdrop(url: &str, channel: &str) -> Eavesdropper;
}

/// The messages on a channel.
pub(crate) type Eavesdropper = futures::stream::BoxStream<'static, Vec<u8>>;

impl Backend for Redis {
    fn shared() -> Option<String> {
        services::redis().map(Self::url)
    }

    fn own() -> Option<Self> {
        Self::start()
    }

    fn service(&self) -> &Service {
        self
    }

    fn at(&self, address: SocketAddr) -> String {
        self.url_at(address)
    }

    async fn publish(url: &str, channel: &str, payload: Vec<u8>) {
        let client = redis::Client::open(url).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        redis::cmd("PUBLISH").arg(channel).arg(payload).exec_async(&mut connection).await.unwrap();
    }

    async fn eavesdrop(url: &str, channel: &str) -> Eavesdropper {
        let mut pubsub = redis::Client::open(url).unwrap().get_async_pubsub().await.unwrap();
        pubsub.subscribe(channel).await.unwrap();
        pubsub.into_on_message().map(|message| message.get_payload_bytes().to_vec()).boxed()
    }
}

impl Backend for Nats {
    fn shared() -> Option<String> {
        services::nats().map(Self::url)
    }

    fn own() -> Option<Self> {
        Self::start()
    }

    fn service(&self) -> &Service {
        self
    }

    fn at(&self, address: SocketAddr) -> String {
        self.url_at(address)
    }

    async fn publish(url: &str, channel: &str, payload: Vec<u8>) {
        let client = connect(url).await;
        client.publish(channel.to_owned(), payload.into()).await.unwrap();
        client.flush().await.unwrap();
    }

    async fn eavesdrop(url: &str, channel: &str) -> Eavesdropper {
        let client = connect(url).await;
        let messages = client.subscribe(channel.to_owned()).await.unwrap();
        // The subscription is in effect when something comes back.
        let mut echo = client.subscribe("echo").await.unwrap();
        client.publish("echo", Vec::new().into()).await.unwrap();
        echo.next().await.unwrap();
        messages
            .map(move |message| {
                let _as_long_as_the_stream = &client;
                message.payload.to_vec()
            })
            .boxed()
    }
}

/// Connects to a NATS server of the tests.
async fn connect(url: &str) -> async_nats::Client {
    let address: async_nats::ServerAddr = url.parse().unwrap();
    let (user, password) = (address.username().unwrap().to_owned(), address.password().unwrap().to_owned());
    async_nats::ConnectOptions::with_user_and_password(user, password).connect(address).await.unwrap()
}

/// Returns settings that no other test has.
pub(crate) fn settings() -> BusSettings {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let cluster = format!("test-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    BusSettings { cluster, key: [7; 32], buckets: BusSettings::BUCKETS, node: None }
}

/// Opens a bus over a service. The output of a test that fails has its log.
pub(crate) fn open(url: &str, settings: BusSettings) -> Arc<dyn Bus> {
    // An error means that another test was first.
    let _ = tracing_subscriber::fmt().with_test_writer().with_max_level(tracing::Level::INFO).try_init();
    bus::open(&Address::parse(url).unwrap(), settings).unwrap()
}

/// Returns the two ends of a fresh bus.
pub(crate) fn fresh<B: Backend>() -> Option<[Arc<dyn Bus>; 2]> {
    let (url, settings) = (B::shared()?, settings());
    Some([(); 2].map(|()| open(&url, settings.clone())))
}

/// The name of the channel that reaches all nodes.
pub(crate) fn control(settings: &BusSettings) -> String {
    format!("hubbub.{}.control", settings.cluster)
}

pub(crate) fn log() -> LogKey {
    LogKey::new(ApplicationId(2), Topic::new("wetter/zürich").unwrap())
}

pub(crate) fn news(head: u64) -> Hint {
    Hint::News { log: log(), head: Seq(head) }
}

/// Waits until a condition holds.
pub(crate) async fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..6_000 {
        if holds() {
            return;
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("never: {what}");
}

pub(crate) async fn until_healthy(buses: &[&Arc<dyn Bus>]) {
    until("healthy", || buses.iter().all(|bus| bus.health() == BusHealth::Healthy)).await;
}

pub(crate) async fn until_down(bus: &Arc<dyn Bus>) {
    until("down", || bus.health() == BusHealth::Down).await;
}

/// Takes hints until one is this.
pub(crate) async fn until_heard(stream: &mut dyn HintStream, hint: &Hint) {
    let heard = async { while stream.next().await.as_ref() != Some(hint) {} };
    assert!(timeout(Duration::from_secs(60), heard).await.is_ok(), "never received: {hint:?}");
}

/// Announces a hint until it is received.
pub(crate) async fn until_carried(from: &Arc<dyn Bus>, stream: &mut dyn HintStream, hint: &Hint) {
    for _ in 0..300 {
        from.announce(hint.clone());
        let heard = async { while stream.next().await.as_ref() != Some(hint) {} };
        if timeout(Duration::from_millis(200), heard).await.is_ok() {
            return;
        }
    }
    panic!("never carried: {hint:?}");
}
