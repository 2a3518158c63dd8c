//! Checks of sends: acknowledged messages are in the log, once and in order.

use std::collections::{HashMap, HashSet};

use wire::Seq;

use super::Finding;
use crate::record::{Line, Note, Record};

/// Compares sends and their acks with the log.
pub(super) fn check(records: &[Record], log: &[Line], findings: &mut Vec<Finding>) {
    let mut places: HashMap<&str, Seq> = HashMap::new();
    for line in log.iter().filter(|line| line.body.is_some()) {
        if places.insert(&line.id, line.seq).is_some() {
            findings.push(Finding::TwoPlaces { id: line.id.clone() });
        }
    }
    let mut sent = HashMap::new();
    let mut refused = HashSet::new();
    for note in records.iter().flat_map(|record| &record.notes) {
        match note {
            Note::Invoke { id, body, .. } => {
                sent.insert(id.as_str(), body.as_str());
            }
            Note::Refused { id } => {
                refused.insert(id.as_str());
            }
            Note::Ok { id, seq, .. } => match places.get(id.as_str()) {
                None => findings.push(Finding::Lost { id: id.clone() }),
                Some(place) if place != seq => {
                    findings.push(Finding::WrongPlace { id: id.clone(), acked: seq.0 });
                }
                Some(_) => {}
            },
            _ => {}
        }
    }
    for line in log {
        let Some(body) = &line.body else { continue };
        if sent.get(line.id.as_str()) != Some(&body.as_str()) || refused.contains(line.id.as_str()) {
            findings.push(Finding::Phantom { id: line.id.clone() });
        }
    }
    for record in records {
        keeps_order(record, &places, findings);
    }
}

/// Checks that messages sent after an ack come after the acknowledged one in the log.
fn keeps_order(record: &Record, places: &HashMap<&str, Seq>, findings: &mut Vec<Finding>) {
    let mut newest_acked: Option<(&str, Seq)> = None;
    for note in &record.notes {
        match note {
            Note::Ok { id, .. } => {
                if let Some(&seq) = places.get(id.as_str())
                    && newest_acked.is_none_or(|(_, newest)| newest < seq)
                {
                    newest_acked = Some((id, seq));
                }
            }
            Note::Invoke { id, .. } => {
                if let (Some((first, acked)), Some(&seq)) = (newest_acked, places.get(id.as_str()))
                    && seq < acked
                {
                    findings.push(Finding::Inverted { first: first.into(), second: id.clone() });
                }
            }
            _ => {}
        }
    }
}
