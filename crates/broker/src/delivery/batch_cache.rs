//! The batches of one pass: subscribers with the same cursor share one.

use std::collections::HashMap;
use std::sync::Arc;

use wire::Seq;

use crate::log::{FrameBatch, Read};
use crate::topic::TopicLog;

/// The batches of one pass: subscribers with the same cursor share one, which is built once.
#[derive(Debug, Default)]
pub(crate) struct BatchCache {
    made: HashMap<(u64, LogKind, Seq), Lookup>,
    bytes: usize,
}

/// One of a topic's two logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum LogKind {
    /// Entries, which have a Seq and a history.
    Entries,
    /// Ephemeral events: typing, presence, read state.
    Signals,
}

/// The result of looking for frames after a cursor.
#[derive(Clone, Debug)]
pub(crate) enum Lookup {
    Nothing,
    Behind,
    Frames(Arc<FrameBatch>),
}

/// The size of one write to one connection, approximately.
pub(crate) const BATCH_BYTES: usize = 64 * 1_024;
/// The most bytes that are kept for sharing in one pass. With many different cursors, sharing gains little.
const SHARED_BYTES: usize = 1_024 * 1_024;

impl BatchCache {
    /// Returns what the topic has after a cursor: at least what it had at the first lookup of this pass.
    pub(crate) fn of<C>(&mut self, topic: &TopicLog<C>, kind: LogKind, cursor: Seq) -> Lookup {
        let key = (topic.number, kind, cursor);
        if let Some(look) = self.made.get(&key) {
            return look.clone();
        }
        let read = match kind {
            LogKind::Entries => topic.entries().log().read(cursor, BATCH_BYTES),
            LogKind::Signals => {
                let signals = topic.signals();
                // Ephemeral events that were dropped are lost, and nothing else.
                signals.read(cursor.max(signals.before_first()), BATCH_BYTES)
            }
        };
        let look = match read {
            Read::UpToDate => Lookup::Nothing,
            Read::Behind => Lookup::Behind,
            Read::Frames(batch) => Lookup::Frames(Arc::new(batch)),
        };
        if let Lookup::Frames(batch) = &look {
            self.bytes += batch.memory();
        }
        if self.bytes > SHARED_BYTES {
            self.clear();
        } else {
            self.made.insert(key, look.clone());
        }
        look
    }

    /// Clears the cache at the end of a pass.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}
