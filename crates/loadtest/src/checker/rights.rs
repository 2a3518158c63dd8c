//! Checks of rights that end: nothing is delivered after a removal, nor over the socket of a session that has ended, and
//! nobody writes without being a member.

use std::collections::HashMap;

use tokio::time::Instant;
use wire::Seq;

use super::Finding;
use super::memberships::Memberships;
use crate::record::{Line, Note, Record};

/// The messages of a log by the time before they were sent: each was committed later than that.
pub(super) struct Sent(Vec<(Instant, Seq)>);

impl Sent {
    pub(super) fn of(records: &[Record], log: &[Line]) -> Self {
        let places: HashMap<&str, Seq> = log.iter().map(|line| (line.id.as_str(), line.seq)).collect();
        let notes = records.iter().flat_map(|record| &record.notes);
        let sent = notes.filter_map(|note| match note {
            Note::Invoke { id, at, .. } => Some((*at, *places.get(id.as_str())?)),
            _ => None,
        });
        let mut sent: Vec<_> = sent.collect();
        sent.sort_unstable();
        // Of each time, the first entry of all messages that were sent then or later.
        let mut first = Seq(u64::MAX);
        for (_, seq) in sent.iter_mut().rev() {
            first = first.min(*seq);
            *seq = first;
        }
        Self(sent)
    }

    /// Returns the Seq from which on every entry was committed after this time; none if there is none.
    fn first_after(&self, time: Instant) -> Option<Seq> {
        self.0.get(self.0.partition_point(|(at, _)| *at <= time)).map(|(_, first)| *first)
    }
}

/// Follows the subscriptions of one reader: the snapshot of each has them as a member, and the entry that ends their
/// membership is the last one that it delivers. A subscription of a session that has ended neither begins nor goes on.
pub(super) fn check_reads(
    record: &Record,
    memberships: &Memberships,
    sent: &Sent,
    findings: &mut Vec<Finding>,
) {
    let Some(user) = record.user else { return };
    let reader = || record.name.clone();
    let signed_out: HashMap<usize, Seq> = (record.notes.iter())
        .filter_map(|note| match note {
            Note::SignedOut { session, at } => Some((*session, sent.first_after(*at)?)),
            _ => None,
        })
        .collect();
    let (mut session, mut end) = (0, None);
    for note in &record.notes {
        let seq = match note {
            Note::Opened { session: number } => {
                session = *number;
                continue;
            }
            Note::Subscribed { head, .. } => {
                if memberships.is_member(user, *head) == Some(false) {
                    findings.push(Finding::ReadByNonMember { reader: reader(), head: head.0 });
                }
                end = memberships.end_after(user, *head);
                *head
            }
            Note::Read(line) => {
                if end.is_some_and(|end| line.seq > end) {
                    findings.push(Finding::AfterLeaving { reader: reader(), seq: line.seq.0 });
                }
                line.seq
            }
            _ => continue,
        };
        if signed_out.get(&session).is_some_and(|first| seq >= *first) {
            findings.push(Finding::AfterSignOut { reader: reader(), seq: seq.0 });
        }
    }
}

/// Checks that each message of a person stands where they were a member.
pub(super) fn check_sends(
    record: &Record,
    log: &HashMap<&str, Seq>,
    memberships: &Memberships,
    findings: &mut Vec<Finding>,
) {
    let Some(user) = record.user else { return };
    for note in &record.notes {
        if let Note::Invoke { id, .. } = note
            && let Some(&seq) = log.get(id.as_str())
            && memberships.is_member(user, seq) == Some(false)
        {
            findings.push(Finding::SentByNonMember { id: id.clone() });
        }
    }
}

