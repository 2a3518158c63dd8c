//! Admission: entries of a log go out in Seq order, whatever node wrote them and in whatever order they arrive here.

use std::collections::BTreeMap;

use wire::Seq;

use super::cutoff::Ends;
use crate::log::Log;
use crate::websocket::Frame;

/// The log of a topic, and the entries that wait for earlier ones.
///
/// The log is contiguous: it takes the entry after its head, and nothing moves the head past entries that nobody looked
/// at. The rights that an entry ends are ended before the entry is appended, so a subscriber that sees a later entry
/// sees the end as well.
#[derive(Debug)]
pub(crate) struct Admission {
    log: Log,
    /// The Seq up to which this node may have seen no entry; it has seen all later ones. None until the first entry or
    /// activation.
    base: Option<Seq>,
    /// The last entry that is known to exist.
    known: Seq,
    /// Entries that came before those they follow.
    waiting: BTreeMap<Seq, Waiting>,
    /// The bytes of their frames.
    waiting_bytes: usize,
}

/// Ends the right to read of the subscribers that an entry names, which get that entry and nothing later.
pub(crate) type Cut<'a> = dyn FnMut(Seq, &Ends) + 'a;

#[derive(Debug)]
struct Waiting {
    ends: Ends,
    frame: Frame,
}

/// The most entries that wait in one topic. One is always kept; others beyond the bounds are dropped, and read again.
const WAITING: usize = 256;
/// The most bytes of their frames.
const WAITING_BYTES: usize = 64 * 1_024;

impl Admission {
    pub(crate) const fn new(log: Log) -> Self {
        Self { log, base: None, known: Seq::ZERO, waiting: BTreeMap::new(), waiting_bytes: 0 }
    }

    pub(crate) const fn log(&self) -> &Log {
        &self.log
    }

    pub(crate) const fn log_mut(&mut self) -> &mut Log {
        &mut self.log
    }

    /// Returns the Seq of the last entry that was admitted; none before the first entry or activation.
    pub(crate) fn head(&self) -> Option<Seq> {
        self.base.map(|_| self.log.head())
    }

    /// Returns the last entry that is known to exist, if entries up to it are missing.
    pub(crate) fn gap(&self) -> Option<Seq> {
        self.head().filter(|head| *head < self.known).map(|_| self.known)
    }

    /// Notes that there are entries up to a Seq.
    pub(crate) fn learn(&mut self, head: Seq) {
        self.known = self.known.max(head);
    }

    /// Admits an entry. `cut` ends the rights that it, and those that waited for it, end.
    pub(crate) fn admit(&mut self, seq: Seq, ends: &Ends, frame: Frame, cut: &mut Cut<'_>) {
        if self.base.is_none() {
            self.begin(Seq(seq.0.saturating_sub(1)));
        }
        self.learn(seq);
        let next = self.log.head().next();
        if seq == next {
            self.append(seq, ends, frame, cut);
            self.admit_waiting(cut);
        } else if seq > next {
            self.keep(seq, ends.clone(), frame);
        }
    }

    /// Begins at the head of the snapshot on which the right of a subscriber was checked. Returns false if that is too
    /// old: an entry that this node has not seen may have ended the right.
    pub(crate) fn activate(&mut self, head: Seq) -> bool {
        self.learn(head);
        match self.base {
            Some(base) => head >= base,
            None => {
                self.begin(head);
                true
            }
        }
    }

    /// Moves the head from `after` to `to`, past entries that were looked at: `ends` are the only ones among them that
    /// end a right. Does nothing if entries before them are missing.
    pub(crate) fn skip(&mut self, after: Seq, to: Seq, ends: &[(Seq, Ends)], cut: &mut Cut<'_>) {
        let Some(head) = self.head().filter(|head| *head >= after && *head < to) else { return };
        self.learn(to);
        ends.iter().filter(|(seq, _)| *seq > head && *seq <= to).for_each(|(seq, ends)| cut(*seq, ends));
        self.log.advance_head(to);
        self.admit_waiting(cut);
    }

    /// Forgets everything: entries were lost, and the next entry or activation begins anew.
    pub(crate) fn begin_anew(&mut self) {
        self.base = None;
        self.waiting.clear();
        self.waiting_bytes = 0;
        self.log.restart(Seq::ZERO);
    }

    fn begin(&mut self, base: Seq) {
        self.base = Some(base);
        self.log.restart(base);
    }

    fn append(&mut self, seq: Seq, ends: &Ends, frame: Frame, cut: &mut Cut<'_>) {
        if !ends.is_nobody() {
            cut(seq, ends);
        }
        self.log.append(seq, frame);
    }

    fn admit_waiting(&mut self, cut: &mut Cut<'_>) {
        while let Some(first) = self.waiting.first_entry() {
            let seq = *first.key();
            if seq > self.log.head().next() {
                return;
            }
            let Waiting { ends, frame } = first.remove();
            self.waiting_bytes -= frame.bytes().len();
            if seq > self.log.head() {
                self.append(seq, &ends, frame, cut);
            }
        }
    }

    /// Keeps an entry that came too early; those that are needed first stay longest.
    fn keep(&mut self, seq: Seq, ends: Ends, frame: Frame) {
        self.waiting_bytes += frame.bytes().len();
        if let Some(again) = self.waiting.insert(seq, Waiting { ends, frame }) {
            self.waiting_bytes -= again.frame.bytes().len();
        }
        while self.waiting.len() > 1 && (self.waiting.len() > WAITING || self.waiting_bytes > WAITING_BYTES) {
            let dropped = self.waiting.pop_last().map_or(0, |(_, entry)| entry.frame.bytes().len());
            self.waiting_bytes -= dropped;
        }
    }
}
