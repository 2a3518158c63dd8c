//! A probe of a service for the operator: a message to oneself, over a connection of its own.

use std::fmt;
use std::time::Duration;

use chat::{OsRandom, RandomSource};
use tokio::time::{Instant, timeout};

use super::nats::NatsTransport;
use super::redis::RedisTransport;
use super::transport::{Published, Transport, TransportError};
use crate::address::Address;

/// The reason that a probe did not come back. It never contains a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeError(String);

/// The time after which a probe that did not come back is given up.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connects to the service at an address, subscribes to a channel that nobody else has, and publishes a message there.
/// Returns the time from publishing it until it is back; none if the address is that of no service.
///
/// # Errors
/// [`ProbeError`] if the service cannot be reached, lets nobody in, or no message is back within five seconds.
pub async fn probe(address: &Address) -> Option<Result<Duration, ProbeError>> {
    let wrong = |reason: &dyn fmt::Display| ProbeError(reason.to_string());
    let transport: Box<dyn Transport> = match address {
        Address::Local | Address::None => return None,
        Address::Redis(url) => match RedisTransport::new(url) {
            Ok(transport) => Box::new(transport),
            Err(error) => return Some(Err(wrong(&error))),
        },
        Address::Nats(url) => match NatsTransport::new(url) {
            Ok(transport) => Box::new(transport),
            Err(error) => return Some(Err(wrong(&error))),
        },
    };
    Some(match timeout(PATIENCE, there_and_back(&*transport)).await {
        Ok(took) => took.map_err(|error| wrong(&error)),
        Err(_) => Err(wrong(&"the service does not answer within 5 seconds")),
    })
}

async fn there_and_back(transport: &dyn Transport) -> Result<Duration, TransportError> {
    let (mut publisher, mut subscriber) = transport.connect().await?;
    let mut random = [0; 8];
    OsRandom.fill(&mut random);
    // Not below the name of a cluster, so no node receives it.
    let channel = format!("hubbub-probe.{:016x}", u64::from_be_bytes(random));
    subscriber.subscribe(vec![channel.clone()]).await?;
    // Once the first one is back the subscription is in effect, and the second one shows the time.
    let mut begun = Instant::now();
    for _ in 0..2 {
        begun = Instant::now();
        publisher.publish(vec![Published { channel: channel.clone(), payload: random.to_vec() }]).await?;
        while subscriber.next().await?.channel != channel {}
    }
    Ok(begun.elapsed())
}

impl fmt::Display for ProbeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ProbeError {}
