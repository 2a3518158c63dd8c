//! Checks of reads: order, gaps, repeats, resets and read states.

use std::collections::{HashMap, VecDeque};

use wire::limits::REPLAY_ENTRIES;
use wire::{Epoch, ReadState, ResetReason, Seq, UserId};

use super::{Finding, Nodes};
use crate::record::{Line, Note, Record};

/// Follows one reader to the head of the log: each entry once, in order, without a gap that no reset announced.
pub(super) fn check(record: &Record, log: &[Line], nodes: Nodes, findings: &mut Vec<Finding>) {
    let reader = || record.name.clone();
    let mut at: Option<Seq> = None;
    let mut epoch: Option<Epoch> = None;
    let mut new_epoch = false;
    let mut left: Option<Seq> = None;
    let head = log.last().map_or(Seq::ZERO, |line| line.seq);
    let mut gaps = VecDeque::new();
    let mut marks = HashMap::<UserId, ReadState>::new();
    for note in &record.notes {
        match note {
            Note::Subscribed { epoch: now, seq, .. } => {
                new_epoch = epoch.replace(*now).is_some_and(|before| before != *now);
                // The first subscription may begin anywhere; a later one begins at the reader's cursor, unless a reset
                // follows.
                at = at.or(Some(*seq));
            }
            Note::Reset { reason, seq } => {
                let has_cause = match reason {
                    ResetReason::EpochChanged => new_epoch,
                    ResetReason::TooFarBehind => {
                        at.is_some_and(|at| seq.0.saturating_sub(at.0) > REPLAY_ENTRIES)
                    }
                    ResetReason::Trimmed | ResetReason::Ahead => false,
                };
                if !has_cause {
                    findings.push(Finding::ResetWithoutCause { reader: reader(), seq: seq.0 });
                }
                gaps.push_back((at.unwrap_or_default(), *seq));
                at = Some(*seq);
            }
            Note::Refilled { lines } => {
                let gap = gaps.pop_front();
                if let Some((after, until)) = gap.filter(|gap| !fills(*gap, lines)) {
                    findings.push(Finding::Unfilled { reader: reader(), after: after.0, until: until.0 });
                }
                for line in lines {
                    compare(&record.name, line, log, findings);
                }
            }
            Note::Left { seq } => left = Some(*seq),
            Note::Read(line) => {
                if left.is_some_and(|left| line.seq > left) {
                    findings.push(Finding::AfterLeaving { reader: reader(), seq: line.seq.0 });
                }
                follow(&record.name, at, line, findings);
                at = at.max(Some(line.seq));
                compare(&record.name, line, log, findings);
            }
            Note::Marks(now) => {
                let before = marks.insert(now.user, *now).unwrap_or(ReadState {
                    user: now.user,
                    delivered: Seq::ZERO,
                    read: Seq::ZERO,
                });
                // Of two nodes, an older event may come after a newer one.
                let is_older = nodes == Nodes::Several;
                let back = now.delivered < before.delivered || now.read < before.read;
                if (back && !is_older) || now.delivered > head || now.read > now.delivered {
                    findings.push(Finding::BadMarks { reader: reader(), marks: *now });
                }
            }
            _ => {}
        }
    }
    if let (Some(last), None) = (at, left)
        && last < head
    {
        findings.push(Finding::Unread { reader: reader(), last: last.0, head: head.0 });
    }
}

fn follow(reader: &str, at: Option<Seq>, line: &Line, findings: &mut Vec<Finding>) {
    let Some(at) = at else { return };
    if line.seq <= at {
        findings.push(Finding::Repeat { reader: reader.into(), seq: line.seq.0 });
    } else if line.seq != at.next() {
        findings.push(Finding::Gap { reader: reader.into(), after: at.0, found: line.seq.0 });
    }
}

/// Returns true if these entries fill a gap completely and in order.
fn fills((after, until): (Seq, Seq), lines: &[Line]) -> bool {
    lines.iter().map(|line| line.seq.0).eq(after.0 + 1..=until.0)
}

fn compare(reader: &str, line: &Line, log: &[Line], findings: &mut Vec<Finding>) {
    let place = usize::try_from(line.seq.0.saturating_sub(1)).unwrap_or(usize::MAX);
    match log.get(place) {
        Some(standing) if standing == line => {}
        Some(_) => findings.push(Finding::TwoBodies { seq: line.seq.0, reader: reader.into() }),
        // Read, but not in the log: delivered before it was committed.
        None => findings.push(Finding::Phantom { id: line.id.clone() }),
    }
}
