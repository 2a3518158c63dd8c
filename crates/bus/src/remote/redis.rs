//! Redis, or Valkey, as the service: channels of its publish and subscribe.

use async_trait::async_trait;
use futures::StreamExt;
use redis::aio::{MultiplexedConnection, PubSubSink, PubSubStream};
use redis::{AsyncConnectionConfig, Client, ErrorKind, RedisError};

use super::transport::{Publish, Published, Subscribe, Transport, TransportError};
use crate::address::AddressError;

/// A Redis server.
pub(crate) struct RedisTransport {
    client: Client,
}

impl RedisTransport {
    pub(crate) fn new(url: &str) -> Result<Self, AddressError> {
        // Its error could quote parts of the URL.
        let client = Client::open(url)
            .map_err(|_| AddressError::of(url, "an address of Redis is redis://user:password@host:port"))?;
        Ok(Self { client })
    }
}

#[async_trait]
impl Transport for RedisTransport {
    async fn connect(&self) -> Result<(Box<dyn Publish>, Box<dyn Subscribe>), TransportError> {
        // A connection that is silent for too long is found by the probes.
        let config = AsyncConnectionConfig::new().set_response_timeout(None).set_connection_timeout(None);
        let publisher = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        let (sink, stream) = self.client.get_async_pubsub().await?.split();
        Ok((Box::new(RedisPublisher(publisher)), Box::new(RedisSubscriber { sink, stream })))
    }
}

struct RedisPublisher(MultiplexedConnection);

#[async_trait]
impl Publish for RedisPublisher {
    async fn publish(&mut self, messages: Vec<Published>) -> Result<(), TransportError> {
        let mut pipeline = redis::pipe();
        for Published { channel, payload } in messages {
            pipeline.cmd("PUBLISH").arg(channel).arg(payload).ignore();
        }
        Ok(pipeline.exec_async(&mut self.0).await?)
    }
}

struct RedisSubscriber {
    sink: PubSubSink,
    stream: PubSubStream,
}

#[async_trait]
impl Subscribe for RedisSubscriber {
    /// Waits until the server has confirmed, as the publisher has a connection of its own.
    async fn subscribe(&mut self, channels: Vec<String>) -> Result<(), TransportError> {
        Ok(self.sink.subscribe(channels).await?)
    }

    async fn unsubscribe(&mut self, channels: Vec<String>) -> Result<(), TransportError> {
        Ok(self.sink.unsubscribe(channels).await?)
    }

    async fn next(&mut self) -> Result<Published, TransportError> {
        let message =
            self.stream.next().await.ok_or_else(|| TransportError::new("the connection was closed"))?;
        Ok(Published {
            channel: message.get_channel_name().to_owned(),
            payload: message.get_payload_bytes().to_vec(),
        })
    }
}

/// Redis's errors name no passwords.
impl From<RedisError> for TransportError {
    fn from(error: RedisError) -> Self {
        match error.kind() {
            ErrorKind::Parse => Self::new(format_args!(
                "the service does not answer as Redis does ({error}); look at the port in its address"
            )),
            _ => Self::new(error),
        }
    }
}
