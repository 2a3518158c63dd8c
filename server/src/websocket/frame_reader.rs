//! The frame reader: bytes of a socket to client frames.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;

use broker::websocket::{self, Decoder, Violation};
use wire::limits::FRAME_BYTES;
use wire::{ClientFrame, CloseCode, InvalidFrame, Refusal};

use super::stream::Stream;

/// The inbound side of a connection: received frames that are not dispatched yet, in order.
#[derive(Default)]
pub(super) struct FrameReader {
    /// None between two messages: an idle connection keeps no memory.
    partial: Option<Box<PartialFrame>>,
}

/// A partial frame, and complete ones that are not dispatched yet.
struct PartialFrame {
    decoder: Decoder,
    incoming: VecDeque<Received>,
}

/// Something that the peer sent.
#[derive(Debug)]
pub(super) enum Received {
    /// A client frame, decoded.
    Frame(Result<ClientFrame, InvalidFrame>),
    /// A ping with its payload.
    Ping(Vec<u8>),
    /// The peer closes the connection.
    Close,
    /// A protocol violation: nothing after it can be read.
    Broken(CloseCode),
    /// The peer is gone.
    Gone,
}

/// A frame over [`FRAME_BYTES`] is refused with a sentence; one over this closes the socket.
const HARD_FRAME_BYTES: usize = FRAME_BYTES + FRAME_BYTES / 2;
/// The most bytes of one read.
const SCRATCH_BYTES: usize = 16 * 1024;

thread_local! {
    /// The read buffer, shared by all connections of a thread, so that an idle connection has none.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl FrameReader {
    /// Returns the next one.
    pub(super) fn next(&mut self) -> Option<Received> {
        let partial = self.partial.as_mut()?;
        let next = partial.incoming.pop_front();
        if partial.incoming.is_empty() && partial.decoder.is_idle() {
            self.partial = None;
        }
        next
    }

    /// Reads without waiting; returns false if nothing has come.
    pub(super) fn read(&mut self, stream: &impl Stream) -> bool {
        SCRATCH.with_borrow_mut(|scratch| {
            scratch.resize(SCRATCH_BYTES, 0);
            match stream.try_read(scratch) {
                Ok(count) if count > 0 => self.take(&scratch[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                Ok(_) | Err(_) => self.partial().incoming.push_back(Received::Gone),
            }
            true
        })
    }

    /// Decodes bytes to frames.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        let PartialFrame { decoder, incoming: received } = self.partial();
        let read = decoder.read(bytes, |message| match message {
            websocket::Incoming::Text(text) => {
                received.push_back(Received::Frame(ClientFrame::decode(&text)))
            }
            websocket::Incoming::Binary(_) => {
                let refused = InvalidFrame { refusal: Refusal::FrameBinary, reference: None };
                received.push_back(Received::Frame(Err(refused)));
            }
            websocket::Incoming::Ping(payload) => received.push_back(Received::Ping(payload)),
            websocket::Incoming::Pong => {}
            websocket::Incoming::Close(_) => received.push_back(Received::Close),
        });
        if let Err(violation) = read {
            received.push_back(Received::Broken(match violation {
                Violation::Protocol(_) => CloseCode::Malformed,
                Violation::NotUtf8 => CloseCode::NotText,
                Violation::TooLarge => CloseCode::TooLarge,
            }));
        }
    }

    fn partial(&mut self) -> &mut PartialFrame {
        self.partial.get_or_insert_with(|| {
            Box::new(PartialFrame { decoder: Decoder::new(HARD_FRAME_BYTES), incoming: VecDeque::new() })
        })
    }
}
