//! The checker: judges a run by comparing everyone's record with the final log.

mod finding;
mod memberships;
mod readers;
mod rights;
mod senders;
#[cfg(test)]
mod tests;

use self::memberships::Memberships;
use self::rights::Sent;
use crate::record::{Line, Record};

pub use finding::Finding;
pub(crate) use rights::closing_times;

/// The number of nodes that people were connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nodes {
    One,
    Several,
}

/// Returns every violation of a promise by a single node; empty if all is well.
#[must_use]
pub fn check(records: &[Record], log: &[Line]) -> Vec<Finding> {
    check_on(Nodes::One, records, log)
}

/// As [`check`], of one node or several. Several do not promise that the read states of a member only advance.
pub(crate) fn check_on(nodes: Nodes, records: &[Record], log: &[Line]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (place, line) in log.iter().enumerate() {
        let expected = place as u64 + 1;
        if line.seq.0 != expected {
            findings.push(Finding::LogGap { expected, found: line.seq.0 });
            break;
        }
    }
    senders::check(records, log, &mut findings);
    let (memberships, sent) = (Memberships::of(log), Sent::of(records, log));
    let places = log.iter().map(|line| (line.id.as_str(), line.seq)).collect();
    for record in records {
        readers::check(record, log, nodes, &mut findings);
        rights::check_reads(record, &memberships, &sent, &mut findings);
        rights::check_sends(record, &places, &memberships, &mut findings);
    }
    findings
}

/// As [`check`], for one more reader of the same log, who sent nothing.
#[must_use]
pub fn check_reader(record: &Record, log: &[Line]) -> Vec<Finding> {
    let mut findings = Vec::new();
    readers::check(record, log, Nodes::One, &mut findings);
    findings
}
