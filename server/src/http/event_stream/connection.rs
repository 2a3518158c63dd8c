//! The task of one event stream.

use std::sync::Arc;

use broker::{BufferSink, OutboundConnection, SubscriptionError};
use bytes::Bytes;
use chat::{Caller, CatchUp, Error, Subscribed};
use tokio::sync::mpsc;
use tokio::time::sleep_until;
use tracing::Instrument as _;
use wire::{Cursor, Epoch, Refusal, Refused, ServerFrame, Topic};

use super::client::{Client, End};
use super::event::{COMMENT, UnknownFrame, push, push_named, push_reset};
use crate::server::AppState;
use crate::websocket::encode_frame;

/// A client that follows one log.
pub(super) struct Connection {
    client: Client,
    reader: OutboundConnection,
    sink: Arc<BufferSink>,
    epoch: Epoch,
}

/// The most bytes of frames that wait for the client. A larger frame waits in parts.
const ROOM: usize = 64 * 1_024;

impl Connection {
    /// Subscribes; delivery is paused until [`Connection::serve`].
    pub(super) async fn open(
        app: &AppState,
        caller: Caller,
        topic: Topic,
        since: Option<Cursor>,
    ) -> Result<Self, Error> {
        let sink = Arc::new(BufferSink::new(ROOM));
        let owner = caller.signed_in().map(|me| me.id);
        let mut reader = OutboundConnection::new(Arc::clone(app.chat.broker()), owner, Arc::clone(&sink));
        let mut client = Client::new(app, caller, &reader).await?;
        reader.pause();
        let begun = app.chat.subscribe(&mut reader, &client.caller, &topic, since).await?;
        let Subscribed { cursor, head, begins, reset } = begun;
        let text = &mut client.text;
        match reset {
            Some(reason) => {
                push_reset(text, cursor, &ServerFrame::Reset { topic, reason, cursor, begins });
            }
            None => {
                let frame = ServerFrame::Subscribed { topic, cursor, head, reference: None };
                push_named(text, "subscribed", Some(cursor), &frame.encode());
            }
        }
        Ok(Self { client, reader, sink, epoch: cursor.epoch })
    }

    /// Sends events until the right to read ends, the client is gone, or the server stops.
    pub(super) async fn serve(mut self, chunks: mpsc::Sender<Bytes>) {
        self.reader.resume();
        while self.turn(&chunks).await.is_ok() {}
        // The reason that it ended, if there is one to tell.
        let _ = self.client.send(&chunks).await;
    }

    /// Takes one step: sends what is there, recovers the subscription, or waits.
    async fn turn(&mut self, chunks: &mpsc::Sender<Bytes>) -> Result<(), End> {
        self.client.check(&self.reader)?;
        self.reader.flush();
        self.take()?;
        if !self.client.text.is_empty() {
            return self.client.send(chunks).await;
        }
        if let Some(error) = self.reader.subscription_error() {
            let user = self.client.caller.signed_in().map(|user| tracing::field::display(user.id));
            let span = tracing::error_span!("stream", user.id = user);
            return self.recover(error).instrument(span).await;
        }
        tokio::select! {
            () = self.sink.filled() => {}
            () = self.reader.woken() => {}
            () = self.client.stopping.cancelled() => {}
            () = chunks.closed() => return Err(End),
            () = sleep_until(self.client.next_comment()) => {
                self.client.text.push_str(COMMENT);
            }
        }
        Ok(())
    }

    /// Takes the frames that the broker has delivered, and makes room for more.
    fn take(&mut self) -> Result<(), End> {
        for frame in self.sink.take() {
            // Without it the stream would have a hole, so it ends, and the client reads on.
            push(&mut self.client.text, self.epoch, &String::from_utf8_lossy(&frame)).map_err(
                |UnknownFrame| {
                    tracing::error!("a frame is neither an entry nor an event");
                    End
                },
            )?;
        }
        self.sink.make_room(ROOM);
        self.reader.unblock();
        Ok(())
    }

    async fn recover(&mut self, error: SubscriptionError) -> Result<(), End> {
        // A reset is sent before the entries after its cursor.
        self.reader.pause();
        let (topic, caught_up) = match error {
            SubscriptionError::Ended { key } => (key.topic, Err(Refusal::NotMember.into())),
            SubscriptionError::Behind { key, cursor, until } => {
                let caught_up = self.client.chat.catch_up(&mut self.reader, &key, cursor, until).await;
                (key.topic, caught_up)
            }
            SubscriptionError::Outdated { key, cursor } => {
                let Client { chat, caller, .. } = &self.client;
                let reopened = chat.reopen(&mut self.reader, caller, &key.topic, cursor).await;
                (key.topic, reopened)
            }
        };
        self.take()?;
        match caught_up {
            Ok(CatchUp::Frames) => {}
            Ok(CatchUp::Reset { reason, cursor, begins }) => {
                self.epoch = cursor.epoch;
                let frame = ServerFrame::Reset { topic, reason, cursor, begins };
                push_reset(&mut self.client.text, cursor, &frame);
            }
            Err(Error::Refusal(refusal)) => {
                let refused = Some(Refused::from(&refusal));
                let frame = ServerFrame::Unsubscribed { topic, refused, reference: None };
                push_named(&mut self.client.text, "unsubscribed", None, &encode_frame(&frame));
                return Err(End);
            }
            // History cannot be read now. The client reconnects, and may recover then.
            Err(Error::Fault(_)) => return Err(End),
        }
        self.reader.resume();
        Ok(())
    }
}
