use axum::extract::ws::{CloseFrame, Message, WebSocket};
use bytes::Bytes;
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use wire::CloseCode;

/// What a peer sent.
#[derive(Debug)]
pub(super) enum Incoming {
    /// A text frame.
    Text(String),
    /// A binary frame, unread.
    Binary,
    /// A sign of life: a ping or a pong.
    Life,
    /// A frame so large that nothing after it can be read.
    TooLarge,
    /// Nothing more will come.
    Gone,
}

/// The way in. The only place that knows which WebSocket library this is.
#[async_trait::async_trait]
pub(super) trait Receiver: Send {
    /// The next thing the peer sent. Cancel-safe.
    async fn receive(&mut self) -> Incoming;
}

/// The way out. Nothing is on its way before it is flushed.
#[async_trait::async_trait]
pub(super) trait Sender: Send {
    /// Adds a finished text frame.
    async fn feed(&mut self, frame: Bytes) -> Result<(), Broken>;
    /// Adds a ping.
    async fn ping(&mut self) -> Result<(), Broken>;
    /// Writes everything that was added.
    async fn flush(&mut self) -> Result<(), Broken>;
    /// Says why it ends, and ends.
    async fn close(&mut self, code: CloseCode) -> Result<(), Broken>;
}

/// The peer is gone, or no longer speaks WebSocket.
#[derive(Debug)]
pub(super) struct Broken;

pub(super) struct AxumReceiver(SplitStream<WebSocket>);
pub(super) struct AxumSender(SplitSink<WebSocket, Message>);

pub(super) fn split(socket: WebSocket) -> (AxumReceiver, AxumSender) {
    let (sink, stream) = socket.split();
    (AxumReceiver(stream), AxumSender(sink))
}

#[async_trait::async_trait]
impl Receiver for AxumReceiver {
    async fn receive(&mut self) -> Incoming {
        match self.0.next().await {
            Some(Ok(Message::Text(text))) => Incoming::Text(text.as_str().to_owned()),
            Some(Ok(Message::Binary(_))) => Incoming::Binary,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Incoming::Life,
            Some(Ok(Message::Close(_))) | None => Incoming::Gone,
            Some(Err(error)) => {
                // The library has no public type for it here; its sentence begins like this.
                let too_large = error.to_string().contains("Space limit exceeded");
                if too_large { Incoming::TooLarge } else { Incoming::Gone }
            }
        }
    }
}

#[async_trait::async_trait]
impl Sender for AxumSender {
    async fn feed(&mut self, frame: Bytes) -> Result<(), Broken> {
        // Frames are made of strings of ours; the check costs little beside the write.
        let text = frame.try_into().map_err(|_| Broken)?;
        self.0.feed(Message::Text(text)).await.map_err(|_| Broken)
    }

    async fn ping(&mut self) -> Result<(), Broken> {
        self.0.feed(Message::Ping(Bytes::new())).await.map_err(|_| Broken)
    }

    async fn flush(&mut self) -> Result<(), Broken> {
        self.0.flush().await.map_err(|_| Broken)
    }

    async fn close(&mut self, code: CloseCode) -> Result<(), Broken> {
        let frame = CloseFrame { code: code.number(), reason: code.sentence().into() };
        self.0.send(Message::Close(Some(frame))).await.map_err(|_| Broken)
    }
}