/// Returns the times, in microseconds, from the answer to each sign-out until the last socket of the session had ended.
pub(crate) fn closing_times(records: &[Record]) -> Vec<u64> {
    let mut times = Vec::new();
    for record in records {
        let (mut closed, mut session) = (HashMap::new(), 0);
        for note in &record.notes {
            match note {
                Note::Opened { session: number } => session = *number,
                Note::Closed { at } => {
                    closed.insert(session, *at);
                }
                _ => {}
            }
        }
        for note in &record.notes {
            if let Note::SignedOut { session, at } = note
                && let Some(closed) = closed.get(session)
            {
                let late = closed.saturating_duration_since(*at).as_micros();
                times.push(u64::try_from(late).unwrap_or(u64::MAX));
            }
        }
    }
    times.sort_unstable();
    times
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use wire::{Epoch, UserId};

    use super::super::check;
    use super::*;
    use crate::record::MembershipChange;

    const ANN: UserId = UserId::from_bytes([1; 10]);
    const BEN: UserId = UserId::from_bytes([2; 10]);

    /// ben joins, ann speaks, ben is removed, ann speaks, ben joins again, ann speaks.
    fn log() -> Vec<Line> {
        let membership = |user, is_member| Some(MembershipChange { user, is_member });
        let memberships = [
            membership(ANN, true),
            membership(BEN, true),
            None,
            membership(BEN, false),
            None,
            membership(BEN, true),
            None,
        ];
        let line = |(membership, seq): (Option<MembershipChange>, u64)| {
            let body = membership.is_none().then(|| "tea".to_owned());
            Line { seq: Seq(seq), id: format!("m{seq}"), body, membership }
        };
        memberships.into_iter().zip(1..).map(line).collect()
    }

    fn subscribed(seq: u64, head: u64) -> Note {
        Note::Subscribed { epoch: Epoch(7), seq: Seq(seq), head: Seq(head) }
    }

    fn reads(seqs: impl IntoIterator<Item = u64>) -> Vec<Note> {
        let log = log();
        seqs.into_iter().map(|seq| Note::Read(log[usize::try_from(seq).unwrap() - 1].clone())).collect()
    }

    fn invoke(seq: u64, at: Instant) -> Note {
        Note::Invoke { id: format!("m{seq}"), body: "tea".into(), at }
    }

    /// Checks what ben has seen. ann has sent her messages one second after the other.
    fn judged(began: Instant, ben: Vec<Note>) -> Vec<Finding> {
        let sent = |(second, seq)| invoke(seq, began + Duration::from_secs(second));
        let ann = (1..).zip([3, 5, 7]).map(sent).collect();
        let ann = Record { name: "ann".into(), user: Some(ANN), notes: ann };
        check(&[ann, Record { name: "ben".into(), user: Some(BEN), notes: ben }], &log())
    }

    #[test]
    fn the_entry_of_a_removal_is_the_last_one_until_the_next_subscription() {
        let began = Instant::now();
        let back = [vec![subscribed(0, 2)], reads(1..=4), vec![subscribed(4, 6)], reads(5..=7)].concat();
        assert_eq!(judged(began, back), []);
        let late = [vec![subscribed(0, 2)], reads(1..=5), vec![subscribed(5, 6)], reads(6..=7)].concat();
        assert_eq!(judged(began, late), [Finding::AfterLeaving { reader: "ben".into(), seq: 5 }]);
    }

    #[test]
    fn a_subscription_without_a_membership_is_found() {
        let notes = [vec![subscribed(0, 5)], reads(1..=7)].concat();
        assert_eq!(
            judged(Instant::now(), notes),
            [Finding::ReadByNonMember { reader: "ben".into(), head: 5 }]
        );
    }

    #[test]
    fn an_earlier_removal_does_not_end_a_later_subscription() {
        let notes = [vec![subscribed(0, 6)], reads(1..=7)].concat();
        assert_eq!(judged(Instant::now(), notes), []);
    }

    #[test]
    fn a_message_after_the_removal_of_its_sender_is_found() {
        let began = Instant::now();
        let log = log();
        let ben = Record { name: "ben".into(), user: Some(BEN), notes: vec![invoke(5, began)] };
        let ann = [3, 7].map(|seq| invoke(seq, began)).to_vec();
        let ann = Record { name: "ann".into(), user: Some(ANN), notes: ann };
        assert_eq!(check(&[ann, ben], &log), [Finding::SentByNonMember { id: "m5".into() }]);
    }

    #[test]
    fn the_socket_of_a_session_gets_nothing_that_was_sent_after_its_end_was_answered() {
        let began = Instant::now();
        let signed_out =
            |after_ms| Note::SignedOut { session: 0, at: began + Duration::from_millis(after_ms) };
        let opened = |session| vec![Note::Opened { session }, subscribed(0, 2)];
        let with = |end| {
            [opened(0), reads(1..=4), opened(1), vec![subscribed(4, 6)], reads(5..=7), vec![end]].concat()
        };
        // It got nothing later than 4, so nothing that was sent after the first second.
        assert_eq!(judged(began, with(signed_out(1_500))), []);
        let found = judged(began, with(signed_out(500)));
        let late = |seq| Finding::AfterSignOut { reader: "ben".into(), seq };
        assert_eq!(found, [late(3), late(4)]);
        let again =
            [vec![Note::Opened { session: 0 }, subscribed(2, 6)], reads(3..=7), vec![signed_out(1_500)]]
                .concat();
        assert_eq!(judged(began, again), [6, 5, 6, 7].map(late), "nor does a new socket subscribe");
    }

    #[test]
    fn the_time_until_a_socket_closes_counts_from_the_answer() {
        let began = Instant::now();
        let after = |ms| began + Duration::from_millis(ms);
        let notes = vec![
            Note::Opened { session: 0 },
            Note::Closed { at: after(1_200) },
            Note::Opened { session: 1 },
            Note::Closed { at: after(5_000) },
            Note::SignedOut { session: 0, at: after(900) },
            Note::SignedOut { session: 1, at: after(6_000) },
        ];
        assert_eq!(closing_times(&[Record { notes, ..Record::default() }]), [0, 300_000]);
    }
}
