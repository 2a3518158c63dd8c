//! The checker: judges a run by comparing everyone's record with the final log.

mod finding;
mod readers;
mod senders;
#[cfg(test)]
mod tests;

use crate::record::{Line, Record};

pub use finding::Finding;

/// Returns every violation of a promise; empty if all is well.
#[must_use]
pub fn check(records: &[Record], log: &[Line]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (place, line) in log.iter().enumerate() {
        let expected = place as u64 + 1;
        if line.seq.0 != expected {
            findings.push(Finding::LogGap { expected, found: line.seq.0 });
            break;
        }
    }
    senders::check(records, log, &mut findings);
    for record in records {
        readers::check(record, log, &mut findings);
    }
    findings
}

/// As [`check`], for one more reader of the same log, who sent nothing.
#[must_use]
pub fn check_reader(record: &Record, log: &[Line]) -> Vec<Finding> {
    let mut findings = Vec::new();
    readers::check(record, log, &mut findings);
    findings
}
