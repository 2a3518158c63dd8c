use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;

use broker::websocket::{Decoder, Incoming, Violation};
use wire::limits::FRAME_BYTES;
use wire::{ClientFrame, CloseCode, InvalidFrame, Refusal};

use super::stream::Stream;

/// The way in: what the peer sent and is not carried out yet, in order.
#[derive(Default)]
pub(super) struct Hearing {
    /// None between two messages: an idle connection keeps no memory.
    hearing: Option<Box<Half>>,
}

/// What is heard in part, and not carried out in part.
struct Half {
    decoder: Decoder,
    asked: VecDeque<Asked>,
}

/// One thing a peer sent.
#[derive(Debug)]
pub(super) enum Asked {
    /// A frame, read.
    Frame(Result<ClientFrame, InvalidFrame>),
    /// A ping with its payload.
    Ping(Vec<u8>),
    /// The peer ends it.
    Close,
    /// Nothing after this can be read.
    Broken(CloseCode),
    /// The peer is gone.
    Gone,
}

/// What is over [`FRAME_BYTES`] but not by much is refused with a sentence; what is over this ends the socket.
const HARD_FRAME_BYTES: usize = FRAME_BYTES + FRAME_BYTES / 2;
/// How much is read at once.
const SCRATCH_BYTES: usize = 16 * 1024;

thread_local! {
    /// Where bytes are read to: one place for all connections of a thread, so that an idle one has none.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl Hearing {
    /// The next thing.
    pub(super) fn next(&mut self) -> Option<Asked> {
        let half = self.hearing.as_mut()?;
        let next = half.asked.pop_front();
        if half.asked.is_empty() && half.decoder.is_idle() {
            self.hearing = None;
        }
        next
    }

    /// Reads what has come, without waiting; false if that is nothing.
    pub(super) fn listen(&mut self, stream: &impl Stream) -> bool {
        SCRATCH.with_borrow_mut(|scratch| {
            scratch.resize(SCRATCH_BYTES, 0);
            match stream.try_read(scratch) {
                Ok(count) if count > 0 => self.take(&scratch[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                Ok(_) | Err(_) => self.half().asked.push_back(Asked::Gone),
            }
            true
        })
    }

    /// Makes frames of bytes.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        let Half { decoder, asked } = self.half();
        let read = decoder.read(bytes, |incoming| match incoming {
            Incoming::Text(text) => asked.push_back(Asked::Frame(ClientFrame::decode(&text))),
            Incoming::Binary(_) => {
                let refused = InvalidFrame { refusal: Refusal::FrameBinary, reference: None };
                asked.push_back(Asked::Frame(Err(refused)));
            }
            Incoming::Ping(payload) => asked.push_back(Asked::Ping(payload)),
            Incoming::Pong => {}
            Incoming::Close(_) => asked.push_back(Asked::Close),
        });
        if let Err(violation) = read {
            asked.push_back(Asked::Broken(match violation {
                Violation::Protocol(_) => CloseCode::Malformed,
                Violation::NotUtf8 => CloseCode::NotText,
                Violation::TooLarge => CloseCode::TooLarge,
            }));
        }
    }

    fn half(&mut self) -> &mut Half {
        self.hearing.get_or_insert_with(|| {
            Box::new(Half { decoder: Decoder::new(HARD_FRAME_BYTES), asked: VecDeque::new() })
        })
    }
}
