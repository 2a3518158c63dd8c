//! NATS as the service: subjects of core NATS, without JetStream.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use async_nats::{Client, ConnectError, ConnectErrorKind, ConnectOptions, Event, ServerAddr, Subscriber};
use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::{SelectAll, TakeUntil};
use percent_encoding::percent_decode_str;
use tokio::sync::{mpsc, oneshot};

use super::transport::{Publish, Published, Subscribe, Transport, TransportError};
use crate::address::AddressError;

/// A NATS server, or one of a cluster.
pub(crate) struct NatsTransport {
    /// The address without credentials: the client's log shows it.
    address: ServerAddr,
    credentials: Credentials,
}

/// The part of the URL before the host.
enum Credentials {
    None,
    Token(String),
    Password { user: String, password: String },
}

/// The time after which the client itself gives up to connect: before its callers do, as it knows why.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);

impl NatsTransport {
    pub(crate) fn new(url: &str) -> Result<Self, AddressError> {
        // The client's errors could quote parts of the URL.
        let problem = || AddressError::of(url, "an address of NATS is nats://user:password@host:port");
        let with_credentials: ServerAddr = url.parse().map_err(|_| problem())?;
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let credentials = match (with_credentials.username(), with_credentials.password()) {
            (Some(user), Some(password)) => {
                Credentials::Password { user: decoded(user), password: decoded(password) }
            }
            (Some(token), None) => Credentials::Token(decoded(token)),
            _ => Credentials::None,
        };
        let (scheme, rest) = url.split_once("://").ok_or_else(problem)?;
        let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
        let address = format!("{scheme}://{host}").parse().map_err(|_| problem())?;
        Ok(Self { address, credentials })
    }

    fn options(&self) -> ConnectOptions {
        match &self.credentials {
            Credentials::None => ConnectOptions::new(),
            Credentials::Token(token) => ConnectOptions::with_token(token.clone()),
            Credentials::Password { user, password } => {
                ConnectOptions::with_user_and_password(user.clone(), password.clone())
            }
        }
    }
}

#[async_trait]
impl Transport for NatsTransport {
    async fn connect(&self) -> Result<(Box<dyn Publish>, Box<dyn Subscribe>), TransportError> {
        let (lost, is_lost) = mpsc::channel(1);
        let options = self
            .options()
            .name("hubbub")
            .connection_timeout(CONNECT_TIMEOUT)
            // A client that reconnects by itself would hide that messages are missing: a lost connection is the end.
            .max_reconnects(1)
            .event_callback(move |event| {
                let lost = lost.clone();
                async move {
                    if matches!(event, Event::Disconnected | Event::Closed | Event::ServerError(_)) {
                        // Full if one is there already; closed if the session has ended.
                        let _ = lost.try_send(event.to_string());
                    }
                }
            });
        let client = options.connect(self.address.clone()).await.map_err(unconnected)?;
        let subscriber = NatsSubscriber {
            client: client.clone(),
            is_lost,
            ends: HashMap::new(),
            messages: SelectAll::new(),
        };
        Ok((Box::new(NatsPublisher(client)), Box::new(subscriber)))
    }
}

struct NatsPublisher(Client);

#[async_trait]
impl Publish for NatsPublisher {
    async fn publish(&mut self, messages: Vec<Published>) -> Result<(), TransportError> {
        for Published { channel, payload } in messages {
            self.0.publish(channel, payload.into()).await.map_err(failed)?;
        }
        self.0.flush().await.map_err(failed)
    }
}

struct NatsSubscriber {
    client: Client,
    is_lost: mpsc::Receiver<String>,
    /// Dropping one ends the subscription to its subject.
    ends: HashMap<String, oneshot::Sender<()>>,
    messages: SelectAll<TakeUntil<Subscriber, oneshot::Receiver<()>>>,
}

#[async_trait]
impl Subscribe for NatsSubscriber {
    async fn subscribe(&mut self, channels: Vec<String>) -> Result<(), TransportError> {
        for channel in channels {
            let subscriber = self.client.subscribe(channel.clone()).await.map_err(failed)?;
            let (end, ended) = oneshot::channel();
            self.ends.insert(channel, end);
            self.messages.push(subscriber.take_until(ended));
        }
        Ok(())
    }

    async fn unsubscribe(&mut self, channels: Vec<String>) -> Result<(), TransportError> {
        for channel in channels {
            self.ends.remove(&channel);
        }
        Ok(())
    }

    async fn next(&mut self) -> Result<Published, TransportError> {
        tokio::select! {
            reason = self.is_lost.recv() => Err(TransportError::new(reason.as_deref().unwrap_or("closed"))),
            // There is always one subscription, to the channel that reaches all.
            Some(message) = self.messages.next() => {
                Ok(Published { channel: message.subject.to_string(), payload: message.payload.to_vec() })
            }
        }
    }
}

/// A server greets first, so anything else that listens there, and a firewall, lets the client wait.
fn unconnected(error: ConnectError) -> TransportError {
    match error.kind() {
        ConnectErrorKind::TimedOut => {
            TransportError::new("no NATS server answers there; look at host and port in its address")
        }
        _ => failed(error),
    }
}

/// NATS's errors name no passwords.
fn failed(error: impl fmt::Display) -> TransportError {
    TransportError::new(error)
}
