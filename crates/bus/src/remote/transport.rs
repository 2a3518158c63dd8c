//! The port to a service that carries messages. An implementation knows neither hints nor nodes.

use std::fmt;

use async_trait::async_trait;

/// A service with channels. Connecting again and again is not its matter.
#[async_trait]
pub(crate) trait Transport: Send + Sync + 'static {
    /// Connects. Both halves fail when the connection is lost.
    async fn connect(&self) -> Result<(Box<dyn Publish>, Box<dyn Subscribe>), TransportError>;
}

/// The half of a connection that publishes.
#[async_trait]
pub(crate) trait Publish: Send {
    /// Publishes messages, each to the channel of this name, in this order. What [`Subscribe::subscribe`] has taken
    /// before is in effect when the service receives them.
    async fn publish(&mut self, messages: Vec<Published>) -> Result<(), TransportError>;
}

/// The half of a connection that receives.
#[async_trait]
pub(crate) trait Subscribe: Send {
    /// Subscribes to channels.
    async fn subscribe(&mut self, channels: Vec<String>) -> Result<(), TransportError>;

    /// Ends subscriptions to channels.
    async fn unsubscribe(&mut self, channels: Vec<String>) -> Result<(), TransportError>;

    /// Returns the next message. Cancel-safe.
    async fn next(&mut self) -> Result<Published, TransportError>;
}

/// A message, and the name of its channel.
pub(crate) struct Published {
    pub(crate) channel: String,
    pub(crate) payload: Vec<u8>,
}

/// The reason that a connection is lost or was not made. It never contains a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TransportError(String);

impl TransportError {
    pub(crate) fn new(reason: impl fmt::Display) -> Self {
        Self(reason.to_string())
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
