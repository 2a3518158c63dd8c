//! A frame sink in memory.

use std::io::{self, IoSlice};

use tokio::sync::Notify;

use crate::delivery::FrameSink;
use crate::log::sync::{Mutex, MutexGuard, unpoisoned};

/// A [`FrameSink`] into memory, for tests and for subscribers without a socket.
#[derive(Debug)]
pub struct BufferSink {
    inside: Mutex<Inside>,
    wake: Notify,
}

#[derive(Debug)]
struct Inside {
    bytes: Vec<u8>,
    /// The number of bytes it still accepts.
    room: usize,
    broken: bool,
}

impl BufferSink {
    /// Creates a sink that accepts this many bytes.
    #[must_use]
    pub fn new(room: usize) -> Self {
        let inside = Inside { bytes: Vec::new(), room, broken: false };
        Self { inside: Mutex::new(inside), wake: Notify::new() }
    }

    /// Accepts this many bytes from now on.
    pub fn make_room(&self, bytes: usize) {
        self.inside().room = bytes;
    }

    /// Fails from now on, as a socket whose peer is gone.
    pub fn break_off(&self) {
        self.inside().broken = true;
    }

    /// Removes and returns the payloads of the complete frames, in order.
    #[must_use]
    pub fn take(&self) -> Vec<Vec<u8>> {
        let mut inside = self.inside();
        let (mut payloads, mut at) = (Vec::new(), 0);
        while let Some((begin, end)) = payload(&inside.bytes[at..]) {
            payloads.push(inside.bytes[at + begin..at + end].to_vec());
            at += end;
        }
        inside.bytes.drain(..at);
        if inside.bytes.is_empty() {
            // An idle reader keeps no memory of its last burst.
            inside.bytes = Vec::new();
        }
        payloads
    }

    /// Waits until something was written since the last call. Cancel-safe.
    pub async fn filled(&self) {
        self.wake.notified().await;
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        unpoisoned(&self.inside)
    }
}

impl FrameSink for BufferSink {
    fn try_write(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut inside = self.inside();
        if inside.broken {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if inside.room == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let mut taken = 0;
        for piece in pieces {
            let step = piece.len().min(inside.room);
            inside.bytes.extend_from_slice(&piece[..step]);
            inside.room -= step;
            taken += step;
        }
        self.wake.notify_one();
        Ok(taken)
    }
}

/// Returns the begin and end of the first frame's payload; none if the frame is incomplete.
fn payload(bytes: &[u8]) -> Option<(usize, usize)> {
    let (begin, length) = match (*bytes.get(1)?, &bytes[2..]) {
        (126, [a, b, ..]) => (4, u64::from(u16::from_be_bytes([*a, *b]))),
        (127, [a, b, c, d, e, f, g, h, ..]) => (10, u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h])),
        (126 | 127, _) => return None,
        (short, _) => (2, u64::from(short)),
    };
    let end = begin + usize::try_from(length).ok()?;
    (bytes.len() >= end).then_some((begin, end))
}
