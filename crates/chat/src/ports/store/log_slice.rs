//! Slices of several logs: the entries after given Seqs, with the rights that end there.

use broker::Ends;
use wire::limits::REPLAY_ENTRIES;
use wire::{Entry, Json, Seq};

use super::RevocationSlice;

/// The entries of one log after a Seq, as [`Store::slices`](super::Store::slices) returns them.
#[derive(Clone, Debug, PartialEq)]
pub enum LogSlice {
    /// The next entries without a hole, at most [`SLICE_ENTRIES`]; none if there is nothing newer.
    Entries(Vec<(Entry<Json>, Ends)>),
    /// More than [`FAR_BEHIND`] entries follow, and readers get those from history. These are the Seqs of the entries
    /// that end somebody's right, at most [`SLICE_ENDS`]; up to `to` there is no other such entry.
    Ends {
        /// Their Seqs in order, and whose right ends with each.
        ends: Vec<(Seq, Ends)>,
        /// The last entry that was looked at.
        to: Seq,
    },
    /// Some of the next entries are no longer kept, or cannot be read: nobody knows whose right ended with them.
    Lost,
    /// There is no such log. A log that has had entries is only ever removed as a whole, with its group, and its name
    /// is never used again.
    Absent,
}

/// The result of [`Store::slices`](super::Store::slices).
#[derive(Clone, Debug, PartialEq)]
pub struct Slices {
    /// One slice for each log, in order.
    pub logs: Vec<LogSlice>,
    /// The revocations, of a later moment. Apply them first.
    pub revocations: RevocationSlice,
}

/// The most entries in one slice.
pub const SLICE_ENTRIES: usize = 100;
/// The most entries that end somebody's right in one slice.
pub const SLICE_ENDS: usize = 1_000;
/// The number of newer entries beyond which a slice has only those that end somebody's right.
pub const FAR_BEHIND: u64 = REPLAY_ENTRIES;
